//! Sixteen numbers in an array, for any processor.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use super::vector::Vector;
use crate::line::Line;

/// Sixteen numbers.
#[derive(Clone, Copy)]
pub(super) struct F32x16([f32; 16]);

#[inline(always)]
fn zip(a: F32x16, b: F32x16, f: impl Fn(f32, f32) -> f32) -> F32x16 {
    let mut out = a;
    for (out, &b) in out.0.iter_mut().zip(&b.0) {
        *out = f(*out, b);
    }
    out
}

impl Vector for F32x16 {
    const ROWS: usize = 2;

    #[inline(always)]
    fn zero() -> Self {
        Self([0.0; 16])
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    fn load(line: &Line) -> Self {
        Self(line.0)
    }

    #[inline(always)]
    fn store(self, line: &mut Line) {
        line.0 = self.0;
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        zip(self, other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        zip(self, other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        zip(self, other, |a, b| a * b)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // Not fused: without such an instruction that would be a slow library call.
        self.mul(factor).add(addend)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        zip(self, other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn above(self, other: Self) -> u16 {
        let pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.fold(0, |mask, (lane, (a, b))| mask | (u16::from(a > b) << lane))
    }

    #[inline(always)]
    fn select(self, mask: u16, other: Self) -> Self {
        let mut out = other;
        for (lane, (out, &own)) in out.0.iter_mut().zip(&self.0).enumerate() {
            if mask >> lane & 1 == 1 {
                *out = own;
            }
        }
        out
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        zip(self, gate, |a, gate| if gate > 0.0 { a } else { 0.0 })
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        let mut halves = self.0;
        for width in [8, 4, 2, 1] {
            for lane in 0..width {
                halves[lane] += halves[lane + width];
            }
        }
        halves[0]
    }
}
