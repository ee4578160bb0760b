//! What the tests share: the figures of scikit-learn, random points, and pools of threads.

use latentkit_core::rng::{Rng, generator};
use ndarray::Array2;
use rand::Rng as _;
use serde::Deserialize;

/// Points with the silhouettes of some clusterings of them.
#[derive(Deserialize)]
pub(crate) struct SilhouetteCase {
    pub(crate) name: String,
    points: Vec<Vec<f64>>,
    pub(crate) clusterings: Vec<LabelledCase>,
}

/// A clustering with its silhouettes.
#[derive(Deserialize)]
pub(crate) struct LabelledCase {
    pub(crate) labels: Vec<u32>,
    pub(crate) mean: f64,
    pub(crate) points: Vec<f64>,
}

/// Badly scaled float64 points with the silhouettes of a clustering of them.
#[derive(Deserialize)]
pub(crate) struct ScaledCase {
    pub(crate) name: String,
    points: Vec<Vec<f64>>,
    pub(crate) labels: Vec<u32>,
    pub(crate) mean: f64,
    /// The mean that scikit-learn finds from scalar products.
    pub(crate) own_mean: f64,
    pub(crate) silhouettes: Vec<f64>,
}

/// The inertia of a K-Means of the points of the silhouette case of that name.
#[derive(Deserialize)]
pub(crate) struct KMeansCase {
    pub(crate) name: String,
    pub(crate) k: usize,
    pub(crate) inertia: f64,
}

/// Points that are made from a few numbers, and the median inertia of K-Means with ten restarts over twenty seeds.
#[derive(Deserialize)]
pub(crate) struct MedianCase {
    points: usize,
    dimensions: usize,
    centres: usize,
    spread: u64,
    seed: u64,
    pub(crate) sum: f64,
    pub(crate) k: usize,
    pub(crate) inertia: f64,
}

impl MedianCase {
    /// The points, as `kmeans.py` makes them: sums of 16-bit numbers of splitmix64, divided by 65536, exact in f32.
    pub(crate) fn points(&self) -> Array2<f32> {
        let mut state = self.seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) >> 48
        };
        let centres = Array2::from_shape_simple_fn((self.centres, self.dimensions), || self.spread * next());
        Array2::from_shape_fn((self.points, self.dimensions), |(point, axis)| {
            let number = centres[[point % self.centres, axis]] + next() + next() + next();
            number as f32 / 65536.0
        })
    }
}

impl SilhouetteCase {
    pub(crate) fn points(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.points.len(), self.points[0].len()), |(row, column)| {
            self.points[row][column] as f32
        })
    }
}

impl ScaledCase {
    /// The points as they are read from a table of f64: columns that f32 does not hold, relative to their mean.
    #[expect(clippy::float_cmp, reason = "asks whether f32 holds the same number")]
    pub(crate) fn points(&self) -> Array2<f32> {
        let mut exact = Array2::from_shape_fn((self.points.len(), self.points[0].len()), |(row, column)| {
            self.points[row][column]
        });
        for mut column in exact.columns_mut() {
            if column.iter().any(|&value| f64::from(value as f32) != value) {
                column -= column.mean().unwrap();
            }
        }
        exact.mapv(|value| value as f32)
    }
}

/// The cases of `tests/fixtures/silhouette_scales.json`, which the script beside it made.
pub(crate) fn scaled_cases() -> Vec<ScaledCase> {
    serde_json::from_str(include_str!("../tests/fixtures/silhouette_scales.json")).unwrap()
}

/// The cases of `tests/fixtures/silhouette.json`, which `make.py` beside it made.
pub(crate) fn silhouette_cases() -> Vec<SilhouetteCase> {
    serde_json::from_str(include_str!("../tests/fixtures/silhouette.json")).unwrap()
}

/// The cases of `tests/fixtures/kmeans.json`, which `make.py` beside it made.
pub(crate) fn kmeans_cases() -> Vec<KMeansCase> {
    serde_json::from_str(include_str!("../tests/fixtures/kmeans.json")).unwrap()
}

/// The cases of `tests/fixtures/kmeans_medians.json`, which `kmeans.py` beside it made.
pub(crate) fn median_cases() -> Vec<MedianCase> {
    serde_json::from_str(include_str!("../tests/fixtures/kmeans_medians.json")).unwrap()
}

/// The generator of a test.
pub(crate) fn rng(index: u64) -> Rng {
    generator(42, "test", index)
}

/// `count` points around `centers` centres that lie 8 apart or more, on a grid of 1/256, so that adding a moderate
/// whole number is exact. Point i belongs to centre i modulo `centers`.
pub(crate) fn blobs(rng: &mut Rng, count: usize, dimensions: usize, centers: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, dimensions), |(point, axis)| {
        let center = (point % centers) as f32 * if axis == 0 { 8.0 } else { -1.0 };
        let noise: f32 = (0..4).map(|_| rng.r#gen::<f32>() - 0.5).sum();
        ((center + noise) * 256.0).round() / 256.0
    })
}

/// A random cluster for each point, each of the `k` with one point at least.
pub(crate) fn random_clusters(rng: &mut Rng, count: usize, k: u32) -> Vec<u32> {
    (0..count as u32).map(|point| if point < k { point } else { rng.gen_range(0..k) }).collect()
}

/// A random order of 0 to `count` - 1.
pub(crate) fn permutation(rng: &mut Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, rng.gen_range(0..=last));
    }
    order
}

/// Does `work` with that many threads.
pub(crate) fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: found {found}, expected {expected}");
}
