//! Which images are set aside for validation and for testing.

use crate::config::{DatasetConfig, SplitMethod};
use latentkit_core::rng::generator;
use latentkit_core::{Error, Result};
use latentkit_table::Split;
use rand::seq::SliceRandom;

/// Completes the splits that a source gives. Where it has no test images, `round(n * share)` of the n images without a split are
/// drawn to test; where it has none to validate, as many of those that are then left; the others are for training.
///
/// All n images are put into one random order. A random split takes the first of them, a stratified one the first of
/// each label, as many as [`quotas`] grants it, those without a label as if they had one of their own. First the validation
/// images are taken, then the test images.
///
/// # Errors
/// Of kind config when one of them would be empty.
pub(crate) fn draw(
    given: &[Option<Split>],
    labels: &[Option<u32>],
    config: &DatasetConfig,
    seed: u32,
) -> Result<Vec<Split>> {
    let open: Vec<usize> = (0..given.len()).filter(|&id| given[id].is_none()).collect();
    let has = |split| given.contains(&Some(split));
    let share =
        |wanted: bool, share: f64, of: usize| if wanted { (of as f64 * share).round() as usize } else { 0 };
    let test = share(!has(Split::Test), config.test.get(), open.len());
    let validation =
        share(!has(Split::Validation), config.validation.get(), open.len() - test.min(open.len()));
    let trains = has(Split::Train) || test + validation < open.len();
    let check = |key: &str, value: f64, drawn: usize, purpose: &str, exists: bool| {
        let empty = if exists || drawn > 0 { "train" } else { purpose };
        if (exists || drawn > 0) && trains {
            return Ok(());
        }
        Err(Error::config(key, format!("`{key}`: no image is left to {empty} on"))
            .expected(format!("a share that leaves at least one image to train on and one to {purpose} on"))
            .found(format!("`{value}`, which is {drawn} of {} image(s)", open.len())))
    };
    check("dataset.validation", config.validation.get(), validation, "validate", has(Split::Validation))?;
    check("dataset.test", config.test.get(), test, "test", has(Split::Test))?;

    let mut order = open.clone();
    order.shuffle(&mut generator(u64::from(seed), "split", 0));
    let mut splits: Vec<Split> = given.iter().map(|split| split.unwrap_or(Split::Train)).collect();
    for (split, count) in [(Split::Validation, validation), (Split::Test, test)] {
        let drawn = match config.split {
            SplitMethod::Random => order[..count].to_vec(),
            SplitMethod::Stratified => stratified(&order, labels, count),
        };
        for &id in &drawn {
            splits[id] = split;
        }
        order.retain(|&id| given[id].is_none() && splits[id] == Split::Train);
    }
    Ok(splits)
}

/// The first `total` of the images in their order, the same share of each label.
fn stratified(order: &[usize], labels: &[Option<u32>], total: usize) -> Vec<usize> {
    // Those without a label come first.
    let class = |id: usize| labels[id].map_or(0, |label| label as usize + 1);
    let mut counts = vec![0; order.iter().map(|&id| class(id) + 1).max().unwrap_or(0)];
    for &id in order {
        counts[class(id)] += 1;
    }
    let mut left = quotas(&counts, total);
    let take = |id: &usize| {
        let left = &mut left[class(*id)];
        *left > 0 && {
            *left -= 1;
            true
        }
    };
    order.iter().copied().filter(take).collect()
}

/// How many of `total` each label gets, by the method of largest remainders (Hamilton): label l of c images among n is
/// due `c * total / n`; each gets the whole part, and what is left goes to the largest fractions, of equal ones to the
/// lower label. The sum is `total`.
fn quotas(counts: &[u64], total: usize) -> Vec<usize> {
    // Whole numbers keep the shares exact: both factors are below 2^32.
    let (images, total) = (counts.iter().sum::<u64>().max(1), total as u64);
    let mut quotas: Vec<usize> = counts.iter().map(|count| (count * total / images) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by_key(|&label| std::cmp::Reverse(counts[label] * total % images));
    let left = total as usize - quotas.iter().sum::<usize>();
    for &label in &by_remainder[..left] {
        quotas[label] += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use latentkit_core::ErrorKind;
    use latentkit_core::config::Fraction;

    use super::*;
    use crate::config::Source;

    fn config(validation: f64, test: f64, split: SplitMethod) -> DatasetConfig {
        let share = |value| Fraction::new(value).unwrap();
        let source = Source::named("sample").unwrap();
        DatasetConfig { source, validation: share(validation), test: share(test), split }
    }

    /// The splits of training images with these labels, beside which there are test images.
    fn draw(labels: &[u8], validation: f64, split: SplitMethod, seed: u32) -> Result<Vec<Split>> {
        let given: Vec<_> = labels.iter().map(|_| None).chain([Some(Split::Test)]).collect();
        let labels: Vec<_> = labels.iter().map(|&label| Some(label.into())).chain([None]).collect();
        let mut splits = super::draw(&given, &labels, &config(validation, 0.5, split), seed)?;
        assert_eq!(splits.pop(), Some(Split::Test));
        Ok(splits)
    }

    fn quotas(labels: &[u8], total: usize) -> Vec<usize> {
        let count = |label| labels.iter().map(|&other| u64::from(other == label)).sum();
        super::quotas(&(0..=2).map(count).collect::<Vec<_>>(), total)
    }

    fn validation(splits: &[Split]) -> Vec<usize> {
        (0..splits.len()).filter(|&id| splits[id] == Split::Validation).collect()
    }

    /// Labels 0 to 9 in turn.
    fn labels(images: usize) -> Vec<u8> {
        (0..images).map(|id| (id % 10) as u8).collect()
    }

    #[test]
    fn the_share_is_rounded() {
        for (images, value, expected) in
            [(60_000, 0.25, 15_000), (10, 0.25, 3), (10, 0.24, 2), (3, 0.5, 2), (2, 0.5, 1)]
        {
            for method in [SplitMethod::Random, SplitMethod::Stratified] {
                let splits = draw(&labels(images), value, method, 1).unwrap();
                assert_eq!(validation(&splits).len(), expected);
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let labels = labels(1000);
        for method in [SplitMethod::Random, SplitMethod::Stratified] {
            let drawn = |seed| draw(&labels, 0.25, method, seed).unwrap();
            assert_eq!(drawn(1), drawn(1));
            assert_ne!(drawn(1), drawn(2));
        }
    }

    #[test]
    fn the_split_of_a_seed_never_changes() {
        let splits = draw(&labels(20), 0.25, SplitMethod::Random, 42).unwrap();
        assert_eq!(validation(&splits), [0, 4, 7, 9, 16]);
        let splits = draw(&labels(20), 0.25, SplitMethod::Stratified, 42).unwrap();
        assert_eq!(validation(&splits), [0, 1, 4, 12, 13]);
    }

    #[test]
    fn every_image_is_as_likely_to_be_drawn() {
        let mut drawn = [0; 20];
        for seed in 0..4000 {
            for id in validation(&draw(&labels(20), 0.25, SplitMethod::Random, seed).unwrap()) {
                drawn[id] += 1;
            }
        }
        // 1000 expected, standard deviation 27.
        assert!(drawn.iter().all(|count| (870..1130).contains(count)), "{drawn:?}");
    }

    #[test]
    fn a_stratified_split_takes_the_same_share_of_each_label() {
        let labels: Vec<u8> = [vec![3; 400], vec![7; 200], vec![200; 100]].concat();
        let splits = draw(&labels, 0.25, SplitMethod::Stratified, 5).unwrap();
        let of = |label| validation(&splits).iter().filter(|&&id| labels[id] == label).count();
        assert_eq!((of(3), of(7), of(200)), (100, 50, 25));
    }

    #[test]
    fn quotas_follow_the_largest_remainders_and_add_up() {
        // Of 5: due 2.5, 1.5 and 1; the remainders are equal, so the lower label gets what is left.
        let labels: Vec<u8> = [vec![0; 5], vec![1; 3], vec![2; 2]].concat();
        assert_eq!(quotas(&labels, 5), [3, 1, 1]);
        // Of 4: due 2.8, 0.8 and 0.4.
        let labels: Vec<u8> = [vec![0; 7], vec![1; 2], vec![2; 1]].concat();
        assert_eq!(quotas(&labels, 4), [3, 1, 0]);
        for total in 0..=10 {
            let quotas = quotas(&labels, total);
            assert_eq!(quotas.iter().sum::<usize>(), total);
            assert!(quotas[0] <= 7 && quotas[1] <= 2 && quotas[2] <= 1, "{quotas:?}");
        }
    }

    #[test]
    fn no_image_to_validate_on() {
        let error = draw(&labels(10), 0.01, SplitMethod::Random, 1).unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("dataset.validation")));
        assert!(error.to_string().contains("no image is left to validate on"), "{error}");
        assert!(error.to_string().contains("`0.01`, which is 0 of 10 image(s)"), "{error}");
    }

    #[test]
    fn no_image_to_train_on() {
        for images in [1, 3] {
            let error = draw(&labels(images), 0.9, SplitMethod::Random, 1).unwrap_err();
            assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("dataset.validation")));
            assert!(error.to_string().contains("no image is left to train on"), "{error}");
        }
    }

    #[test]
    fn a_source_without_test_images_gets_some() {
        let labels: Vec<_> = (0..100).map(|id| (id % 10 != 0).then_some(id % 2)).collect();
        for method in [SplitMethod::Random, SplitMethod::Stratified] {
            let splits = super::draw(&[None; 100], &labels, &config(0.25, 0.2, method), 7).unwrap();
            let count = |split| splits.iter().filter(|&&other| other == split).count();
            assert_eq!(Split::ALL.map(count), [60, 20, 20]);
        }
        let splits =
            super::draw(&[None; 100], &labels, &config(0.25, 0.2, SplitMethod::Stratified), 7).unwrap();
        let of = |label| (0..100).filter(|&id| splits[id] == Split::Test && labels[id] == label).count();
        assert_eq!((of(None), of(Some(0)), of(Some(1))), (2, 8, 10));
    }

    #[test]
    fn what_a_source_gives_stays() {
        let given = [Some(Split::Train), Some(Split::Validation), None, None, None, None, None];
        let splits = super::draw(&given, &[None; 7], &config(0.9, 0.4, SplitMethod::Random), 1).unwrap();
        assert_eq!(splits[..2], [Split::Train, Split::Validation]);
        assert_eq!(splits.iter().filter(|&&split| split == Split::Test).count(), 2);
        assert_eq!(splits.iter().filter(|&&split| split == Split::Train).count(), 4);
        let all: Vec<_> = Split::ALL.map(Some).into();
        assert_eq!(
            super::draw(&all, &[None; 3], &config(0.5, 0.5, SplitMethod::Random), 1).unwrap(),
            Split::ALL
        );
    }
}
