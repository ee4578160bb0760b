//! The inner loop: squared distances of a block of points to some points.

use super::tree::LANES;
use crate::simd::Routine;

/// Points whose distances are computed together, which hides the latency of the additions.
const TILE: usize = 2;

/// Computes squared distances in f64.
///
/// Differences of f32 coordinates, their squares and the sums, axis after axis, are those of plain f64 arithmetic. Nothing
/// is fused, so that every instruction set finds the same bits, and so do the two ends of a pair: equal points have
/// distance 0, and ties stay ties. The squares of f32 numbers neither overflow nor vanish in f64.
pub(super) struct Squares<'a> {
    /// Coordinates of the block's points: [dimensions][LANES].
    pub(super) block: &'a [[f64; LANES]],
    /// Some points, row by row: [m, dimensions].
    pub(super) rows: &'a [f32],
    /// The squared distances of each lane to them: [m][LANES].
    pub(super) out: &'a mut [[f64; LANES]],
}

impl Routine for Squares<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.block.len();
        let rows = self.rows.chunks(TILE * dimensions);
        for (rows, squares) in rows.zip(self.out.chunks_mut(TILE)) {
            match squares {
                [first, second] => {
                    let (near, far) = rows.split_at(dimensions);
                    let mut sums = [[0.0; LANES]; TILE];
                    for ((own, &near), &far) in self.block.iter().zip(near).zip(far) {
                        add(&mut sums[0], own, f64::from(near));
                        add(&mut sums[1], own, f64::from(far));
                    }
                    [*first, *second] = sums;
                }
                rest => {
                    let mut sum = [0.0; LANES];
                    for (own, &other) in self.block.iter().zip(rows) {
                        add(&mut sum, own, f64::from(other));
                    }
                    rest[0] = sum;
                }
            }
        }
    }
}

/// Adds the squared differences of one axis.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn add(sums: &mut [f64; LANES], own: &[f64; LANES], other: f64) {
    for (sum, own) in sums.iter_mut().zip(own) {
        let difference = own - other;
        *sum += difference * difference;
    }
}
