//! Sixteen numbers, and loops over them, whatever the instruction set.

use crate::line::Line;

/// Sixteen numbers, as registers hold them. Values of the types of an instruction set exist only inside of
/// [`super::Simd::call`], which has made sure that the processor has it.
pub(crate) trait Vector: Copy {
    /// Rows of a block whose sums fit the registers, a row being two vectors.
    const ROWS: usize;
    /// All zeros.
    fn zero() -> Self;
    /// All the same.
    fn splat(value: f32) -> Self;
    /// Those of a line.
    fn load(line: &Line) -> Self;
    /// Into a line.
    fn store(self, line: &mut Line);
    /// self + other.
    fn add(self, other: Self) -> Self;
    /// self - other.
    fn sub(self, other: Self) -> Self;
    /// self * other.
    fn mul(self, other: Self) -> Self;
    /// self * factor + addend.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The larger of each pair.
    fn max(self, other: Self) -> Self;
    /// Which are larger than those of `other`: a bit each, the first the lowest.
    fn above(self, other: Self) -> u16;
    /// Those of `self` whose bit is set, else those of `other`.
    fn select(self, mask: u16, other: Self) -> Self;
    /// Zero where `gate` is not above zero.
    fn where_positive(self, gate: Self) -> Self;
    /// Their sum.
    fn sum(self) -> f32;
}

/// A loop to run, with what it reads and writes.
pub(crate) trait Routine {
    /// What it computes.
    type Output;
    /// Does the work. Implementations and what they call are `#[inline(always)]`, so that their body is compiled for
    /// the instruction set of the caller.
    fn run<V: Vector>(self) -> Self::Output;
}
