//! Biases, and the ReLU that may follow them.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::simd::{Routine, Vector};

/// Adds the bias to each row, `[rows, channels]`, and applies the ReLU.
pub(super) struct AddBias<'a> {
    pub(super) sums: &'a mut [f32],
    /// [channels].
    pub(super) bias: &'a [f32],
    pub(super) relu: bool,
}

impl Routine for AddBias<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let least = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        if let [bias] = *self.bias {
            for sum in self.sums {
                *sum = above(*sum + bias, least);
            }
            return;
        }
        for row in self.sums.chunks_exact_mut(self.bias.len()) {
            for (sum, &bias) in row.iter_mut().zip(self.bias) {
                *sum = above(*sum + bias, least);
            }
        }
    }
}

/// The larger of both; a value that is no number stays.
#[inline(always)]
fn above(value: f32, least: f32) -> f32 {
    if value < least { least } else { value }
}

/// Zeros a gradient where the ReLU's output is not above zero.
pub(super) struct Mask<'a> {
    pub(super) gradient: &'a mut [f32],
    pub(super) output: &'a [f32],
}

impl Routine for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for (gradient, &output) in self.gradient.iter_mut().zip(self.output) {
            *gradient = if output > 0.0 { *gradient } else { 0.0 };
        }
    }
}

/// Adds up rows, `[rows, channels]`.
pub(super) struct AddRows<'a> {
    pub(super) rows: &'a [f32],
    /// [channels].
    pub(super) sums: &'a mut [f32],
}

/// Rows whose sums are added up before they join the others, so that no sum has too many terms.
const ROWS: usize = 128;

impl Routine for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let channels = self.sums.len();
        let mut part = vec![0.0; channels];
        for rows in self.rows.chunks(ROWS * channels) {
            part.fill(0.0);
            for row in rows.chunks_exact(channels) {
                for (sum, value) in part.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            for (sum, part) in self.sums.iter_mut().zip(&part) {
                *sum += part;
            }
        }
    }
}
