//! What the criteria share that cluster other points than the given ones.

use crate::engine::ClusterEngine;
use latentkit_core::rng::Rng;
use ndarray::Array2;
use rand::Rng as _;

use super::definition::Resampled;
use crate::KMeansParams;
use crate::points::Points;

/// How often, and of how many points.
#[derive(Clone, Copy, Debug)]
pub struct Resampling {
    /// Reference sets, or pairs of resamples, at least two.
    pub repetitions: usize,
    /// Points of each at most.
    pub points: usize,
}

/// Restarts of K-Means on each of them: single runs end in poor optima for large k, and more gain little.
const RESTARTS: u32 = 3;

impl Resampled<'_> {
    /// Points of a sample: those that the config asks for, but no more than have a million coordinates, or a thousand.
    pub(super) fn size(&self) -> usize {
        self.sample_size.min((COORDINATES / self.points.ncols().max(1)).max(LEAST))
    }
}

/// Coordinates of a sample, unless these are of fewer than [`LEAST`] points.
const COORDINATES: usize = 1 << 20;
const LEAST: usize = 1000;

/// K-Means of points of so many dimensions with k clusters as all these criteria run it.
///
/// It ends when the centroids move by less than a hundredth of the points' standard deviation, as a sum of squares over all columns:
/// the inertia then changes by about 1e-5 of itself. Relative to one column, which is what a sweep goes by, a single point that
/// changes its cluster is much where columns are many.
pub(super) fn params(k: usize, dimensions: usize) -> KMeansParams {
    KMeansParams {
        k,
        restarts: RESTARTS,
        exchanges: 0,
        max_iterations: 100,
        tolerance: 1e-4 * dimensions as f64,
        engine: ClusterEngine::Native,
        batch_size: None,
    }
}

/// `count` different numbers below `all`, ascending; all of them where there are no more.
pub(crate) fn choose(rng: &mut Rng, all: usize, count: usize) -> Vec<u32> {
    if count >= all {
        return (0..all as u32).collect();
    }
    // Floyd's sampling (J. Bentley and B. Floyd, Communications of the ACM 30 (1987), 754-757).
    let mut chosen = std::collections::BTreeSet::new();
    for last in all - count..all {
        let drawn = rng.gen_range(0..=last as u32);
        if !chosen.insert(drawn) {
            chosen.insert(last as u32);
        }
    }
    chosen.into_iter().collect()
}

/// Some rows of `points`, as f32 holds them: samples decide nothing that asks for more digits.
pub(super) fn rows(points: Points<'_>, numbers: &[u32]) -> Array2<f32> {
    let mut chosen = Array2::zeros((numbers.len(), points.ncols()));
    for (mut row, &number) in chosen.rows_mut().into_iter().zip(numbers) {
        row.assign(&points.values().row(number as usize));
    }
    chosen
}
