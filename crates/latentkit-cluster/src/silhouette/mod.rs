//! The exact silhouette of several clusterings of the same points, in one pass over the pairs of points.

mod cells;
mod kernel;
mod narrow;
mod queries;
mod rows;
#[cfg(test)]
mod tests;
mod tile;
mod wide;
mod work;

use std::collections::HashMap;

use latentkit_core::{Cancellation, Error, Phase, Result};

use crate::clusters::Clusters;
use crate::points::{Points, check_points};
use crate::simd::Simd;
use cells::{Cells, by_pass};
use queries::Queries;
use rows::{NARROW, Rows};
use work::Work;

/// The silhouette of a clustering.
#[derive(Clone, Debug, PartialEq)]
pub struct Silhouette {
    /// Mean over all points, -1 to 1.
    pub mean: f64,
    /// Of each point, -1 to 1.
    pub points: Vec<f64>,
}

/// The mean silhouette of a clustering, estimated from a random sample of the points.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledSilhouette {
    /// Mean over the sample, an unbiased estimate of that over all points.
    pub mean: f64,
    /// Confidence interval of 95 % of the mean over all points, within -1 and 1.
    pub interval: [f64; 2],
    /// Of each point of the sample, exact, in its order.
    pub points: Vec<f64>,
}

/// Computes the silhouette of every point for several clusterings of the same points.
///
/// For a point i of cluster C, with d the Euclidean distance,
///
/// - a(i) = mean of d(i, j) over the other points j of C,
/// - b(i) = least, over the other clusters D, of the mean of d(i, j) over the points j of D,
/// - s(i) = (b(i) - a(i)) / max(a(i), b(i)),
///
/// and s(i) = 0 where C has no other point or a(i) = b(i) = 0.
///
/// `points` is [n, dimensions]; each of `clusterings` names the cluster of every point, [n], by any numbers. The
/// distances do not depend on the clustering, so all clusterings cost little more than one: n² distances. Memory is that of
/// the points and, for each point and clustering, of the result and one byte, or two from 257 clusters on; of points of many
/// dimensions also 8 bytes for each point and cluster, where that is less than a third of the points or 128 MiB.
///
/// Each distance is computed in f32 from the differences of the coordinates, each rounded once, so that points far from the
/// origin lose nothing; of points of many dimensions from their norms and products, where that loses few digits. The sums are
/// f64. The mean is within 1e-6 of that of exact arithmetic, whatever the offsets and scales of the columns; differences below
/// 1e-19 of the widest range of a column count as none. The result does not depend on the number of threads, and differs
/// between processors by about 1e-7.
///
/// # Errors
/// When a clustering has another number of points, one cluster or as many clusters as points; when a coordinate is not
/// finite; and when the user interrupts.
///
/// # Reference
/// P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", Journal of
/// Computational and Applied Mathematics 20 (1987), 53-65.
///
/// ```
/// use latentkit_cluster::silhouette;
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [5.0], [7.0]];
/// let [found] = silhouette(points.view(), &[&[0, 0, 1, 1]], Cancellation::never())?.try_into().unwrap();
/// // The first point: a = 1, b = (5 + 7) / 2 = 6, s = (6 - 1) / 6.
/// assert!((found.points[0] - 5.0 / 6.0).abs() < 1e-6);
/// // The third point: a = 2, b = (5 + 4) / 2 = 4.5, s = (4.5 - 2) / 4.5.
/// assert!((found.points[2] - 5.0 / 9.0).abs() < 1e-6);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn silhouette<'a>(
    points: impl Into<Points<'a>>,
    clusterings: &[&[u32]],
    cancel: Cancellation,
) -> Result<Vec<Silhouette>> {
    silhouette_with(Simd::best(), points.into(), clusterings, cancel)
}

/// Estimates the mean silhouettes of several clusterings of the same points from the silhouettes of some of them.
///
/// `sample` numbers points, each at most once, drawn at random from all. The silhouette of each of these m points is exact:
/// it is compared with all n points, at the cost of m n distances. Their mean is an unbiased estimate of the mean over all
/// points, with the confidence interval mean ± 1.96 s sqrt((1 - m / n) / m), s being their standard deviation: the central
/// limit theorem with the correction for a finite population (W. G. Cochran, "Sampling techniques", 1977, 2.6 to 2.8).
///
/// Silhouettes within the sample alone, as some libraries compute them, would be biased: a cluster of which few points are
/// drawn has other means.
///
/// # Errors
/// As [`silhouette`]; and when the sample has fewer than two points.
pub fn silhouette_sampled<'a>(
    points: impl Into<Points<'a>>,
    clusterings: &[&[u32]],
    sample: &[u32],
    cancel: Cancellation,
) -> Result<Vec<SampledSilhouette>> {
    let points = points.into();
    if sample.len() < 2 {
        return Err(
            Error::failed("a sampled silhouette needs two points or more").found(sample.len().to_string())
        );
    }
    let clusterings = compact(clusterings.iter().map(|clusters| clusters.iter().copied()));
    let found = passes(Simd::best(), points, clusterings, Some(sample), cancel)?;
    let share = sample.len() as f64 / points.nrows() as f64;
    Ok(found.into_iter().map(|points| estimate(points, share)).collect())
}

/// The silhouettes of all points, or of those of a sample, for each of some clusterings that take little memory.
pub(crate) fn of_clusters(
    points: Points<'_>,
    clusterings: &[&Clusters],
    sample: Option<&[u32]>,
    cancel: Cancellation,
) -> Result<Vec<Vec<f64>>> {
    let clusterings = compact(clusterings.iter().map(|clusters| clusters.iter()));
    passes(Simd::best(), points, clusterings, sample, cancel)
}

/// The estimate from the silhouettes of a sample, which is this share of all points.
pub(crate) fn estimate(points: Vec<f64>, share: f64) -> SampledSilhouette {
    let count = points.len() as f64;
    let mean = points.iter().sum::<f64>() / count;
    let variance = points.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let reach = 1.96 * (variance * (1.0 - share) / count).sqrt();
    SampledSilhouette { mean, interval: [(mean - reach).max(-1.0), (mean + reach).min(1.0)], points }
}

/// As [`silhouette`], with a given instruction set.
pub(crate) fn silhouette_with<'a>(
    simd: Simd,
    points: impl Into<Points<'a>>,
    clusterings: &[&[u32]],
    cancel: Cancellation,
) -> Result<Vec<Silhouette>> {
    let clusterings = compact(clusterings.iter().map(|clusters| clusters.iter().copied()));
    let found = passes(simd, points.into(), clusterings, None, cancel)?;
    Ok(found.into_iter().map(|points| Silhouette { mean: mean(&points), points }).collect())
}

/// The mean of the silhouettes of all points.
pub(crate) fn mean(silhouettes: &[f64]) -> f64 {
    silhouettes.iter().sum::<f64>() / silhouettes.len() as f64
}

/// The silhouettes of all points, or of those of a sample, for each clustering, given with the number of its clusters.
fn passes(
    simd: Simd,
    points: Points<'_>,
    clusterings: Vec<(Clusters, usize)>,
    sample: Option<&[u32]>,
    cancel: Cancellation,
) -> Result<Vec<Vec<f64>>> {
    let count = points.nrows();
    let total = sample.map_or(count, <[_]>::len) * clusterings.len();
    let phase = Phase::new(tracing::info_span!("silhouettes", unit = "silhouettes"), total);
    let _entered = phase.enter();
    check_points(points)?;
    for (clusters, found) in &clusterings {
        cancel.check()?;
        if clusters.len() != count {
            return Err(Error::failed("cannot compute the silhouette of a clustering of other points")
                .expected(format!("the clusters of {count} points"))
                .found(format!("those of {}", clusters.len())));
        }
        if *found < 2 || *found >= count {
            return Err(Error::failed(format!(
                "the silhouette of {found} clusters of {count} points is undefined"
            ))
            .expected(format!("2 to {} clusters", count.saturating_sub(1)))
            .found(found.to_string()));
        }
    }

    let (clusterings, places) = distinct(clusterings);
    phase.add(total - total / places.len().max(1) * clusterings.len());
    let mut silhouettes = Vec::with_capacity(clusterings.len());
    for pass in by_pass(clusterings, points.ncols()) {
        silhouettes.extend(one_pass(simd, points.view(), &pass, sample, &phase, cancel)?);
    }
    let mut left = vec![0; silhouettes.len()];
    for &place in &places {
        left[place] += 1;
    }
    let of_place = |place: usize| {
        left[place] -= 1;
        if left[place] > 0 { silhouettes[place].clone() } else { std::mem::take(&mut silhouettes[place]) }
    };
    Ok(places.into_iter().map(of_place).collect())
}

/// The clusterings without those that are the same as one before, and the place of each among them.
fn distinct(clusterings: Vec<(Clusters, usize)>) -> (Vec<(Clusters, usize)>, Vec<usize>) {
    let mut distinct: Vec<(Clusters, usize)> = Vec::new();
    let mut places = Vec::with_capacity(clusterings.len());
    for clustering in clusterings {
        let same = distinct.iter().position(|other| *other == clustering);
        places.push(same.unwrap_or(distinct.len()));
        if same.is_none() {
            distinct.push(clustering);
        }
    }
    (distinct, places)
}

/// Renames the clusters of each clustering to 0, 1, ... in the order of their first points, so that names do not matter.
/// Returns them with their number.
fn compact(clusterings: impl Iterator<Item = impl Iterator<Item = u32>>) -> Vec<(Clusters, usize)> {
    let compact = |clusters: &mut dyn Iterator<Item = u32>| {
        let mut names = HashMap::new();
        let renamed: Vec<u32> = clusters
            .map(|cluster| {
                let next = names.len() as u32;
                *names.entry(cluster).or_insert(next)
            })
            .collect();
        (Clusters::new(renamed.into_iter(), names.len()), names.len())
    };
    clusterings.map(|mut clusters| compact(&mut clusters)).collect()
}

/// The silhouettes of clusterings whose clusters count from 0 without a gap: those of all points, or of the points of `sample` in
/// its order.
fn one_pass(
    simd: Simd,
    points: Points<'_>,
    clusterings: &[Clusters],
    sample: Option<&[u32]>,
    phase: &Phase,
    cancel: Cancellation,
) -> Result<Vec<Vec<f64>>> {
    let cells = Cells::new(clusterings, cancel)?;
    let rows = Rows::new(points, &cells.order, cancel)?;
    let queries = Queries::new(&cells, sample);
    let work = Work { simd, rows: &rows, cells: &cells, queries: &queries, phase, cancel };
    match rows.dimensions {
        0 => Ok(vec![vec![0.0; queries.count()]; clusterings.len()]),
        1..=NARROW if rows.rests.is_none() => narrow::silhouettes(&work),
        _ => wide::silhouettes(&work),
    }
}
