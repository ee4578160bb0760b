//! The inner loop: distances of a block of points to every point, summed by cluster.

use super::cells::Cells;
use crate::simd::{Routine, square_add_f32};

/// Points of a block. Each has a lane of every vector register, so that no sum crosses lanes, however few points a
/// cell has.
pub(super) const LANES: usize = 32;

/// Distances that are summed in f32 before the sum is added in f64: few enough that rounding stays at 1e-7 or so,
/// enough to hide the conversion.
const RUN: usize = 32;

/// Adds the distances from each point of `block` to the points of each cluster.
pub(super) struct ClusterSums<'a> {
    /// Coordinates of the block's points: [dimensions][LANES].
    pub(super) block: &'a [[f32; LANES]],
    /// All points in the order of the cells, row by row: [n, dimensions].
    pub(super) points: &'a [f32],
    /// The cells.
    pub(super) cells: &'a Cells,
    /// For each cluster of every clustering, the sum of the distances to its points: [clusters][LANES].
    pub(super) sums: &'a mut [[f64; LANES]],
}

impl Routine for ClusterSums<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.block.len();
        for (range, clusters) in self.cells.iter() {
            let mut cell_sum = [0.0_f64; LANES];
            for run in self.points[range.start * dimensions..range.end * dimensions].chunks(RUN * dimensions)
            {
                let mut run_sum = [0.0_f32; LANES];
                for point in run.chunks_exact(dimensions) {
                    let mut squares = [0.0_f32; LANES];
                    for (coordinates, &coordinate) in self.block.iter().zip(point) {
                        for (square, &own) in squares.iter_mut().zip(coordinates) {
                            *square = square_add_f32::<FMA>(own - coordinate, *square);
                        }
                    }
                    for (sum, square) in run_sum.iter_mut().zip(squares) {
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
