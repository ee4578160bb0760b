//! The inner loop: distances of a block of points to every point, summed by cluster.

use super::cells::Cells;
use crate::simd::{Routine, square_add_f32};

/// Distances that are summed in f32 before the sum is added in f64: enough to hide the conversion, and so few that the
/// sum is within 5e-7 of the exact one even where equal distances are all rounded the same way.
const RUN: usize = 16;

/// Squares that are summed before their sum is added to that of the other axes, for the same reason.
const AXES: usize = 16;

/// Adds the distances from each point of `block` to the points of each cluster.
///
/// Each point of the block has a lane of the vector registers, so that no sum crosses lanes, however few points a cell
/// has.
pub(super) struct ClusterSums<'a, const LANES: usize> {
    /// Coordinates of the block's points: [dimensions][LANES].
    pub(super) block: &'a [[f32; LANES]],
    /// All points in the order of the cells, row by row: [n, dimensions].
    pub(super) points: &'a [f32],
    /// The cells.
    pub(super) cells: &'a Cells,
    /// For each cluster of every clustering, the sum of the distances to its points: [clusters][LANES].
    pub(super) sums: &'a mut [[f64; LANES]],
}

impl<const LANES: usize> Routine for ClusterSums<'_, LANES> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        // With a number of axes that the compiler knows, the block stays in registers.
        match self.block.len() {
            1 => self.narrow::<FMA, 1>(),
            2 => self.narrow::<FMA, 2>(),
            3 => self.narrow::<FMA, 3>(),
            4 => self.narrow::<FMA, 4>(),
            5 => self.narrow::<FMA, 5>(),
            6 => self.narrow::<FMA, 6>(),
            7 => self.narrow::<FMA, 7>(),
            8 => self.narrow::<FMA, 8>(),
            _ => self.wide::<FMA>(),
        }
    }
}

#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
impl<const LANES: usize> ClusterSums<'_, LANES> {
    /// The sums for points of `D` axes.
    #[inline(always)]
    fn narrow<const FMA: bool, const D: usize>(self) {
        let block: [[f32; LANES]; D] = std::array::from_fn(|axis| self.block[axis]);
        self.sum(D, |point| squares::<FMA, LANES>(&block, point));
    }

    /// The sums for points of any number of axes.
    #[inline(always)]
    fn wide<const FMA: bool>(self) {
        let block = self.block;
        self.sum(block.len(), |point| {
            let mut sum = [0.0_f32; LANES];
            for (block, point) in block.chunks(AXES).zip(point.chunks(AXES)) {
                for (sum, part) in sum.iter_mut().zip(squares::<FMA, LANES>(block, point)) {
                    *sum += part;
                }
            }
            sum
        });
    }

    /// The sums, where `squares` gives the squared distances of the block to a point.
    #[inline(always)]
    fn sum(self, dimensions: usize, squares: impl Fn(&[f32]) -> [f32; LANES]) {
        for (range, clusters) in self.cells.iter() {
            let mut cell_sum = [0.0_f64; LANES];
            let points = &self.points[range.start * dimensions..range.end * dimensions];
            for run in points.chunks(RUN * dimensions) {
                let mut run_sum = [0.0_f32; LANES];
                for point in run.chunks_exact(dimensions) {
                    for (sum, square) in run_sum.iter_mut().zip(squares(point)) {
                        *sum += square.sqrt();
                    }
                }
                for (sum, run) in cell_sum.iter_mut().zip(run_sum) {
                    *sum += f64::from(run);
                }
            }
            for &cluster in clusters {
                for (sum, cell) in self.sums[cluster as usize].iter_mut().zip(cell_sum) {
                    *sum += cell;
                }
            }
        }
    }
}

/// Squared distances of each lane of `block`, [axes][LANES], to `point`, [axes].
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn squares<const FMA: bool, const LANES: usize>(block: &[[f32; LANES]], point: &[f32]) -> [f32; LANES] {
    let mut squares = [0.0_f32; LANES];
    for (coordinates, &coordinate) in block.iter().zip(point) {
        for (square, &own) in squares.iter_mut().zip(coordinates) {
            *square = square_add_f32::<FMA>(own - coordinate, *square);
        }
    }
    squares
}
