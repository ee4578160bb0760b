//! The gap statistic.

use latentkit_core::rng::{Rng, generator};
use latentkit_core::{Cancellation, Phase, Result};
use ndarray::{Array2, ArrayView1, ArrayView2};
use rand::Rng as _;
use rayon::prelude::*;

use super::definition::{Curve, Definition, OfPoints, Resampled, Source};
use super::resample::{Resampling, choose, params, rows};
use crate::kmeans::roughly;
use crate::points::{Points, count_distinct};
use crate::prepared::Prepared;
use crate::projection::principal_ranges;
use crate::select_k::Rule;

pub(super) struct GapStatistic;

impl Definition for GapStatistic {
    fn column(&self) -> &'static str {
        "gap"
    }

    fn key(&self) -> &'static str {
        "gap"
    }

    fn title(&self) -> &'static str {
        "the gap statistic"
    }

    fn heading(&self) -> &'static str {
        "Gap statistic"
    }

    fn explanation(&self) -> &'static str {
        "smallest k that the next does not beat by a standard error"
    }

    fn source(&self) -> Source<'_> {
        Source::Points(self)
    }
}

impl OfPoints for GapStatistic {
    fn curve(&self, task: &Resampled) -> Result<Curve> {
        let resampling = Resampling { repetitions: task.gap_references, points: task.size() };
        let ks: Vec<u32> = [1].into_iter().chain(task.ks.iter().copied()).collect();
        let found = gap(task.points, &ks, resampling, task.seed, task.cancel)?;
        let values = found.iter().map(|gap| (gap.k, gap.value, gap.error)).collect();
        Ok(Curve { values, rule: gap_rule(&found) })
    }
}

/// The rule of the gap statistic: one cluster unless some k leads over it by more than four standard errors of the difference.
///
/// The paper compares one cluster with two by one error, as it does with all k. That calls up to a third of the sets of some kinds
/// of points without clusters clustered, and of three clusters in a row sees one, since two are no better. Four errors of ten
/// reference sets are exceeded by one set in two hundred.
pub(crate) fn gap_rule(found: &[Gap]) -> Rule {
    let leads = |gap: &Gap| gap.value - found[0].value > 4.0 * gap.error_from_first;
    Rule::Gap { one: !found.iter().any(leads) }
}

/// The gap statistic of a k.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Number of clusters.
    pub k: u32,
    /// How much lower the logarithm of the inertia is than for points without clusters.
    pub value: f64,
    /// Its standard error, s of the paper: the standard deviation over the reference sets times sqrt(1 + 1 / sets).
    pub error: f64,
    /// The same of its difference from the first k, 0 for that: the logarithms of a set go up and down together.
    pub error_from_first: f64,
}

/// The gap statistic for each k, Gap(k) = E*[ln W*] - ln W, with W the inertia of the points and W* that of points drawn
/// uniformly from a box around them: the smaller one of that along the columns and that along their principal axes (variants a and
/// b of the paper). It is defined from k = 1 on.
///
/// Of points without clusters that fill a box, the one along their principal axes can be much too large, since these follow
/// from few points: such points would be said to have clusters.
///
/// Of more than `resampling.points` points, [n, d], that many are drawn, and the statistic is that of these. They and each of
/// `resampling.repetitions` reference sets, which have as many points, are clustered in the same way, so that the
/// difference of their inertias is one of the points alone. The box is scaled to a side of 1 to 2, so that
/// neither tiny nor huge points change anything; no f32 is too large. Set i and k have a random stream of
/// their own, so that the result does not depend on the number of threads.
///
/// A k is left out where the points or a reference set have not more points than that or too few distinct ones, and where the
/// inertia of the points is 0.
///
/// # Errors
/// When the user interrupts, and those of [`kmeans`].
///
/// # Reference
/// R. Tibshirani, G. Walther and T. Hastie, "Estimating the number of clusters in a data set via the gap statistic", Journal
/// of the Royal Statistical Society B 63 (2001), 411-423.
pub fn gap<'a>(
    points: impl Into<Points<'a>>,
    ks: &[u32],
    resampling: Resampling,
    seed: u32,
    cancel: Cancellation,
) -> Result<Vec<Gap>> {
    let mut rng = generator(u64::from(seed), "gap sample", 0);
    let points = points.into();
    let points = rows(points, &choose(&mut rng, points.nrows(), resampling.points));
    let mut sides = smaller(column_ranges(points.view()), principal_ranges(points.view(), cancel)?);
    let widest = sides.iter().copied().fold(0.0, f64::max);
    if widest <= 0.0 {
        return Ok(Vec::new());
    }
    let unit = widest.log2().floor().exp2();
    // K-Means does not ask how the box lies in space, and nothing happens along sides of length 0.
    sides.retain(|&side| side > 0.0);
    for side in &mut sides {
        *side /= unit;
    }

    let stream = |purpose: &'static str, set: u64| {
        move |k: u32| generator(u64::from(seed), purpose, set << 32 | u64::from(k))
    };
    let phase = Phase::new(tracing::info_span!("gap", unit = "sets"), resampling.repetitions + 1);
    let _entered = phase.enter();
    // The first set is that of the points themselves.
    let mut references: Vec<Vec<Option<f64>>> = (0..=resampling.repetitions as u64)
        .into_par_iter()
        .map(|set| {
            let found = match set.checked_sub(1) {
                None => logarithms(points.view(), unit, ks, stream("gap points", 0), cancel),
                Some(set) => {
                    let reference = uniform(&sides, points.nrows(), seed, set);
                    logarithms(reference.view(), 1.0, ks, stream("gap k-means", set), cancel)
                }
            };
            phase.add(1);
            found
        })
        .collect::<Result<_>>()?;
    let own = references.remove(0);

    let sets = references.len() as f64;
    let deviation = |values: &[f64], less: f64| {
        let mean = values.iter().sum::<f64>() / sets;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        (squares / (sets - less) * (1.0 + 1.0 / sets)).sqrt()
    };
    let mut found = Vec::new();
    let mut first: Option<Vec<f64>> = None;
    for (index, (&k, own)) in ks.iter().zip(own).enumerate() {
        let of_references = references.iter().map(|set| set[index]).collect::<Option<Vec<_>>>();
        let (Some(own), Some(references)) = (own, of_references) else { continue };
        let differences = first
            .as_ref()
            .map(|first| references.iter().zip(first).map(|(own, first)| own - first).collect::<Vec<_>>());
        found.push(Gap {
            k,
            value: references.iter().sum::<f64>() / sets - own,
            error: deviation(&references, 0.0),
            error_from_first: differences.map_or(0.0, |differences| deviation(&differences, 1.0)),
        });
        first.get_or_insert(references);
    }
    Ok(found)
}

/// The side lengths of the box around `points`, [n, dimensions], that is aligned with their columns.
fn column_ranges(points: ArrayView2<'_, f32>) -> Vec<f64> {
    let range = |column: ArrayView1<'_, f32>| {
        let ends = column.iter().map(|&value| f64::from(value));
        ends.clone().fold(f64::NEG_INFINITY, f64::max) - ends.fold(f64::INFINITY, f64::min)
    };
    points.columns().into_iter().map(range).collect()
}

/// The box of less volume, where sides that are nothing but rounding count as equally short.
fn smaller(first: Vec<f64>, second: Vec<f64>) -> Vec<f64> {
    let widest = first.iter().chain(&second).copied().fold(0.0, f64::max);
    let volume = |sides: &[f64]| sides.iter().map(|&side| (side / widest).max(1e-9).ln()).sum::<f64>();
    if volume(&second) < volume(&first) { second } else { first }
}

/// The logarithm of the inertia of `points` in units of `unit`, for each k; none where there are too few points or too few
/// distinct ones, or the inertia is 0.
fn logarithms(
    points: ArrayView2<'_, f32>,
    unit: f64,
    ks: &[u32],
    rng: impl Fn(u32) -> Rng,
    cancel: Cancellation,
) -> Result<Vec<Option<f64>>> {
    let largest = ks.last().map_or(0, |&k| k as usize);
    let distinct = count_distinct(points, largest);
    let prepared = Prepared::new(points);
    let of = |&k: &u32| {
        if k as usize > distinct || k as usize >= points.nrows() {
            return Ok(None);
        }
        let params = params(k as usize, points.ncols());
        let inertia = roughly(&prepared, params, &rng(k), cancel)?.inertia / unit / unit;
        // Of points that are equal to their centroids, what rounding leaves.
        let rounding = points.nrows() as f64 * f64::EPSILON.powi(2);
        Ok((inertia > rounding).then(|| inertia.ln()))
    };
    ks.iter().map(of).collect()
}

/// Points drawn uniformly from the box of these side lengths.
fn uniform(sides: &[f64], count: usize, seed: u32, set: u64) -> Array2<f32> {
    let mut rng = generator(u64::from(seed), "gap reference", set);
    Array2::from_shape_fn((count, sides.len()), |(_, axis)| (rng.r#gen::<f64>() * sides[axis]) as f32)
}
