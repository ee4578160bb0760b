//! Which training images are set aside for validation.

use crate::config::SplitMethod;
use latentkit_core::config::Fraction;
use latentkit_core::rng::generator;
use latentkit_core::{Error, Result};
use latentkit_table::Split;
use rand::seq::SliceRandom;

/// Draws `round(n * share)` of the n training images with these labels for validation; the others are for training.
///
/// All images are put into one random order. A random split takes the first of them, a stratified one the first of
/// each label, as many as [`quotas`] grants it.
///
/// # Errors
/// Of kind config when one of the two would be empty.
pub(crate) fn draw(labels: &[u8], share: Fraction, method: SplitMethod, seed: u32) -> Result<Vec<Split>> {
    let images = labels.len();
    let validation = (images as f64 * share.get()).round() as usize;
    if validation == 0 || validation >= images {
        let empty = if validation == 0 { "validate" } else { "train" };
        return Err(Error::config(
            "dataset.validation",
            format!("`dataset.validation`: no image is left to {empty} on"),
        )
        .expected("a share that leaves at least one image to train on and one to validate on")
        .found(format!("`{}`, which is {validation} of {images} image(s)", share.get())));
    }

    let mut order: Vec<usize> = (0..images).collect();
    order.shuffle(&mut generator(u64::from(seed), "split", 0));
    let mut splits = vec![Split::Train; images];
    match method {
        SplitMethod::Random => {
            for &id in &order[..validation] {
                splits[id] = Split::Validation;
            }
        }
        SplitMethod::Stratified => {
            let mut left = quotas(labels, validation);
            for &id in &order {
                let left = &mut left[usize::from(labels[id])];
                if *left > 0 {
                    *left -= 1;
                    splits[id] = Split::Validation;
                }
            }
        }
    }
    Ok(splits)
}

/// How many of `total` each label gets, by the method of largest remainders (Hamilton): label l of c images among n is
/// due `c * total / n`; each gets the whole part, and what is left goes to the largest fractions, of equal ones to the
/// lower label. The sum is `total`.
fn quotas(labels: &[u8], total: usize) -> [usize; 256] {
    let mut counts = [0_u64; 256];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    // Whole numbers keep the shares exact: both factors are below 2^32.
    let (images, total) = (labels.len() as u64, total as u64);
    let mut quotas = counts.map(|count| (count * total / images) as usize);
    let mut by_remainder: Vec<usize> = (0..256).collect();
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

    use super::*;

    fn share(value: f64) -> Fraction {
        Fraction::new(value).unwrap()
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
                let splits = draw(&labels(images), share(value), method, 1).unwrap();
                assert_eq!(validation(&splits).len(), expected);
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let labels = labels(1000);
        for method in [SplitMethod::Random, SplitMethod::Stratified] {
            let drawn = |seed| draw(&labels, share(0.25), method, seed).unwrap();
            assert_eq!(drawn(1), drawn(1));
            assert_ne!(drawn(1), drawn(2));
        }
    }

    #[test]
    fn the_split_of_a_seed_never_changes() {
        let splits = draw(&labels(20), share(0.25), SplitMethod::Random, 42).unwrap();
        assert_eq!(validation(&splits), [0, 4, 7, 9, 16]);
        let splits = draw(&labels(20), share(0.25), SplitMethod::Stratified, 42).unwrap();
        assert_eq!(validation(&splits), [0, 1, 4, 12, 13]);
    }

    #[test]
    fn every_image_is_as_likely_to_be_drawn() {
        let mut drawn = [0; 20];
        for seed in 0..4000 {
            for id in validation(&draw(&labels(20), share(0.25), SplitMethod::Random, seed).unwrap()) {
                drawn[id] += 1;
            }
        }
        // 1000 expected, standard deviation 27.
        assert!(drawn.iter().all(|count| (870..1130).contains(count)), "{drawn:?}");
    }

    #[test]
    fn a_stratified_split_takes_the_same_share_of_each_label() {
        let labels: Vec<u8> = [vec![3; 400], vec![7; 200], vec![200; 100]].concat();
        let splits = draw(&labels, share(0.25), SplitMethod::Stratified, 5).unwrap();
        let of = |label| validation(&splits).iter().filter(|&&id| labels[id] == label).count();
        assert_eq!((of(3), of(7), of(200)), (100, 50, 25));
    }

    #[test]
    fn quotas_follow_the_largest_remainders_and_add_up() {
        // Of 5: due 2.5, 1.5 and 1; the remainders are equal, so the lower label gets what is left.
        let labels: Vec<u8> = [vec![0; 5], vec![1; 3], vec![2; 2]].concat();
        assert_eq!(quotas(&labels, 5)[..3], [3, 1, 1]);
        // Of 4: due 2.8, 0.8 and 0.4.
        let labels: Vec<u8> = [vec![0; 7], vec![1; 2], vec![2; 1]].concat();
        assert_eq!(quotas(&labels, 4)[..3], [3, 1, 0]);
        for total in 0..=10 {
            let quotas = quotas(&labels, total);
            assert_eq!(quotas.iter().sum::<usize>(), total);
            assert!(quotas[0] <= 7 && quotas[1] <= 2 && quotas[2] <= 1, "{quotas:?}");
        }
    }

    #[test]
    fn no_image_to_validate_on() {
        let error = draw(&labels(10), share(0.01), SplitMethod::Random, 1).unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("dataset.validation")));
        assert!(error.to_string().contains("no image is left to validate on"), "{error}");
        assert!(error.to_string().contains("`0.01`, which is 0 of 10 image(s)"), "{error}");
    }

    #[test]
    fn no_image_to_train_on() {
        for images in [1, 3] {
            let error = draw(&labels(images), share(0.9), SplitMethod::Random, 1).unwrap_err();
            assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("dataset.validation")));
            assert!(error.to_string().contains("no image is left to train on"), "{error}");
        }
    }
}
