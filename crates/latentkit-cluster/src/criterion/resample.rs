//! What the criteria share that cluster other points than the given ones.

use crate::engine::ClusterEngine;
use latentkit_core::rng::Rng;
use ndarray::{Array2, ArrayView2};
use rand::Rng as _;

use crate::KMeansParams;

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

/// K-Means with k clusters as all these criteria run it.
pub(super) fn params(k: usize) -> KMeansParams {
    KMeansParams {
        k,
        restarts: RESTARTS,
        exchanges: 0,
        max_iterations: 100,
        tolerance: 1e-4,
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

/// Some rows of `points`.
pub(super) fn rows(points: ArrayView2<'_, f32>, numbers: &[u32]) -> Array2<f32> {
    let mut chosen = Array2::zeros((numbers.len(), points.ncols()));
    for (mut row, &number) in chosen.rows_mut().into_iter().zip(numbers) {
        row.assign(&points.row(number as usize));
    }
    chosen
}
