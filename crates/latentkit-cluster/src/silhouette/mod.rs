//! The exact silhouette of several clusterings of the same points, in one pass over the pairs of points.

mod cells;
mod kernel;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use crate::clusters::Clusters;
use crate::points::check_points;
use crate::simd::Simd;
use cells::Cells;
use kernel::{ClusterSums, NARROW};

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

/// Clusters, over all clusterings, whose sums a thread keeps at once: 4 MiB. A larger sweep takes several passes.
const CLUSTERS_PER_PASS: usize = 8192;

/// Silhouettes that are in memory before they are put in the order of the points: 8 MiB.
const SILHOUETTES_AT_ONCE: usize = 1 << 20;

/// Points of which the middle of an axis is taken.
const SHIFTING: usize = 101;

/// Points that are copied between two looks at whether the user wants to stop.
const LOOK: usize = 4096;

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
/// the points and, for each point and clustering, of the result and one byte, or two from 257 clusters on. Each distance is computed in f32 from the differences of
/// the coordinates, each rounded once, so that points far from the origin lose nothing; of points of many dimensions from their
/// norms and products, where that loses few digits. The sums are f64. The mean is
/// within 1e-6 of that of exact arithmetic, whatever the offsets and scales of the columns; differences below 1e-19 of
/// the widest range of a column count as none. The result does not depend on the number of threads, and differs between
/// processors by about 1e-7.
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
pub fn silhouette(
    points: ArrayView2<'_, f32>,
    clusterings: &[&[u32]],
    cancel: Cancellation,
) -> Result<Vec<Silhouette>> {
    silhouette_with(Simd::best(), points, clusterings, cancel)
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
pub fn silhouette_sampled(
    points: ArrayView2<'_, f32>,
    clusterings: &[&[u32]],
    sample: &[u32],
    cancel: Cancellation,
) -> Result<Vec<SampledSilhouette>> {
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
    points: ArrayView2<'_, f32>,
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
pub(crate) fn silhouette_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    clusterings: &[&[u32]],
    cancel: Cancellation,
) -> Result<Vec<Silhouette>> {
    let clusterings = compact(clusterings.iter().map(|clusters| clusters.iter().copied()));
    let found = passes(simd, points, clusterings, None, cancel)?;
    Ok(found.into_iter().map(|points| Silhouette { mean: mean(&points), points }).collect())
}

/// The mean of the silhouettes of all points.
pub(crate) fn mean(silhouettes: &[f64]) -> f64 {
    silhouettes.iter().sum::<f64>() / silhouettes.len() as f64
}

/// The silhouettes of all points, or of those of a sample, for each clustering, given with the number of its clusters.
fn passes(
    simd: Simd,
    points: ArrayView2<'_, f32>,
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

    let mut silhouettes = Vec::with_capacity(clusterings.len());
    let mut rest = clusterings.into_iter().peekable();
    while rest.peek().is_some() {
        let (mut pass, mut clusters) = (Vec::new(), 0);
        while let Some((next, found)) =
            rest.next_if(|(_, found)| pass.is_empty() || clusters + found <= CLUSTERS_PER_PASS)
        {
            pass.push(next);
            clusters += found;
        }
        // The compiler fills registers of 512 bits only where a block has four of them; of shorter registers, such a
        // block takes more than there are.
        silhouettes.extend(if simd.has_512_bits() {
            one_pass::<64>(simd, points, &pass, sample, &phase, cancel)?
        } else {
            one_pass::<32>(simd, points, &pass, sample, &phase, cancel)?
        });
    }
    Ok(silhouettes)
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

/// Computes the silhouettes of clusterings whose clusters count from 0 without a gap, of `LANES` points at a time: those of
/// all points, or of the points of `sample` in its order.
fn one_pass<const LANES: usize>(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    clusterings: &[Clusters],
    sample: Option<&[u32]>,
    phase: &Phase,
    cancel: Cancellation,
) -> Result<Vec<Vec<f64>>> {
    let cells = Cells::new(clusterings, cancel)?;
    let (sorted, dimensions) = scaled_rows(points, &cells.order, cancel)?;
    let wanted = Queries::new(&cells, sample);
    let count = wanted.count();
    if dimensions == 0 {
        return Ok(vec![vec![0.0; count]; clusterings.len()]);
    }
    let norms = if dimensions > NARROW { squared_norms(&sorted, dimensions) } else { Vec::new() };

    let mut silhouettes = vec![vec![0.0; count]; clusterings.len()];
    let at_once = (SILHOUETTES_AT_ONCE / (LANES * clusterings.len())).max(64);
    let blocks: Vec<usize> = (0..count.div_ceil(LANES)).collect();
    for group in blocks.chunks(at_once) {
        // Each block of points is on its own, so the number of threads cannot change the result.
        let found: Vec<Vec<f64>> = group
            .par_iter()
            .map_init(
                || vec![[0.0; LANES]; cells.sizes.len()],
                |sums, block| {
                    cancel.check()?;
                    let first = block * LANES;
                    let used = LANES.min(count - first);
                    // The lanes behind the last point repeat it; their sums are not read.
                    let position = |lane: usize| wanted.position(first + lane.min(used - 1));
                    let lanes: Vec<[f32; LANES]> = (0..dimensions)
                        .map(|axis| std::array::from_fn(|lane| sorted[position(lane) * dimensions + axis]))
                        .collect();
                    sums.fill([0.0; LANES]);
                    let (points, norms) = (&sorted, &norms);
                    let own_norms =
                        std::array::from_fn(|lane| norms.get(position(lane)).copied().unwrap_or(0.0));
                    let block = &lanes;
                    simd.call(ClusterSums { block, points, norms, own_norms, cells: &cells, sums, cancel });
                    cancel.check()?;
                    phase.add(used * clusterings.len());
                    Ok((0..clusterings.len())
                        .flat_map(|clustering| (0..used).map(move |lane| (clustering, lane)))
                        .map(|(clustering, lane)| of_point(&cells, sums, clustering, position(lane), lane))
                        .collect())
                },
            )
            .collect::<Result<_>>()?;
        for (block, found) in group.iter().zip(found) {
            let used = found.len() / clusterings.len();
            for (silhouettes, found) in silhouettes.iter_mut().zip(found.chunks_exact(used)) {
                for (lane, &value) in found.iter().enumerate() {
                    silhouettes[wanted.place(block * LANES + lane)] = value;
                }
            }
        }
    }
    Ok(silhouettes)
}

/// The points whose silhouettes are wanted, in the order in which they are computed.
struct Queries<'a> {
    order: &'a [u32],
    /// Position in `order` of each point of the sample, where not all points are wanted.
    sample: Option<Vec<u32>>,
}

impl<'a> Queries<'a> {
    fn new(cells: &'a Cells, sample: Option<&[u32]>) -> Self {
        let sample = sample.map(|sample| {
            let mut positions = vec![0; cells.order.len()];
            for (position, &point) in (0..).zip(&cells.order) {
                positions[point as usize] = position;
            }
            sample.iter().map(|&point| positions[point as usize]).collect()
        });
        Self { order: &cells.order, sample }
    }

    fn count(&self) -> usize {
        self.sample.as_ref().map_or(self.order.len(), Vec::len)
    }

    /// The position in the order of the cells of the point that is computed so many'th.
    fn position(&self, index: usize) -> usize {
        self.sample.as_ref().map_or(index, |sample| sample[index] as usize)
    }

    /// Where the result of that point belongs.
    fn place(&self, index: usize) -> usize {
        if self.sample.is_some() { index } else { self.order[index] as usize }
    }
}

/// The rows of `points` in the given order, [n, axes], and the number of axes. Axes on which all points are equal are
/// left out, and the rest is multiplied by the power of two that takes the widest range of a coordinate to 1 or so. The
/// silhouette does not change, and no square of a difference overflows.
fn scaled_rows(
    points: ArrayView2<'_, f32>,
    order: &[u32],
    cancel: Cancellation,
) -> Result<(Vec<f32>, usize)> {
    let mut ends = vec![[f32::INFINITY, f32::NEG_INFINITY]; points.ncols()];
    for points in points.axis_chunks_iter(Axis(0), LOOK) {
        cancel.check()?;
        for point in points.rows() {
            for ([least, most], &value) in ends.iter_mut().zip(point) {
                (*least, *most) = (least.min(value), most.max(value));
            }
        }
    }
    let ranges = ends.into_iter().map(|[least, most]| f64::from(most) - f64::from(least));
    let ranges: Vec<(usize, f64)> = ranges.enumerate().filter(|&(_, range)| range > 0.0).collect();
    let widest = ranges.iter().fold(0.0, |widest, &(_, range)| range.max(widest));
    let scale = f64::log2(widest).floor().exp2().recip();
    let axes: Vec<usize> = ranges.iter().map(|&(axis, _)| axis).collect();
    let shifts = if axes.len() > NARROW { shifts(points, &axes, cancel)? } else { vec![0.0; axes.len()] };
    let mut rows = Vec::with_capacity(order.len() * axes.len());
    for order in order.chunks(LOOK) {
        cancel.check()?;
        for &point in order {
            let row = points.row(point as usize);
            let of = |(&axis, &shift): (&usize, &f64)| ((f64::from(row[axis]) - shift) * scale) as f32;
            rows.extend(axes.iter().zip(&shifts).map(of));
        }
    }
    Ok((rows, axes.len()))
}

/// The squared norm of each row: [n].
fn squared_norms(rows: &[f32], dimensions: usize) -> Vec<f32> {
    let square = |row: &[f32]| row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() as f32;
    rows.par_chunks(dimensions).with_min_len(LOOK).map(square).collect()
}

/// What can be subtracted from each of some axes without any rounding: a coordinate in the middle of some points, so that most
/// are small beside the distances, or 0 where f32 does not hold all the differences.
#[expect(clippy::float_cmp, reason = "asks whether f32 holds the same number")]
fn shifts(points: ArrayView2<'_, f32>, axes: &[usize], cancel: Cancellation) -> Result<Vec<f64>> {
    let step = points.nrows().div_ceil(SHIFTING);
    let middle = |&axis: &usize| {
        let mut some: Vec<f32> = points.column(axis).iter().copied().step_by(step).collect();
        let middle = some.len() / 2;
        f64::from(*some.select_nth_unstable_by(middle, f32::total_cmp).1)
    };
    let mut shifts: Vec<f64> = axes.iter().map(middle).collect();
    for points in points.axis_chunks_iter(Axis(0), LOOK) {
        cancel.check()?;
        for point in points.rows() {
            for (&axis, shift) in axes.iter().zip(&mut shifts) {
                let shifted = f64::from(point[axis]) - *shift;
                if f64::from(shifted as f32) != shifted {
                    *shift = 0.0;
                }
            }
        }
    }
    Ok(shifts)
}

/// The silhouette of the point at `position` of the cells' order, from the sums of its lane.
fn of_point<const LANES: usize>(
    cells: &Cells,
    sums: &[[f64; LANES]],
    clustering: usize,
    position: usize,
    lane: usize,
) -> f64 {
    let own = cells.cluster_at(position, clustering);
    if cells.sizes[own] == 1 {
        return 0.0;
    }
    // The distance of the point to itself is exactly 0, so its own sum needs no correction.
    let a = sums[own][lane] / f64::from(cells.sizes[own] - 1);
    let b = cells
        .clusters(clustering)
        .filter(|&cluster| cluster != own)
        .map(|cluster| sums[cluster][lane] / f64::from(cells.sizes[cluster]))
        .fold(f64::INFINITY, f64::min);
    let larger = a.max(b);
    if larger > 0.0 { (b - a) / larger } else { 0.0 }
}
