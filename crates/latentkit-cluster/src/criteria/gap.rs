//! The gap statistic.

use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Phase, Result};
use ndarray::{Array2, ArrayView2};
use rand::Rng as _;
use rayon::prelude::*;

use super::resample::{Resampling, params};
use crate::kmeans;
use crate::points::count_distinct;
use crate::projection::principal_ranges;

/// How tight K-Means clusters of points without clusters are, for each k.
#[derive(Clone, Debug, PartialEq)]
pub struct GapReference {
    /// Mean over the reference sets of ln(W / (n - k)), W being the inertia: [ks].
    logarithm: Vec<f64>,
    /// Their standard deviation times sqrt(1 + 1 / sets): [ks].
    error: Vec<f64>,
}

impl GapReference {
    /// The gap of a clustering of `points` points with this inertia, for the k at `index`; none where the inertia is 0.
    pub fn gap(&self, index: usize, k: usize, inertia: f64, points: usize) -> Option<f64> {
        (inertia > 0.0 && points > k).then(|| self.logarithm[index] - (inertia / (points - k) as f64).ln())
    }

    /// Its standard error, s of the paper.
    pub fn error(&self, index: usize) -> f64 {
        self.error[index]
    }
}

/// Clusters reference sets for the gap statistic: Gap(k) = E*[ln W*] - ln W, with W the inertia of the points and W* that of
/// points drawn uniformly from the box around them that is aligned with their principal axes (variant b of the paper).
///
/// Each of the `resampling.repetitions` sets has as many points as `points`, [n, d], but `resampling.points` at most. As sets
/// of another size have another inertia, ln(W / (n - k)) stands for ln W on both sides, which for sets of n points changes
/// nothing. Set i and k have a random stream of their own, so that the result does not depend on the number of threads.
///
/// None where such a set has too few distinct points for the largest k.
///
/// # Errors
/// When the user interrupts, and those of [`kmeans`].
///
/// # Reference
/// R. Tibshirani, G. Walther and T. Hastie, "Estimating the number of clusters in a data set via the gap statistic", Journal
/// of the Royal Statistical Society B 63 (2001), 411-423.
pub fn gap_reference(
    points: ArrayView2<'_, f32>,
    ks: &[u32],
    resampling: Resampling,
    seed: u32,
    cancel: Cancellation,
) -> Result<Option<GapReference>> {
    let count = points.nrows().min(resampling.points);
    let largest = ks.last().map_or(0, |&k| k as usize);
    let ranges = principal_ranges(points, cancel)?;
    if count <= largest || count_distinct(uniform(&ranges, count, seed, 0).view(), largest) < largest {
        return Ok(None);
    }
    let total = resampling.repetitions * ks.len();
    let phase = Phase::new(tracing::info_span!("gap", unit = "references"), total);
    let _entered = phase.enter();
    let logarithms: Vec<Vec<f64>> = (0..resampling.repetitions as u64)
        .into_par_iter()
        .map(|set| {
            let reference = uniform(&ranges, count, seed, set);
            let of = |&k: &u32| {
                let rng = generator(u64::from(seed), "gap k-means", set << 32 | u64::from(k));
                let _fit = tracing::info_span!("fit", method = "k-means", k, set).entered();
                let found = kmeans(reference.view(), params(k as usize), &rng, cancel)?;
                phase.add(1);
                Ok((found.inertia / (count - k as usize) as f64).ln())
            };
            ks.iter().map(of).collect()
        })
        .collect::<Result<_>>()?;

    let sets = logarithms.len() as f64;
    let mean = |index: usize| logarithms.iter().map(|set| set[index]).sum::<f64>() / sets;
    let error = |index: usize| {
        let mean = mean(index);
        let variance = logarithms.iter().map(|set| (set[index] - mean).powi(2)).sum::<f64>() / sets;
        (variance * (1.0 + 1.0 / sets)).sqrt()
    };
    Ok(Some(GapReference {
        logarithm: (0..ks.len()).map(mean).collect(),
        error: (0..ks.len()).map(error).collect(),
    }))
}

/// Points drawn uniformly from the box of these side lengths. K-Means does not ask how the box lies in space.
fn uniform(ranges: &[f64], count: usize, seed: u32, set: u64) -> Array2<f32> {
    let mut rng = generator(u64::from(seed), "gap reference", set);
    Array2::from_shape_fn((count, ranges.len()), |(_, axis)| (rng.r#gen::<f64>() * ranges[axis]) as f32)
}
