//! The points as their distances are computed.

use latentkit_core::{Cancellation, Result};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use crate::points::Points;

/// Axes up to which distances are computed from differences.
pub(super) const NARROW: usize = 24;

/// Points of which the middle of an axis is taken.
const SHIFTING: usize = 101;

/// Points that are copied between two looks at whether the user wants to stop.
const LOOK: usize = 4096;

/// The points in the order of the cells. Axes on which all points are equal are left out, and the rest is multiplied by the
/// power of two that takes the widest range of a coordinate to 1 or so. The silhouette does not change, and no square of a
/// difference overflows.
pub(super) struct Rows {
    /// [n, dimensions].
    pub(super) values: Vec<f32>,
    /// What f32 leaves of them, where that matters: [n, dimensions].
    pub(super) rests: Option<Vec<f32>>,
    /// Their squared norms, where there are more than [`NARROW`] dimensions or rests: [n].
    pub(super) squares: Vec<f32>,
    pub(super) dimensions: usize,
}

impl Rows {
    pub(super) fn new(points: Points<'_>, order: &[u32], cancel: Cancellation) -> Result<Self> {
        let (points, rests) = (points.values(), points.rests());
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
        let dimensions = axes.len();
        let by_products = dimensions > NARROW || rests.is_some();
        let shifts = if by_products { shifts(points, &axes, cancel)? } else { vec![0.0; dimensions] };
        let mut values = Vec::with_capacity(order.len() * dimensions);
        let mut of_values = rests.map(|_| Vec::with_capacity(order.len() * dimensions));
        for order in order.chunks(LOOK) {
            cancel.check()?;
            for &point in order {
                let row = points.row(point as usize);
                let of = |(&axis, &shift): (&usize, &f64)| ((f64::from(row[axis]) - shift) * scale) as f32;
                values.extend(axes.iter().zip(&shifts).map(of));
                if let (Some(of_values), Some(rests)) = (&mut of_values, rests) {
                    let row = rests.row(point as usize);
                    of_values.extend(axes.iter().map(|&axis| (f64::from(row[axis]) * scale) as f32));
                }
            }
        }
        let squares = if by_products { squares(&values, dimensions) } else { Vec::new() };
        Ok(Self { values, rests: of_values, squares, dimensions })
    }

    /// Some of them, by position.
    pub(super) fn of(rows: &Self, positions: impl Iterator<Item = usize> + Clone) -> Self {
        Self {
            values: positions.clone().flat_map(|position| rows.row(position)).copied().collect(),
            rests: rows.rests.as_ref().map(|rests| {
                let row = |at: usize| &rests[at * rows.dimensions..(at + 1) * rows.dimensions];
                positions.clone().flat_map(row).copied().collect()
            }),
            squares: positions.map(|position| rows.squares[position]).collect(),
            dimensions: rows.dimensions,
        }
    }

    /// The row of a point.
    pub(super) fn row(&self, position: usize) -> &[f32] {
        &self.values[position * self.dimensions..(position + 1) * self.dimensions]
    }
}

/// The squared norm of each row: [n].
fn squares(rows: &[f32], dimensions: usize) -> Vec<f32> {
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
