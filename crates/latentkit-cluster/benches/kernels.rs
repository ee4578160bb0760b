//! Times the loops that the sweep spends its time in: `cargo bench --workspace --bench kernels`.

use divan::Bencher;
use divan::counter::ItemsCount;
use latentkit_cluster::config::ClusterEngine;
use latentkit_cluster::{KMeansParams, adjusted_rand_index, kmeans, silhouette, silhouette_sampled};
use latentkit_core::Cancellation;
use latentkit_core::rng::generator;
use ndarray::Array2;
use rand::Rng as _;

fn main() {
    divan::main();
}

/// Points around ten centres.
fn points(count: usize, dimensions: usize) -> Array2<f32> {
    let mut rng = generator(1, "benchmark", dimensions as u64);
    let centres = Array2::from_shape_simple_fn((10, dimensions), || rng.r#gen::<f32>() * 8.0);
    Array2::from_shape_fn((count, dimensions), |(point, axis)| {
        centres[[point % 10, axis]] + rng.r#gen::<f32>() + rng.r#gen::<f32>()
    })
}

/// The clusters of a sweep over k = 5 to 14: points move between neighbouring clusters as k grows.
fn sweep(count: usize) -> Vec<Vec<u32>> {
    (5..15).map(|k| (0..count as u32).map(|point| (point % 10 * k + point / 10 % 3) % k).collect()).collect()
}

/// Distances a second of the silhouettes of ten clusterings at once.
#[divan::bench(args = [2, 6, 32, 128])]
fn silhouettes(bencher: Bencher, dimensions: usize) {
    let (points, clusterings) = (points(8192, dimensions), sweep(8192));
    let clusterings: Vec<&[u32]> = clusterings.iter().map(Vec::as_slice).collect();
    let count = points.nrows() * points.nrows();
    bencher
        .counter(ItemsCount::new(count))
        .bench(|| silhouette(points.view(), &clusterings, Cancellation::never()).unwrap());
}

/// Distances a second of a sampled silhouette.
#[divan::bench(args = [2, 6, 32, 128])]
fn silhouettes_of_a_sample(bencher: Bencher, dimensions: usize) {
    let (points, clusterings) = (points(65_536, dimensions), sweep(65_536));
    let clusterings: Vec<&[u32]> = clusterings.iter().map(Vec::as_slice).collect();
    let sample: Vec<u32> = (0..1024).map(|point| point * 64).collect();
    bencher
        .counter(ItemsCount::new(sample.len() * points.nrows()))
        .bench(|| silhouette_sampled(points.view(), &clusterings, &sample, Cancellation::never()).unwrap());
}

/// Points a second of one restart of K-Means with ten clusters.
#[divan::bench(args = [2, 6, 32, 128])]
fn kmeans_of_ten(bencher: Bencher, dimensions: usize) {
    let points = points(65_536, dimensions);
    let params = KMeansParams {
        k: 10,
        restarts: 1,
        exchanges: 3,
        max_iterations: 300,
        tolerance: 1e-4,
        engine: ClusterEngine::Native,
        batch_size: None,
    };
    let rng = generator(1, "k-means", 10);
    bencher
        .counter(ItemsCount::new(points.nrows()))
        .bench(|| kmeans(points.view(), params, &rng, Cancellation::never()).unwrap());
}

/// Points a second of the agreement of two clusterings.
#[divan::bench]
fn rand_index(bencher: Bencher) {
    let clusterings = sweep(65_536);
    bencher
        .counter(ItemsCount::new(clusterings[0].len()))
        .bench(|| adjusted_rand_index(&clusterings[0], &clusterings[5]).unwrap());
}
