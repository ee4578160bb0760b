//! What holds for mixtures of any points.

use super::plain::assert_consistent;
use super::*;
use crate::mixture::components::Components;
use crate::mixture::pass::Task;
use crate::testing::random_clusters;

fn em(points: &Standardised, params: MixtureParams) -> Em<'_> {
    Em { simd: Simd::best(), points, params, cancel: Cancellation::never() }
}

#[test]
fn the_log_likelihood_never_falls() {
    for (index, (count, dimensions, k)) in
        [(200, 1, 3), (500, 3, 4), (900, 6, 6), (400, 9, 2)].into_iter().enumerate()
    {
        let mut rng = rng(index as u64);
        let points = Standardised::new(overlapping(&mut rng, count, dimensions, k).view());
        // The regularisation moves the maximum a little.
        let em = em(&points, MixtureParams { regularisation: 0.0, ..params(k) });
        let clusters = random_clusters(&mut rng, count, k as u32);
        let mut parameters = em.start(&clusters, Array2::zeros((k, dimensions)).view());
        let mut before = f64::NEG_INFINITY;
        for iteration in 0..80 {
            let (next, log_likelihood) = em.step(&parameters).unwrap();
            assert!(
                log_likelihood >= before - 1e-10 * count as f64,
                "iteration {iteration}: {log_likelihood} after {before}"
            );
            (parameters, before) = (next, log_likelihood);
        }
    }
}

#[test]
fn the_order_of_the_points_does_not_matter() {
    let mut rng = rng(30);
    let points = overlapping(&mut rng, 700, 4, 3);
    let clusters = random_clusters(&mut rng, 700, 3);
    let order = permutation(&mut rng, 700);
    let fit = |points: &Array2<f32>, clusters: &[u32]| {
        let points = Standardised::new(points.view());
        let em = em(&points, params(3));
        em.fit(em.start(clusters, Array2::zeros((3, 4)).view())).unwrap()
    };
    let found = fit(&points, &clusters);
    let moved: Vec<u32> = order.iter().map(|&point| clusters[point]).collect();
    let moved = fit(&points.select(Axis(0), &order), &moved);
    assert_close(moved.log_likelihood, found.log_likelihood, 1e-6, "log-likelihood");
    for (moved, found) in moved.parameters.covariances.iter().zip(&found.parameters.covariances) {
        assert_close(*moved, *found, 1e-7, "covariance");
    }

    let points = blobs(&mut rng, 240, 3, 4);
    let order = permutation(&mut rng, 240);
    let (found, moved) = (of(&points, 4), of(&points.select(Axis(0), &order), 4));
    assert_close(moved.log_likelihood, found.log_likelihood, 1e-6, "log-likelihood");
    for at in 1..240 {
        assert_eq!(
            moved.clusters[at - 1] == moved.clusters[at],
            found.clusters[order[at - 1]] == found.clusters[order[at]]
        );
    }
}

#[test]
fn offset_and_scale_of_a_column_change_the_log_likelihood_as_they_should() {
    // On a grid, so that f32 holds what they become.
    let points = overlapping(&mut rng(31), 600, 3, 3).mapv(|value| (value * 256.0).round() / 256.0);
    let found = of(&points, 3);
    let mut moved = points.clone();
    let scales = [4.0_f32, -0.125, 1024.0];
    for (axis, mut column) in moved.columns_mut().into_iter().enumerate() {
        column.mapv_inplace(|value| value * scales[axis] + [10.0, 100.0, 0.0][axis]);
    }
    let other = of(&moved, 3);
    let logs: f64 = scales.iter().map(|scale| f64::from(scale.abs()).ln()).sum();
    let tolerance = 1e-9 * found.log_likelihood.abs();
    assert_close(other.log_likelihood, found.log_likelihood - 600.0 * logs, tolerance, "log-likelihood");
    assert_eq!((&other.clusters, other.parameters), (&found.clusters, found.parameters));
    for ((component, row, column), &covariance) in found.covariances.indexed_iter() {
        let scale = f64::from(scales[row] * scales[column]);
        let found = other.covariances[[component, row, column]];
        assert_close(found, covariance * scale, 1e-7 * scale.abs(), "covariance");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    // Several parts, the last one short.
    let points = overlapping(&mut rng(32), 20_011, 3, 4);
    for (engine, restarts) in [(ClusterEngine::Native, 2), (ClusterEngine::Linfa, 1)] {
        let params = MixtureParams { restarts, engine, tolerance: 1e-3, ..params(4) };
        let found = || gaussian_mixture(points.view(), params, &rng(33), Cancellation::never()).unwrap();
        let one = with_threads(1, found);
        assert_eq!(with_threads(2, found), one);
        assert_eq!(with_threads(3, found), one);
        assert_eq!(with_threads(7, found), one);
    }
}

#[test]
fn the_sums_in_memory_at_once_change_nothing() {
    let points = Standardised::new(overlapping(&mut rng(41), 5000, 2, 3).view());
    let em = em(&points, params(3));
    let clusters = random_clusters(&mut rng(42), 5000, 3);
    let parameters = em.start(&clusters, Array2::zeros((3, 2)).view());
    let components = Components::new(&parameters).unwrap();
    let all = em.sum_by(100, &components, |_| Task::Expected);
    for at_once in [0, 1, 2, 3] {
        assert_eq!(em.sum_by(at_once, &components, |_| Task::Expected), all);
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for (count, dimensions, k) in [(333, 1, 3), (2000, 6, 7), (1500, 8, 4), (700, 11, 3)] {
        let points = overlapping(&mut rng(34), count, dimensions, k);
        let params = MixtureParams { restarts: 2, tolerance: 1e-3, ..params(k) };
        let compute = |simd| {
            gaussian_mixture_with(simd, points.view(), params, &rng(35), Cancellation::never()).unwrap()
        };
        let sets = Simd::available();
        let portable = compute(sets[0]);
        for &simd in &sets[1..] {
            assert_eq!(compute(simd), portable, "{}, {count} x {dimensions}", simd.name());
        }
    }
}

#[test]
fn more_restarts_are_never_worse() {
    let points = overlapping(&mut rng(36), 400, 2, 6);
    let log_likelihood = |restarts| {
        let params = MixtureParams { restarts, tolerance: 1e-9, max_iterations: 2000, ..params(6) };
        gaussian_mixture(points.view(), params, &rng(37), Cancellation::never()).unwrap().log_likelihood
    };
    // The restarts of the first are among those of the second.
    assert!(log_likelihood(8) >= log_likelihood(2) - 1e-5);
}

#[test]
fn rows_need_not_be_contiguous() {
    let points = blobs(&mut rng(38), 100, 3, 4);
    let mut by_columns = Array2::zeros((3, 100));
    by_columns.assign(&points.t());
    let found = gaussian_mixture(by_columns.t(), params(4), &rng(4), Cancellation::never()).unwrap();
    assert_eq!(found, of(&points, 4));
}

#[test]
fn says_when_the_iterations_did_not_suffice() {
    let points = overlapping(&mut rng(39), 400, 2, 5);
    let few = MixtureParams { max_iterations: 2, tolerance: 1e-12, ..params(5) };
    let found = gaussian_mixture(points.view(), few, &rng(1), Cancellation::never()).unwrap();
    assert!(!found.converged);
    assert_consistent(&points, &found);
}

#[test]
fn the_true_mixture_is_found() {
    // Two Gaussians with one mean, which K-Means cannot part: the sum of 12 uniform numbers, wide and narrow.
    let mut rng = rng(40);
    let points = Array2::from_shape_fn((20_000, 2), |(point, _)| {
        let noise: f32 = (0..12).map(|_| rng.gen_range(-0.5_f32..0.5)).sum();
        noise * if point % 4 == 0 { 10.0 } else { 1.0 }
    });
    let found = of(&points, 2);
    assert_close(found.weights[0], 0.75, 0.01, "weight");
    assert_close(found.covariances[[0, 0, 0]], 1.0, 0.05, "narrow");
    assert_close(found.covariances[[1, 1, 1]], 100.0, 5.0, "wide");
    assert!(found.bic < of(&points, 1).bic && found.bic < of(&points, 3).bic, "BIC chooses two");
}
