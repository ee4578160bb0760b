//! The inner loop: distances of a block of points to every point, summed by cluster.

use latentkit_core::Cancellation;

use super::cells::Cells;
use crate::simd::{Routine, square_add_f32};

/// Distances that are summed in f32 before the sum is added in f64: enough to hide the conversion, and so few that the
/// sum is within 5e-7 of the exact one even where equal distances are all rounded the same way.
pub(super) const RUN: usize = 16;

/// Squares that are summed before their sum is added to that of the other axes, so that rounding stays small.
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
    /// When the user interrupts, the rest is left out.
    pub(super) cancel: Cancellation<'a>,
}

impl<const LANES: usize> Routine for ClusterSums<'_, LANES> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        match self.block.len() {
            1 => self.narrow::<FMA, 1>(),
            2 => self.narrow::<FMA, 2>(),
            3 => self.narrow::<FMA, 3>(),
            4 => self.narrow::<FMA, 4>(),
            5 => self.narrow::<FMA, 5>(),
            6 => self.narrow::<FMA, 6>(),
            7 => self.narrow::<FMA, 7>(),
            8 => self.narrow::<FMA, 8>(),
            _ => {
                let block = Wide(self.block);
                self.sum::<FMA>(&block);
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
impl<const LANES: usize> ClusterSums<'_, LANES> {
    /// The sums of points of `D` axes.
    #[inline(always)]
    fn narrow<const FMA: bool, const D: usize>(self) {
        let block = Narrow(std::array::from_fn::<_, D, _>(|axis| self.block[axis]));
        self.sum::<FMA>(&block);
    }

    /// The sums; `block` is that of `self`.
    #[inline(always)]
    fn sum<const FMA: bool>(self, block: &impl Squares<LANES>) {
        let dimensions = self.block.len();
        for (range, clusters) in self.cells.iter() {
            if self.cancel.requested() {
                return;
            }
            let mut cell_sum = [0.0_f64; LANES];
            let points = &self.points[range.start * dimensions..range.end * dimensions];
            for run in points.chunks(RUN * dimensions) {
                let mut run_sum = [0.0_f32; LANES];
                for point in run.chunks_exact(dimensions) {
                    for (sum, square) in run_sum.iter_mut().zip(block.squares::<FMA>(point)) {
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

/// The coordinates of a block, which know the distances to it.
///
/// A trait and no closure, since only a function can be `#[inline(always)]`: left out of line, it would be compiled
/// without the instruction set, and each fused multiply-add would be a call.
trait Squares<const LANES: usize> {
    /// Squared distances to `point`, [axes], of each lane.
    fn squares<const FMA: bool>(&self, point: &[f32]) -> [f32; LANES];
}

/// A block of few axes, whose number the compiler knows, so that it stays in registers.
struct Narrow<const LANES: usize, const D: usize>([[f32; LANES]; D]);

impl<const LANES: usize, const D: usize> Squares<LANES> for Narrow<LANES, D> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn squares<const FMA: bool>(&self, point: &[f32]) -> [f32; LANES] {
        squares::<FMA, LANES>(&self.0, point)
    }
}

/// A block of any number of axes.
struct Wide<'a, const LANES: usize>(&'a [[f32; LANES]]);

impl<const LANES: usize> Squares<LANES> for Wide<'_, LANES> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn squares<const FMA: bool>(&self, point: &[f32]) -> [f32; LANES] {
        let mut sum = [0.0_f32; LANES];
        for (block, point) in self.0.chunks(AXES).zip(point.chunks(AXES)) {
            for (sum, part) in sum.iter_mut().zip(squares::<FMA, LANES>(block, point)) {
                *sum += part;
            }
        }
        sum
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
