//! The inner loop: squared distances of a block of points to some points.

use super::LANES;
use crate::simd::{Routine, square_add_f32};

/// Computes squared distances in f64.
///
/// Differences of f32 coordinates, their squares and the sums, axis after axis, are those of plain f64 arithmetic. Nothing
/// is fused, so that every instruction set finds the same bits, and so do the two ends of a pair: equal points have
/// distance 0, and ties stay ties. The squares of f32 numbers neither overflow nor vanish in f64.
pub(crate) struct Squares<'a> {
    /// Coordinates of the block's points: [dimensions][LANES].
    pub(crate) block: &'a [[f64; LANES]],
    /// Some points, row by row: [m, dimensions].
    pub(crate) rows: &'a [f32],
    /// The squared distances of each lane to them: [m][LANES].
    pub(crate) out: &'a mut [[f64; LANES]],
}

impl Routine for Squares<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.block.len();
        for (row, squares) in self.rows.chunks_exact(dimensions).zip(self.out) {
            let mut sum = [0.0; LANES];
            for (own, &other) in self.block.iter().zip(row) {
                add(&mut sum, own, f64::from(other));
            }
            *squares = sum;
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

/// Tells which points may be within a limit of some lane, from squared distances in f32.
pub(crate) struct Near<'a> {
    /// Coordinates of the block's points: [dimensions][LANES].
    pub(crate) block: &'a [[f32; LANES]],
    /// Some points, row by row: [m, dimensions].
    pub(crate) rows: &'a [f32],
    /// What the squared distances of each lane, as they are rounded, must not be above.
    pub(crate) limits: &'a [f32; LANES],
    /// Whether each point may be: [m or more].
    pub(crate) out: &'a mut [bool; LANES],
}

impl Routine for Near<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.block.len();
        for (row, near) in self.rows.chunks_exact(dimensions).zip(self.out) {
            let mut squares = [0.0_f32; LANES];
            for (coordinates, &other) in self.block.iter().zip(row) {
                for (square, &own) in squares.iter_mut().zip(coordinates) {
                    *square = square_add_f32::<FMA>(own - other, *square);
                }
            }
            // Counted without a branch, so that the compiler compares several lanes at once.
            let within = squares.iter().zip(self.limits).map(|(square, limit)| u32::from(square <= limit));
            *near = within.sum::<u32>() > 0;
        }
    }
}
