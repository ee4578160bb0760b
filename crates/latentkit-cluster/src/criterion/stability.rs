//! Whether resampled points have the same clusters.

use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Phase, Result};
use rand::Rng as _;
use rayon::prelude::*;

use super::definition::{Curve, Definition, OfPoints, Resampled, Source};
use super::resample::{Resampling, choose, params, rows};
use crate::external::adjusted_rand_index;
use crate::kmeans::{assign, roughly};
use crate::points::{Points, count_distinct};
use crate::prepared::Prepared;
use crate::select_k::Rule;

pub(super) struct BootstrapStability;

impl Definition for BootstrapStability {
    fn column(&self) -> &'static str {
        "stability"
    }

    fn key(&self) -> &'static str {
        "stability"
    }

    fn title(&self) -> &'static str {
        "the stability"
    }

    fn heading(&self) -> &'static str {
        "Stability of resamples"
    }

    fn explanation(&self) -> &'static str {
        "largest k within a standard error of the highest adjusted Rand index"
    }

    fn source(&self) -> Source<'_> {
        Source::Points(self)
    }
}

impl OfPoints for BootstrapStability {
    fn curve(&self, task: &Resampled) -> Result<Curve> {
        let resampling = Resampling { repetitions: task.stability_resamples, points: task.size() };
        let found = stability(task.points, task.ks, resampling, task.seed, task.cancel)?;
        let values = found.iter().map(|found| (found.k, found.mean, found.error)).collect();
        Ok(Curve { values, rule: Rule::OneStandardError })
    }
}

/// How well two clusterings of resampled points agree, over pairs of resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// Number of clusters.
    pub k: u32,
    /// Mean adjusted Rand index of the two clusterings of a pair.
    pub mean: f64,
    /// Its standard error: the standard deviation over the pairs, divided by the root of their number.
    pub error: f64,
}

/// The bootstrap stability of K-Means for each k: the mean adjusted Rand index of the clusterings of two resamples.
///
/// For each of `resampling.repetitions` pairs, two resamples are drawn from the points with replacement, each of as many points as there
/// are but `resampling.points` at most. K-Means clusters both; then the points of a third random choice, the same for all k of the
/// pair, get the nearest centroid of either, and the adjusted Rand index compares the two. 1 says that every resample has the
/// same clusters; small k tend to be more stable, so that the largest k that is as stable as the best counts.
///
/// A k that has not enough distinct points in some resample is left out.
///
/// # Errors
/// When the user interrupts, and those of [`kmeans`].
///
/// # Reference
/// Y. Fang and J. Wang, "Selection of the number of clusters via the bootstrap method", Computational Statistics and Data
/// Analysis 56 (2012), 468-477, with the adjusted Rand index as its measure of agreement, as in C. Hennig, "Cluster-wise
/// assessment of cluster stability", Computational Statistics and Data Analysis 52 (2007), 258-271.
pub fn stability<'a>(
    points: impl Into<Points<'a>>,
    ks: &[u32],
    resampling: Resampling,
    seed: u32,
    cancel: Cancellation,
) -> Result<Vec<Stability>> {
    let points = points.into();
    let total = resampling.repetitions * ks.len();
    let phase = Phase::new(tracing::info_span!("stability", unit = "pairs"), total);
    let _entered = phase.enter();
    let agreements: Vec<Vec<Option<f64>>> = (0..resampling.repetitions as u64)
        .into_par_iter()
        .map(|pair| agreements(points, ks, resampling, seed, pair, &phase, cancel))
        .collect::<Result<_>>()?;
    let pairs = agreements.len() as f64;
    let of = |(index, &k): (usize, &u32)| {
        let found: Vec<f64> = agreements.iter().map(|pair| pair[index]).collect::<Option<_>>()?;
        let mean = found.iter().sum::<f64>() / pairs;
        let variance = found.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (pairs - 1.0).max(1.0);
        Some(Stability { k, mean, error: (variance / pairs).sqrt() })
    };
    Ok(ks.iter().enumerate().filter_map(of).collect())
}

/// The agreement of one pair of resamples for each k; none where a resample has too few distinct points.
fn agreements(
    points: Points<'_>,
    ks: &[u32],
    resampling: Resampling,
    seed: u32,
    pair: u64,
    phase: &Phase,
    cancel: Cancellation,
) -> Result<Vec<Option<f64>>> {
    let mut rng = generator(u64::from(seed), "stability", pair);
    let all = points.nrows();
    let count = all.min(resampling.points);
    let mut resample = || rows(points, &(0..count).map(|_| rng.gen_range(0..all as u32)).collect::<Vec<_>>());
    let resamples = [resample(), resample()];
    let compared = Prepared::owned(rows(points, &choose(&mut rng, all, count)));
    let largest = ks.last().map_or(0, |&k| k as usize);
    let distinct = resamples.iter().map(|points| count_distinct(points.view(), largest)).min().unwrap_or(0);
    let resamples = resamples.map(Prepared::owned);
    let of = |&k: &u32| {
        phase.add(1);
        if (k as usize) > distinct {
            return Ok(None);
        }
        let clusters = |half: u64, points: &Prepared<'_>| -> Result<Vec<u32>> {
            let rng = generator(u64::from(seed), "stability k-means", pair << 33 | half << 32 | u64::from(k));
            let _fit = tracing::info_span!("fit", method = "k-means", k, pair).entered();
            let params = params(k as usize, points.dimensions());
            assign(&compared, &roughly(points, params, &rng, cancel)?.centroids, cancel)
        };
        let (first, second) = (clusters(0, &resamples[0])?, clusters(1, &resamples[1])?);
        adjusted_rand_index(&first, &second).map(Some)
    };
    ks.iter().map(of).collect()
}
