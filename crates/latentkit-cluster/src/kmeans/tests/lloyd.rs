//! The iterations against plain ones, which look at every point and centroid in f64.

use super::*;
use crate::kmeans::lloyd::{Partition, Stop, iterate};

/// Lloyd's iterations as their definition says: the clusters and whether nothing would change.
fn plain(points: &Array2<f64>, mut centroids: Array2<f64>, iterations: u32) -> (Vec<u32>, bool) {
    let mut clusters = vec![u32::MAX; points.nrows()];
    for _ in 0..iterations {
        let before = clusters.clone();
        for (cluster, point) in clusters.iter_mut().zip(points.rows()) {
            let squares = centroids
                .rows()
                .into_iter()
                .map(|centroid| point.iter().zip(centroid).map(|(a, b)| (a - b) * (a - b)).sum::<f64>());
            let nearest = (0..).zip(squares).min_by(|(_, a), (_, b)| a.total_cmp(b));
            *cluster = nearest.unwrap().0;
        }
        if clusters == before {
            return (clusters, true);
        }
        for (index, mut centroid) in (0..).zip(centroids.rows_mut()) {
            let members: Vec<usize> = (0..points.nrows()).filter(|&point| clusters[point] == index).collect();
            centroid.assign(&points.select(Axis(0), &members).mean_axis(Axis(0)).unwrap());
        }
    }
    (clusters, false)
}

/// Lloyd's iterations from the centroids at some of the points.
fn from_points(points: &Array2<f32>, start: &[usize], iterations: u32, simd: Simd) -> Partition {
    let prepared = Prepared::new(points.view());
    let start = prepared.rows().select(Axis(0), start);
    let stop = Stop { max_iterations: iterations, tolerance: None };
    iterate(simd, &prepared, start, stop, false, Cancellation::never()).unwrap()
}

#[track_caller]
fn assert_plain(points: &Array2<f32>, start: &[usize], what: &str) {
    let rows = Prepared::new(points.view()).rows();
    for simd in Simd::available() {
        for iterations in [1, 2, 3, 5, 11, 1000] {
            let (clusters, converged) = plain(&rows, rows.select(Axis(0), start), iterations);
            let found = from_points(points, start, iterations, simd);
            assert_eq!(found.clusters, clusters, "{what}: clusters after {iterations}, {}", simd.name());
            if iterations == 1000 {
                assert!(converged && found.converged, "{what}: converged");
            }
        }
    }
}

#[test]
fn skipping_points_changes_nothing() {
    let mut source = rng(50);
    let mut uniform = |count, dimensions| {
        Array2::from_shape_fn((count, dimensions), |_| rand::Rng::r#gen::<f32>(&mut source))
    };
    for (count, dimensions, k) in
        [(1, 1, 1), (17, 1, 3), (700, 1, 9), (3000, 2, 6), (1000, 6, 14), (300, 130, 21)]
    {
        let points = uniform(count, dimensions);
        assert_plain(&points, &(0..k).collect::<Vec<_>>(), &format!("{count} x {dimensions}"));
    }
    // Sizes from 1e-6 to 1e6: what is exact enough for one point is not for another.
    let sizes = uniform(800, 1).mapv(|size| 10.0_f32.powf(12.0 * size - 6.0));
    let points = (uniform(800, 4) - 0.5) * &sizes;
    assert_plain(&points, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "sizes of many orders");
    let mut outlier = uniform(500, 3);
    outlier[[7, 1]] = 1e10;
    assert_plain(&outlier, &[0, 1, 2, 7], "an outlier");
    let tiny = uniform(400, 2) * 1e-30;
    assert_plain(&tiny, &[0, 1, 2, 3], "tiny points");
    let offset = uniform(600, 2) * 1e-1 + 1e4;
    assert_plain(&offset, &[0, 1, 2, 3, 4], "an offset");
}

#[test]
fn of_equally_near_centroids_the_first_is_taken() {
    // A grid around 0, so that sums are exact and many points lie between two centroids.
    let side = -10..=10;
    let points: Vec<[f32; 2]> =
        side.clone().flat_map(|x| side.clone().map(move |y| [x as f32, y as f32])).collect();
    let points = Array2::from(points);
    let at = |x: i32, y: i32| ((x + 10) * 21 + y + 10) as usize;
    assert_plain(&points, &[at(-4, 0), at(4, 0)], "a grid in 2");
    assert_plain(&points, &[at(-4, -4), at(4, -4), at(4, 4), at(-4, 4)], "a grid in 4");
}

#[test]
fn the_same_start_gives_the_same_clusters_in_any_order_and_twice() {
    let mut source = rng(51);
    let points = Array2::from_shape_fn((1500, 3), |_| rand::Rng::r#gen::<f32>(&mut source));
    let simd = Simd::best();
    let start: Vec<usize> = (0..8).collect();
    let found = from_points(&points, &start, 1000, simd);
    assert!(found.converged);

    let order = permutation(&mut source, 1500);
    let places: Vec<usize> =
        start.iter().map(|point| order.iter().position(|at| at == point).unwrap()).collect();
    let moved = from_points(&points.select(Axis(0), &order), &places, 1000, simd);
    let clusters: Vec<u32> = order.iter().map(|&point| found.clusters[point]).collect();
    assert_eq!(moved.clusters, clusters);
    assert_close(moved.inertia, found.inertia, 1e-12 * found.inertia, "another order");

    let twice: Vec<usize> = (0..1500).chain(0..1500).collect();
    let doubled = from_points(&points.select(Axis(0), &twice), &start, 1000, simd);
    assert_eq!(doubled.clusters[..1500], found.clusters);
    assert_eq!(doubled.clusters[1500..], found.clusters);
    assert_close(doubled.inertia, 2.0 * found.inertia, 1e-12 * found.inertia, "every point twice");
}

#[test]
fn an_empty_cluster_takes_the_farthest_point() {
    let points = array![[0.0], [1.0], [10.0], [11.0], [50.0]];
    let prepared = Prepared::new(points.view());
    let start = array![[0.0], [10.0], [1000.0]] - prepared.mean()[0];
    let stop = Stop { max_iterations: 300, tolerance: None };
    let found = iterate(Simd::best(), &prepared, start, stop, true, Cancellation::never()).unwrap();
    assert!(found.converged);
    assert_eq!(found.clusters, [0, 0, 1, 1, 2]);
    assert_close(found.inertia, 1.0, 1e-12, "inertia");
}

#[test]
fn equal_first_centroids_end_as_different_ones() {
    let points = blobs(&mut rng(52), 300, 2, 3);
    let prepared = Prepared::new(points.view());
    let start = Array2::zeros((6, 2));
    let stop = Stop { max_iterations: 300, tolerance: None };
    let found = iterate(Simd::best(), &prepared, start, stop, true, Cancellation::never()).unwrap();
    assert!(found.converged);
    for cluster in 0..6 {
        assert!(found.clusters.contains(&cluster));
    }
}
