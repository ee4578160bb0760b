//! The points as the iterations read them.

use ndarray::{Array2, ArrayView2};

use super::functions::ln;

/// Points of a block; each has a lane of every vector register.
pub(super) const LANES: usize = 16;

/// One number of each point of a block.
pub(super) type Lanes = [f64; LANES];

/// Blocks of a group: what the loops look at in one go.
pub(super) const BLOCKS: usize = 8;

/// Points of a group.
pub(super) const GROUP: usize = BLOCKS * LANES;

/// Parts at most that the points are divided into; threads beyond that many have no work.
const PARTS: usize = 64;

/// The points, each column less its mean and divided by its standard deviation, in f64. Columns whose numbers are all
/// equal are left out.
pub(super) struct Standardised {
    blocks: Vec<Lanes>, // [n / LANES rounded up, columns]; the lanes behind the last point hold 0
    count: usize,
    /// Which columns of the points vary, ascending.
    columns: Vec<usize>,
    /// Mean of every column of the points: [dimensions].
    mean: Vec<f64>,
    /// Standard deviation of every column, by n: [dimensions]. 0 where it is constant.
    deviation: Vec<f64>,
}

impl Standardised {
    /// Standardises `points`, [n, dimensions], of which there is at least one.
    pub(super) fn new(points: ArrayView2<'_, f32>) -> Self {
        let count = points.nrows();
        let first = points.row(0);
        let mut mean = vec![0.0; points.ncols()];
        let mut varies = vec![false; points.ncols()];
        for row in points.rows() {
            for (axis, (&value, &first)) in row.iter().zip(first).enumerate() {
                mean[axis] += f64::from(value);
                #[expect(clippy::float_cmp, reason = "asks whether all numbers are the same")]
                let differs = value != first;
                varies[axis] |= differs;
            }
        }
        for (axis, mean) in mean.iter_mut().enumerate() {
            // The mean of equal numbers is that number, without what rounding adds to it.
            *mean = if varies[axis] { *mean / count as f64 } else { f64::from(first[axis]) };
        }
        let mut deviation = vec![0.0; points.ncols()];
        for row in points.rows() {
            for ((sum, &value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(value) - mean) * (f64::from(value) - mean);
            }
        }
        for sum in &mut deviation {
            *sum = (*sum / count as f64).sqrt();
        }
        let columns: Vec<usize> = (0..points.ncols()).filter(|&axis| varies[axis]).collect();
        let mut blocks = vec![[0.0; LANES]; count.div_ceil(LANES) * columns.len()];
        for (point, row) in points.rows().into_iter().enumerate() {
            let block = &mut blocks[point / LANES * columns.len()..][..columns.len()];
            for (lanes, &axis) in block.iter_mut().zip(&columns) {
                lanes[point % LANES] = (f64::from(row[axis]) - mean[axis]) / deviation[axis];
            }
        }
        Self { blocks, count, columns, mean, deviation }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The columns that vary.
    pub(super) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Mean of every column of the points: [dimensions].
    pub(super) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Standard deviation of every column of the points: [dimensions].
    pub(super) fn deviation(&self) -> &[f64] {
        &self.deviation
    }

    /// What the log-density of a point in these coordinates is above that in the coordinates of the points.
    pub(super) fn log_scale(&self) -> f64 {
        self.columns.iter().map(|&axis| ln(self.deviation[axis])).sum()
    }

    /// The numbers of one block: [columns].
    #[inline]
    pub(super) fn block(&self, block: usize) -> &[Lanes] {
        &self.blocks[block * self.columns.len()..][..self.columns.len()]
    }

    /// One number of a point.
    pub(super) fn at(&self, point: usize, column: usize) -> f64 {
        self.block(point / LANES)[column][point % LANES]
    }

    /// The standardised points row by row: [n, columns].
    pub(super) fn rows(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.count, self.columns.len()), |(point, column)| self.at(point, column))
    }

    /// The same in f32, which K-Means takes: [n, columns].
    pub(super) fn narrow_rows(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.count, self.columns.len()), |(point, column)| {
            self.at(point, column) as f32
        })
    }

    /// Points that one thread takes at a time, a multiple of [`GROUP`]. It depends on the number of points alone, so that
    /// sums are added in the same order whatever the number of threads.
    pub(super) fn part(&self) -> usize {
        self.count.div_ceil(PARTS).max(8 * GROUP).next_multiple_of(GROUP)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these results are exact")]

    use ndarray::array;

    use super::*;
    use crate::testing::assert_close;

    #[test]
    fn columns_have_mean_0_and_deviation_1_and_constant_ones_are_left_out() {
        let points = array![[1.0, 0.1, 5.0], [3.0, 0.1, 9.0], [1.0, 0.1, 5.0], [3.0, 0.1, 9.0]];
        let found = Standardised::new(points.view());
        assert_eq!(found.columns(), [0, 2]);
        assert_eq!(found.mean(), [2.0, f64::from(0.1_f32), 7.0]);
        assert_eq!(found.at(2, 1), -1.0);
        assert_eq!(found.deviation(), [1.0, 0.0, 2.0]);
        assert_eq!(found.rows(), array![[-1.0, -1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]]);
        assert_close(found.log_scale(), 2.0_f64.ln(), 1e-15, "logarithm of the scale");
    }
}
