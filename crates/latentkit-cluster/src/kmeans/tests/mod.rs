#![expect(clippy::float_cmp, reason = "some results are exact")]

mod batches;
mod lloyd;
mod properties;
mod seeding;

use std::sync::atomic::AtomicBool;

use ::linfa::DatasetBase;
use ::linfa::traits::Fit;
use latentkit_core::ErrorKind;
use ndarray::{Axis, array};

use super::restarts::{Restart, SIDE_BY_SIDE};
use super::*;
use crate::testing::{
    assert_close, blobs, kmeans_cases, median_cases, permutation, rng, silhouette_cases, with_threads,
};

fn params(k: usize) -> KMeansParams {
    KMeansParams {
        k,
        restarts: 10,
        exchanges: 3,
        max_iterations: 300,
        tolerance: 1e-4,
        engine: ClusterEngine::Native,
        batch_size: None,
    }
}

fn of(points: &Array2<f32>, k: usize) -> KMeansClustering {
    kmeans(points.view(), params(k), &rng(k as u64), Cancellation::never()).unwrap()
}

fn error(points: &Array2<f32>, k: usize) -> Error {
    kmeans(points.view(), params(k), &rng(k as u64), Cancellation::never()).unwrap_err()
}

/// Checks everything that a clustering says of itself.
#[track_caller]
fn assert_consistent(points: &Array2<f32>, found: &KMeansClustering) {
    let points = points.mapv(f64::from);
    let k = found.centroids.nrows();
    let mut sizes = vec![0_usize; k];
    let mut first = vec![usize::MAX; k];
    for (point, &cluster) in found.clusters.iter().enumerate() {
        sizes[cluster as usize] += 1;
        first[cluster as usize] = first[cluster as usize].min(point);
    }
    for cluster in 0..k {
        assert!(sizes[cluster] > 0, "cluster {cluster} is empty");
        let members: Vec<usize> =
            (0..points.nrows()).filter(|&point| found.clusters[point] as usize == cluster).collect();
        let mean = points.select(Axis(0), &members).mean_axis(Axis(0)).unwrap();
        for (&mean, &coordinate) in mean.iter().zip(found.centroids.row(cluster)) {
            assert_close(coordinate, mean, 1e-9 * (1.0 + mean.abs()), "centroid");
        }
        if cluster > 0 {
            let (before, this) = (cluster - 1, cluster);
            assert!(
                sizes[before] > sizes[this] || (sizes[before] == sizes[this] && first[before] < first[this])
            );
        }
    }
    let distance = |point: usize, cluster: usize| {
        let difference = &points.row(point) - &found.centroids.row(cluster);
        difference.iter().map(|value| value * value).sum::<f64>().sqrt()
    };
    let mut inertia = 0.0;
    for (point, &cluster) in found.clusters.iter().enumerate() {
        let own = distance(point, cluster as usize);
        assert_close(found.distances[point], own, 1e-9 * (1.0 + own), "distance");
        inertia += own * own;
        let least = (0..k).map(|other| distance(point, other)).fold(f64::INFINITY, f64::min);
        assert!(!found.converged || own <= least + 1e-9, "point {point} is nearer to another centroid");
    }
    assert_close(found.inertia, inertia, 1e-9 * (1.0 + inertia), "inertia");
}

#[test]
fn finds_the_least_inertia_that_scikit_learn_finds() {
    let points = silhouette_cases();
    for case in kmeans_cases() {
        let points = points.iter().find(|points| points.name == case.name).unwrap().points();
        let found = of(&points, case.k);
        assert_consistent(&points, &found);
        assert!(found.converged, "{}", case.name);
        let what = format!("{}, k = {}", case.name, case.k);
        assert_close(found.inertia, case.inertia, 1e-6 * case.inertia + 1e-12, &what);
    }
}

#[test]
fn the_median_inertia_is_that_of_scikit_learn() {
    for case in median_cases() {
        let points = case.points();
        let what = format!("{:?}, k = {}", points.dim(), case.k);
        assert_close(points.mapv(f64::from).sum(), case.sum, 1e-9 * case.sum, &what);
        let inertia =
            |seed| kmeans(points.view(), params(case.k), &rng(seed), Cancellation::never()).unwrap().inertia;
        let mut inertias: Vec<f64> = (0..20).map(inertia).collect();
        inertias.sort_by(f64::total_cmp);
        let median = f64::midpoint(inertias[9], inertias[10]);
        assert!(median < 1.001 * case.inertia, "{what}: found {median}, expected {}", case.inertia);
    }
}

#[test]
fn agrees_with_the_centroids_of_linfa() {
    let points = blobs(&mut rng(1), 600, 3, 5);
    let found = of(&points, 5);
    let records = DatasetBase::from(points.mapv(f64::from));
    let model = linfa_clustering::KMeans::params_with_rng(5, rng(2)).tolerance(1e-9).fit(&records).unwrap();
    for centroid in found.centroids.rows() {
        let nearest = model
            .centroids()
            .rows()
            .into_iter()
            .map(|other| (&other - &centroid).iter().map(|value| value * value).sum::<f64>().sqrt());
        assert!(nearest.fold(f64::INFINITY, f64::min) < 1e-6);
    }
    assert_close(found.inertia / 600.0, model.inertia(), 1e-6, "mean of the squared distances");
}

#[test]
fn agrees_with_the_engine_linfa() {
    let points = blobs(&mut rng(31), 900, 4, 6);
    let of = |engine| {
        let params = KMeansParams { engine, ..params(6) };
        kmeans(points.view(), params, &rng(32), Cancellation::never()).unwrap()
    };
    let (native, linfa) = (of(ClusterEngine::Native), of(ClusterEngine::Linfa));
    assert_eq!(native.clusters, linfa.clusters);
    // Sums that were added in the same order in the end.
    assert_eq!(native, linfa);
}

#[test]
fn finds_the_blobs_and_names_them_by_size_and_first_point() {
    let points = array![[50.0], [0.0], [10.0], [0.5], [10.5], [0.25]];
    let found = of(&points, 3);
    assert_eq!(found.clusters, [2, 0, 1, 0, 1, 0]);
    assert_eq!(found.centroids, array![[0.25], [10.25], [50.0]]);
    assert_eq!(found.inertia, 0.125 + 0.125);
    let tied = of(&array![[9.0], [0.0], [9.5], [0.5]], 2);
    assert_eq!(tied.clusters, [0, 1, 0, 1]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut source = rng(3);
    // Several parts, the last one short.
    let points = Array2::from_shape_fn((20_011, 3), |_| rand::Rng::r#gen::<f32>(&mut source));
    for engine in [ClusterEngine::Native, ClusterEngine::Linfa] {
        for (k, restarts) in [(3, 2), (9, 5)] {
            let params = KMeansParams { restarts, engine, ..params(k) };
            let found = || kmeans(points.view(), params, &rng(4), Cancellation::never()).unwrap();
            let one = with_threads(1, found);
            assert_eq!(with_threads(2, found), one);
            // More threads than restarts: all of them work on each.
            assert_eq!(with_threads(3, found), one);
            assert_eq!(with_threads(7, found), one);
            assert_consistent(&points, &one);
        }
    }
}

#[test]
fn so_many_points_that_restarts_run_in_turn_change_nothing_either() {
    let points = blobs(&mut rng(21), SIDE_BY_SIDE + 77, 1, 3);
    let params = KMeansParams { restarts: 2, ..params(4) };
    let found = || kmeans(points.view(), params, &rng(22), Cancellation::never()).unwrap();
    let one = with_threads(1, found);
    assert_eq!(with_threads(3, found), one);
    assert_consistent(&points, &one);
}

#[test]
fn the_first_restart_of_least_inertia_is_kept() {
    let restart = |index, inertia| Restart { index, inertia, centroids: Array2::zeros((1, 1)) };
    assert_eq!(restart(3, 1.0).better(restart(1, 2.0)).index, 3);
    assert_eq!(restart(1, 2.0).better(restart(3, 1.0)).index, 3);
    assert_eq!(restart(3, 1.0).better(restart(1, 1.0)).index, 1);
    assert_eq!(restart(1, 1.0).better(restart(3, 1.0)).index, 1);
}

#[test]
fn many_restarts_give_the_best_of_all_for_any_number_of_threads() {
    let mut source = rng(11);
    let points = Array2::from_shape_fn((150, 2), |_| rand::Rng::r#gen::<f32>(&mut source));
    let params = KMeansParams { restarts: 97, exchanges: 0, ..params(11) };
    let found = || kmeans(points.view(), params, &rng(12), Cancellation::never()).unwrap();
    let one = with_threads(1, found);
    assert_eq!(with_threads(2, found), one);
    assert_eq!(with_threads(7, found), one);

    let mut stream = rng(12);
    let alone = |stream: &Rng| {
        let params = KMeansParams { restarts: 1, ..params };
        kmeans(points.view(), params, stream, Cancellation::never()).unwrap().inertia
    };
    let mut least = f64::INFINITY;
    for _ in 0..params.restarts {
        least = least.min(alone(&stream));
        stream.jump();
    }
    assert_close(one.inertia, least, 1e-3 * least, "the best of the restarts alone");
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let mut source = rng(4);
    for (count, dimensions, k) in [(333, 5, 4), (2000, 1, 7), (5000, 6, 13), (700, 70, 30)] {
        let points = Array2::from_shape_fn((count, dimensions), |_| rand::Rng::r#gen::<f32>(&mut source));
        for batch_size in [None, Some(100)] {
            let params = KMeansParams { restarts: 3, batch_size, ..params(k) };
            let compute =
                |simd| kmeans_with(simd, points.view(), params, &rng(5), Cancellation::never()).unwrap();
            let sets = Simd::available();
            let portable = compute(sets[0]);
            for &simd in &sets[1..] {
                assert_eq!(compute(simd), portable, "{}, {count} x {dimensions}", simd.name());
            }
        }
    }
}

#[test]
fn order_offset_and_scale_of_separate_blobs_do_not_matter() {
    for index in 0..3 {
        let mut rng = rng(10 + index);
        let points = blobs(&mut rng, 203, 2, 4);
        let found = of(&points, 4);
        assert_consistent(&points, &found);

        let order = permutation(&mut rng, 203);
        let moved = of(&points.select(Axis(0), &order), 4);
        assert_close(moved.inertia, found.inertia, 1e-9 * found.inertia, "another order");
        let together = |clusters: &[u32], a: usize, b: usize| clusters[a] == clusters[b];
        for at in 1..203 {
            assert_eq!(
                together(&moved.clusters, at - 1, at),
                together(&found.clusters, order[at - 1], order[at])
            );
        }

        let moved = of(&(&points + 10_000.0), 4);
        assert_eq!(moved.clusters, found.clusters);
        assert_close(moved.inertia, found.inertia, 1e-9 * found.inertia, "moved");

        let scaled = of(&(&points * 1024.0), 4);
        assert_eq!(scaled.clusters, found.clusters);
        assert_close(scaled.inertia, found.inertia * 1024.0 * 1024.0, 1e-3 * found.inertia, "scaled");
    }
}

#[test]
fn rows_need_not_be_contiguous() {
    let points = blobs(&mut rng(5), 100, 3, 4);
    let mut by_columns = Array2::zeros((3, 100));
    by_columns.assign(&points.t());
    let found = kmeans(by_columns.t(), params(4), &rng(4), Cancellation::never()).unwrap();
    assert_eq!(found, of(&points, 4));
}

#[test]
fn needs_as_many_distinct_points_as_clusters() {
    let above = error(&blobs(&mut rng(6), 10, 2, 3), 14);
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    assert_eq!(above.to_string(), "k = 14 is above the 10 points");
    let equal = array![[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0], [3.0, 4.0]];
    let above = error(&equal, 3);
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    assert!(above.to_string().starts_with("k = 3 is above the 2 distinct points\nhint: "), "{above}");
    assert_eq!(error(&equal, 0).kind(), ErrorKind::Config);

    let found = of(&equal, 2);
    assert_eq!((found.clusters.as_slice(), found.inertia), (&[1, 1, 0, 0, 0][..], 0.0));
}

#[test]
fn as_many_clusters_as_points_leave_no_distance() {
    let points = blobs(&mut rng(7), 12, 2, 3);
    let found = of(&points, 12);
    assert_consistent(&points, &found);
    assert_close(found.inertia, 0.0, 1e-20, "inertia");
    let one = of(&points, 1);
    assert_consistent(&points, &one);
    assert_eq!(one.clusters, [0; 12]);
}

#[test]
fn says_when_the_iterations_did_not_suffice() {
    let mut rng = rng(8);
    let points = Array2::from_shape_fn((400, 2), |_| rand::Rng::r#gen::<f32>(&mut rng));
    let few = KMeansParams { restarts: 1, max_iterations: 1, ..params(12) };
    let found = kmeans(points.view(), few, &rng, Cancellation::never()).unwrap();
    assert!(!found.converged);
    assert_consistent(&points, &found);
}

#[test]
fn more_restarts_are_never_worse() {
    let mut rng = rng(9);
    let points = Array2::from_shape_fn((300, 2), |_| rand::Rng::r#gen::<f32>(&mut rng));
    let inertia = |restarts| {
        let params = KMeansParams { restarts, tolerance: 1e-9, ..params(9) };
        kmeans(points.view(), params, &rng, Cancellation::never()).unwrap().inertia
    };
    // The restarts of the first are among those of the second.
    assert!(inertia(8) <= inertia(2) * (1.0 + 1e-12));
}

#[test]
fn stops_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    let points = array![[0.0], [1.0], [2.0]];
    let cancel = Cancellation::new(&stop);
    let error = kmeans(points.view(), params(2), &rng(1), cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
