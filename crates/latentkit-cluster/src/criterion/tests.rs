use latentkit_core::Cancellation;
use latentkit_core::summary::CriterionValue;
use ndarray::{Array2, array};
use rand::Rng as _;
use serde::Deserialize;

use super::bic::kmeans_bic;
use super::calinski_harabasz::calinski_harabasz;
use super::davies_bouldin::davies_bouldin;
use super::dispersion::Dispersion;
use super::gap::gap_rule;
use super::resample::choose;
use super::*;
use crate::centroids::means;
use crate::select_k::{Noise, suggest};
use crate::testing::{assert_close, blobs, permutation, random_clusters, rng, with_threads};

/// What `tests/fixtures/criteria.py` wrote.
#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    gap: GapCase,
    stability: StabilityCase,
}

/// What scikit-learn and `SciPy` say of a clustering.
#[derive(Deserialize)]
struct Case {
    name: String,
    points: Vec<Vec<f64>>,
    labels: Vec<u32>,
    calinski_harabasz: f64,
    davies_bouldin: f64,
    bic: f64,
}

/// The gap statistic of some points, and the deviation of its references.
#[derive(Deserialize)]
struct GapCase {
    points: Vec<Vec<f64>>,
    ks: Vec<u32>,
    value: Vec<f64>,
    deviation: Vec<f64>,
}

/// Adjusted Rand indices of pairs of resamples.
#[derive(Deserialize)]
struct StabilityCase {
    points: Vec<Vec<f64>>,
    ks: Vec<u32>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/criteria.json")).unwrap()
}

fn array_of(points: &[Vec<f64>]) -> Array2<f32> {
    Array2::from_shape_fn((points.len(), points[0].len()), |(row, axis)| points[row][axis] as f32)
}

/// The means of the points of each cluster.
fn centroids(points: &Array2<f32>, labels: &[u32]) -> Array2<f64> {
    means(points.view(), labels, labels.iter().max().map_or(0, |last| *last as usize + 1))
}

/// Calinski-Harabasz, Davies-Bouldin and BIC.
fn figures(points: &Array2<f32>, labels: &[u32]) -> [f64; 3] {
    let centroids = centroids(points, labels);
    let found = Dispersion::new(points.view(), labels, &centroids);
    [
        calinski_harabasz(&found, total_squares(points.view())).unwrap(),
        davies_bouldin(&found, &centroids).unwrap(),
        kmeans_bic(found.counts(), found.within(), points.ncols()).unwrap(),
    ]
}

#[test]
fn the_criteria_are_those_of_scikit_learn_and_scipy() {
    for case in fixture().cases {
        let found = figures(&array_of(&case.points), &case.labels);
        let expected = [case.calinski_harabasz, case.davies_bouldin, case.bic];
        for ((found, expected), what) in found.iter().zip(expected).zip(["CH", "DB", "BIC"]) {
            assert_close(*found, expected, 1e-9 * expected.abs(), &format!("{}: {what}", case.name));
        }
    }
}

#[test]
fn names_order_shifts_and_scales_change_nothing() {
    let points = blobs(&mut rng(41), 300, 3, 4);
    let labels = random_clusters(&mut rng(42), 300, 4);
    let [ch, db, bic] = figures(&points, &labels);
    let close = |found: [f64; 3], shift: f64, what: &str| {
        assert_close(found[0], ch, 1e-9 * ch, what);
        assert_close(found[1], db, 1e-9 * db, what);
        assert_close(found[2], bic + shift, 1e-9 * bic.abs(), what);
    };
    let renamed: Vec<u32> = labels.iter().map(|label| (label + 1) % 4).collect();
    close(figures(&points, &renamed), 0.0, "names");
    let order = permutation(&mut rng(43), 300);
    let moved: Vec<u32> = order.iter().map(|&point| labels[point]).collect();
    close(figures(&points.select(ndarray::Axis(0), &order), &moved), 0.0, "order");
    close(figures(&points.mapv(|value| value + 64.0), &labels), 0.0, "shift");
    // The density of n points of d dimensions scales by 4 to the power of -n d.
    close(figures(&points.mapv(|value| value * 4.0), &labels), 2.0 * 900.0 * 4.0_f64.ln(), "scale");
}

#[test]
fn undefined_criteria_are_none() {
    let points = array![[1.0], [1.0], [2.0], [2.0]];
    let labels = [0, 0, 1, 1];
    let centroids = centroids(&points, &labels);
    let found = Dispersion::new(points.view(), &labels, &centroids);
    assert_eq!(calinski_harabasz(&found, total_squares(points.view())), None, "no scatter within");
    assert_eq!(kmeans_bic(found.counts(), found.within(), 1), None);
    assert_eq!(davies_bouldin(&found, &centroids), Some(0.0));
    let one = Dispersion::new(points.view(), &[0; 4], &array![[1.5]]);
    assert_eq!(calinski_harabasz(&one, 1.0), None);
    assert_eq!(davies_bouldin(&one, &array![[1.5]]), None);
    let equal = Dispersion::new(points.view(), &labels, &array![[1.5], [1.5]]);
    assert_eq!(davies_bouldin(&equal, &array![[1.5], [1.5]]), Some(0.0), "as in scikit-learn");
}

#[test]
fn the_gap_is_that_of_scikit_learn() {
    let GapCase { points, ks, value, deviation } = fixture().gap;
    let (points, sets) = (array_of(&points), 100);
    let resampling = Resampling { repetitions: sets, points: 1000 };
    let found = gap(points.view(), &ks, resampling, 7, Cancellation::never()).unwrap();
    assert_eq!(found.iter().map(|found| found.k).collect::<Vec<_>>(), ks);
    for ((found, value), deviation) in found.iter().zip(value).zip(deviation) {
        // The fixture is of 200 sets.
        let error = deviation * (1.0 / sets as f64 + 1.0 / 200.0).sqrt();
        assert_close(found.value, value, 5.0 * error, &format!("k = {}", found.k));
        assert_close(found.error / deviation, 1.0, 0.4, &format!("error of k = {}", found.k));
    }
}

#[test]
fn the_gap_does_not_ask_how_large_points_are() {
    // Ranges of 6e38, which no f32 holds, and of 1e-41, where f32 has few digits left.
    let points = blobs(&mut rng(50), 300, 2, 3);
    let largest = points.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let centred = points.mapv(|value| value - largest / 2.0);
    let resampling = Resampling { repetitions: 4, points: 1000 };
    let of =
        |points: &Array2<f32>| gap(points.view(), &[1, 2, 3], resampling, 1, Cancellation::never()).unwrap();
    let found = of(&centred);
    assert_eq!(found.len(), 3);
    let reach = centred.iter().fold(0.0_f32, |reach, value| reach.max(value.abs()));
    // Powers of two, so that the points are the same but for their scale.
    let up = (f32::MAX / reach).log2().floor().exp2();
    let huge = centred.mapv(|value| value * up);
    let range = |points: &Array2<f32>| {
        let ends = points.iter().map(|&value| f64::from(value));
        ends.clone().fold(0.0, f64::max) - ends.fold(0.0, f64::min)
    };
    assert!(range(&huge) > f64::from(f32::MAX), "{}", range(&huge));
    assert_eq!(of(&huge), found);
    let down = 2.0_f32.powi(-110);
    assert_eq!(of(&centred.mapv(|value| value * down)), found);
}

/// Uniform points in a box whose sides grow with the axis, so that its principal axes are its sides.
fn uniform(seed: u64, count: usize, dimensions: usize) -> Array2<f32> {
    let mut rng = rng(seed);
    Array2::from_shape_fn((count, dimensions), |(_, axis)| rng.r#gen::<f32>() * (1.0 + axis as f32))
}

/// One Gaussian of deviation 1 in every direction.
fn gaussian(seed: u64, count: usize, dimensions: usize) -> Array2<f32> {
    let mut rng = rng(seed);
    Array2::from_shape_simple_fn((count, dimensions), || {
        let (radius, angle): (f64, f64) = (rng.r#gen(), rng.r#gen());
        ((-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
    })
}

#[test]
fn a_sample_of_points_without_clusters_has_no_gap() {
    // Fifty clusters of two hundred points fit closer than fifty of twenty thousand: both sides must be of as many points.
    let points = uniform(51, 20_000, 2);
    let resampling = Resampling { repetitions: 10, points: 200 };
    for found in gap(points.view(), &[1, 5, 50], resampling, 1, Cancellation::never()).unwrap() {
        assert_close(found.value, 0.0, 0.2, &format!("k = {}", found.k));
    }
}

/// The k that the gap statistic suggests, as the stage asks it.
fn k_by_gap(points: &Array2<f32>, seed: u32, ks: &[u32]) -> Option<usize> {
    let resampling = Resampling { repetitions: 10, points: 10_000 };
    let found = gap(points.view(), ks, resampling, seed, Cancellation::never()).unwrap();
    let value = |gap: &Gap| CriterionValue {
        k: gap.k as usize,
        value: gap.value,
        low: gap.value - gap.error,
        high: gap.value + gap.error,
    };
    let rule = gap_rule(&found);
    let found = suggest(&found.iter().map(value).collect::<Vec<_>>(), rule, &Noise::Bars);
    found.k
}

#[test]
fn points_without_clusters_are_one_by_the_gap() {
    // A box and one Gaussian, in few and in many dimensions, for sweeps that begin at 2 and at 5.
    for (dimensions, ks) in [(2, [1, 2, 3, 4]), (2, [1, 5, 6, 7]), (10, [1, 2, 3, 4]), (10, [1, 5, 6, 7])] {
        for seed in 0..12 {
            let what = format!("{dimensions} dimensions, seed {seed}");
            let one = |points: &Array2<f32>| k_by_gap(points, seed, &ks);
            assert_eq!(one(&uniform(300 + u64::from(seed), 400, dimensions)), Some(1), "box, {what}");
            assert_eq!(one(&gaussian(300 + u64::from(seed), 400, dimensions)), Some(1), "Gaussian, {what}");
        }
    }
    // Clusters four deviations apart are still found, and three in a row, of which two are no better than one.
    let mut two = gaussian(200, 400, 10);
    two.column_mut(3).iter_mut().enumerate().for_each(|(point, value)| *value += 4.0 * (point % 2) as f32);
    assert_eq!(k_by_gap(&two, 1, &[1, 2, 3, 4]), Some(2));
    assert_eq!(k_by_gap(&blobs(&mut rng(201), 300, 2, 3), 1, &[1, 2, 3, 4, 5]), Some(3));
}

#[test]
fn points_of_too_few_have_no_gap() {
    let ks = |points: &Array2<f32>, ks: &[u32]| {
        let resampling = Resampling { repetitions: 2, points: 100 };
        let found = gap(points.view(), ks, resampling, 1, Cancellation::never()).unwrap();
        found.into_iter().map(|found| found.k).collect::<Vec<_>>()
    };
    assert_eq!(ks(&array![[0.0], [1.0], [3.0]], &[1, 2, 3]), [1, 2], "as many clusters as points");
    assert_eq!(ks(&Array2::ones((50, 2)), &[1, 2]), [0; 0], "one place");
    assert_eq!(ks(&array![[0.0], [1.0], [0.0], [1.0], [1.0]], &[1, 2, 3]), [1], "two places");
}

#[test]
fn the_stability_is_that_of_scikit_learn() {
    let StabilityCase { points, ks, mean, deviation } = fixture().stability;
    let points = array_of(&points);
    let resampling = Resampling { repetitions: 100, points: 1000 };
    let found = stability(points.view(), &ks, resampling, 3, Cancellation::never()).unwrap();
    assert_eq!(found.iter().map(|found| found.k).collect::<Vec<_>>(), ks);
    for ((found, mean), deviation) in found.iter().zip(mean).zip(deviation) {
        let error = deviation * (2.0 / 100.0_f64).sqrt();
        assert_close(found.mean, mean, 5.0 * error.max(0.002), &format!("k = {}", found.k));
    }
}

#[test]
fn well_apart_blobs_are_stable_at_their_number_and_not_above() {
    let points = blobs(&mut rng(45), 400, 2, 3);
    let resampling = Resampling { repetitions: 6, points: 1000 };
    let found = stability(points.view(), &[2, 3, 4], resampling, 3, Cancellation::never()).unwrap();
    assert_close(found[1].mean, 1.0, 0.0, "k = 3");
    assert_close(found[1].error, 0.0, 0.0, "k = 3");
    assert!(found[2].mean < 0.95, "{found:?}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let points = blobs(&mut rng(46), 20_000, 2, 5);
    let labels = random_clusters(&mut rng(47), 20_000, 6);
    let resampling = Resampling { repetitions: 4, points: 500 };
    let all = || {
        (
            figures(&points, &labels),
            gap(points.view(), &[1, 2, 5], resampling, 1, Cancellation::never()).unwrap(),
            stability(points.view(), &[2, 5], resampling, 1, Cancellation::never()).unwrap(),
        )
    };
    let one = with_threads(1, all);
    assert_eq!(with_threads(2, all), one);
    assert_eq!(with_threads(3, all), one);
}

#[test]
fn a_choice_has_each_number_once_and_every_number_alike() {
    let mut drawn = [0_u32; 10];
    for draw in 0..3000 {
        let chosen = choose(&mut rng(2000 + draw), 10, 4);
        assert_eq!(chosen.len(), 4);
        assert!(chosen.is_sorted_by(|a, b| a < b));
        for number in chosen {
            drawn[number as usize] += 1;
        }
    }
    // 1200 expected; the standard deviation is 27.
    assert!(drawn.iter().all(|&count| (1065..=1335).contains(&count)), "{drawn:?}");
    assert_eq!(choose(&mut rng(1), 3, 5), [0, 1, 2]);
}
