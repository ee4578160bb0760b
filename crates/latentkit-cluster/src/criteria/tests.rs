use latentkit_core::Cancellation;
use ndarray::{Array2, array};
use rand::Rng as _;
use serde::Deserialize;

use super::resample::choose;
use super::*;
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

/// ln(W / (n - k)) of points of a box.
#[derive(Deserialize)]
struct GapCase {
    sides: [f64; 3],
    points: usize,
    ks: Vec<u32>,
    logarithm: Vec<f64>,
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
    let k = labels.iter().max().map_or(0, |last| *last as usize + 1);
    let mut sums = Array2::<f64>::zeros((k, points.ncols()));
    let mut counts = vec![0.0; k];
    for (point, &label) in points.rows().into_iter().zip(labels) {
        counts[label as usize] += 1.0;
        for (sum, &value) in sums.row_mut(label as usize).iter_mut().zip(point) {
            *sum += f64::from(value);
        }
    }
    for (mut sum, count) in sums.rows_mut().into_iter().zip(counts) {
        sum /= count;
    }
    sums
}

/// Calinski-Harabasz, Davies-Bouldin and BIC.
fn figures(points: &Array2<f32>, labels: &[u32]) -> [f64; 3] {
    let centroids = centroids(points, labels);
    let found = Dispersion::new(points.view(), labels, &centroids);
    [
        found.calinski_harabasz(total_squares(points.view())).unwrap(),
        found.davies_bouldin(&centroids).unwrap(),
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
    assert_eq!(found.calinski_harabasz(total_squares(points.view())), None, "no scatter within");
    assert_eq!(kmeans_bic(found.counts(), found.within(), 1), None);
    assert_eq!(found.davies_bouldin(&centroids), Some(0.0));
    let one = Dispersion::new(points.view(), &[0; 4], &array![[1.5]]);
    assert_eq!(one.calinski_harabasz(1.0), None);
    assert_eq!(one.davies_bouldin(&array![[1.5]]), None);
    let equal = Dispersion::new(points.view(), &labels, &array![[1.5], [1.5]]);
    assert_eq!(equal.davies_bouldin(&array![[1.5], [1.5]]), Some(0.0), "as in scikit-learn");
}

/// Points within a box of these sides, its corners among them, mirrored along every side, so that these are the principal
/// axes; then turned in space.
fn turned_box(sides: [f64; 3], count: usize) -> Array2<f32> {
    let mut rng = rng(44);
    let mut rows = Vec::new();
    for place in 0..count / 8 {
        let share: [f64; 3] =
            std::array::from_fn(|_| if place == 0 { 0.5 } else { rng.r#gen::<f64>() / 2.0 });
        for mirror in 0..8 {
            let sign = |axis: usize| if mirror >> axis & 1 == 0 { 1.0 } else { -1.0 };
            let [a, b, c]: [f64; 3] = std::array::from_fn(|axis| sign(axis) * share[axis] * sides[axis]);
            // A turn by 3-4-5 triangles about two axes.
            let (a, b) = (0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b);
            rows.push([a, 0.6 * b - 0.8 * c, 0.8 * b + 0.6 * c].map(|value| value as f32));
        }
    }
    Array2::from(rows)
}

#[test]
fn the_reference_of_the_gap_is_that_of_a_box_along_the_principal_axes() {
    let GapCase { sides, points, ks, logarithm, deviation } = fixture().gap;
    let turned = turned_box(sides, points);
    let sets = 100;
    let found = gap_reference(
        turned.view(),
        &ks,
        Resampling { repetitions: sets, points: 1000 },
        7,
        Cancellation::never(),
    )
    .unwrap()
    .unwrap();
    for (index, &k) in ks.iter().enumerate() {
        // With an inertia of n - k, the logarithm of the points is 0.
        let gap = found.gap(index, k as usize, (points - k as usize) as f64, points).unwrap();
        let error = deviation[index] * (1.0 / sets as f64 + 1.0 / 200.0).sqrt();
        assert_close(gap, logarithm[index], 5.0 * error, &format!("k = {k}"));
        assert_close(found.error(index) / deviation[index], 1.0, 0.4, &format!("error of k = {k}"));
    }
    assert_eq!(found.gap(0, 2, 0.0, points), None, "points without scatter");
}

#[test]
fn points_of_too_few_have_no_gap() {
    let reference = |points: &Array2<f32>, ks: &[u32]| {
        gap_reference(points.view(), ks, Resampling { repetitions: 2, points: 100 }, 1, Cancellation::never())
    };
    assert!(
        reference(&array![[0.0], [1.0], [2.0]], &[2, 3]).unwrap().is_none(),
        "as many clusters as points"
    );
    assert!(reference(&Array2::ones((50, 2)), &[2]).unwrap().is_none(), "one place");
    assert!(reference(&array![[0.0], [1.0], [2.0]], &[2]).unwrap().is_some());
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
            gap_reference(points.view(), &[2, 5], resampling, 1, Cancellation::never()).unwrap(),
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
