//! Dense layers, image by image. Vectors are padded to whole lines with zeros.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::line::{Line, flat, flat_mut};
use crate::simd::{Routine, Vector};

/// Forward.
pub(crate) struct Dense<'a> {
    pub(crate) input: &'a [Line],
    /// [units, lines of the input].
    pub(crate) weights: &'a [Line],
    /// [units].
    pub(crate) bias: &'a [f32],
    pub(crate) relu: bool,
    pub(crate) out: &'a mut [Line],
}

impl Routine for Dense<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let rows = self.weights.chunks_exact(self.input.len());
        let out = flat_mut(self.out);
        for ((out, row), bias) in out.iter_mut().zip(rows).zip(self.bias) {
            let mut sum = V::zero();
            for (weight, input) in row.iter().zip(self.input) {
                sum = V::load(weight).mul_add(V::load(input), sum);
            }
            let value = sum.sum() + bias;
            *out = if self.relu && value < 0.0 { 0.0 } else { value };
        }
    }
}

/// Backward.
pub(crate) struct DenseGradient<'a> {
    pub(crate) input: &'a [Line],
    pub(crate) weights: &'a [Line],
    /// Of the output; its first numbers count.
    pub(crate) gradient: &'a [Line],
    /// Where gradients are added: [units, lines of the input], and as the output.
    pub(crate) weight_sums: &'a mut [Line],
    pub(crate) bias_sums: &'a mut [Line],
    /// Whether a ReLU made the input.
    pub(crate) relu_mask: bool,
    /// Gradient of the input, when anybody asks.
    pub(crate) out: Option<&'a mut [Line]>,
}

impl Routine for DenseGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let lines = self.input.len();
        for (sum, gradient) in self.bias_sums.iter_mut().zip(self.gradient) {
            V::load(sum).add(V::load(gradient)).store(sum);
        }
        for (sums, &gradient) in self.weight_sums.chunks_exact_mut(lines).zip(flat(self.gradient)) {
            let gradient = V::splat(gradient);
            for (sum, input) in sums.iter_mut().zip(self.input) {
                gradient.mul_add(V::load(input), V::load(sum)).store(sum);
            }
        }
        let Some(out) = self.out else { return };
        for (at, out) in out.iter_mut().enumerate().take(lines) {
            let mut sum = V::zero();
            for (row, &gradient) in self.weights.chunks_exact(lines).zip(flat(self.gradient)) {
                sum = V::splat(gradient).mul_add(V::load(&row[at]), sum);
            }
            let sum = if self.relu_mask { sum.where_positive(V::load(&self.input[at])) } else { sum };
            sum.store(out);
        }
    }
}
