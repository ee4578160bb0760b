//! Convolutions of any stride: windows of the input times the kernel.

use rayon::prelude::*;

use super::bias::{AddBias, AddRows, Mask};
use super::product::{Accum, multiply, rows};
use super::sections::{Backward, section};
use super::windows::Windows;
use crate::simd::Simd;

/// A convolution. The large image is its input, the small one its output. Its kernel is `[filters, numbers of a window]`, or
/// flipped, `[numbers of a window, filters]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conv {
    pub(super) windows: Windows,
    pub(super) relu: bool,
}

impl Conv {
    /// out = act(windows flipped + bias).
    pub(super) fn forward(
        self,
        simd: Simd,
        images: usize,
        [flipped, bias]: [&[f32]; 2],
        input: &[f32],
        out: &mut [f32],
    ) {
        let Self { windows, relu } = self;
        let (length, filters, section) = (windows.len(), windows.small.channels, section(images));
        let inputs = input.par_chunks(section * windows.large.len());
        let outs = out.par_chunks_mut(section * windows.small.len());
        inputs.zip(outs).for_each_init(Vec::new, |buffer, (input, out)| {
            for part in windows.parts(out.len() / windows.small.len()) {
                buffer.resize(part.len() * length, 0.0);
                windows.gather(simd, input, part.clone(), buffer);
                let sums = &mut out[part.start * filters..part.end * filters];
                multiply(sums, Accum::Replace, rows(buffer, length), rows(flipped, filters));
                simd.call(AddBias { sums, bias, relu });
            }
        });
    }

    /// The gradients of the input and, in `sums`, of kernel and bias.
    pub(super) fn backward(self, simd: Simd, kernel: &[f32], known: Backward<'_>, sums: &mut Vec<f32>) {
        let Self { windows, relu } = self;
        let (length, filters) = (windows.len(), windows.small.channels);
        known.by_section(kernel.len() + filters, sums, |section, buffer| {
            let (of_kernel, of_bias) = section.sums.split_at_mut(kernel.len());
            let mut out = section.out;
            if let Some(out) = &mut out {
                out.fill(0.0);
            }
            for part in windows.parts(section.images) {
                let numbers = part.start * filters..part.end * filters;
                let gradient = &mut section.gradient[numbers.clone()];
                if relu {
                    simd.call(Mask { gradient, output: &section.output[numbers] });
                }
                simd.call(AddRows { rows: gradient, sums: of_bias });
                let gradient = rows(gradient, filters);
                buffer.resize(part.len() * length, 0.0);
                windows.gather(simd, section.input, part.clone(), buffer);
                multiply(of_kernel, Accum::Add, gradient.transpose(), rows(buffer, length));
                if let Some(out) = &mut out {
                    multiply(buffer, Accum::Replace, gradient, rows(kernel, length));
                    windows.scatter(simd, buffer, part, out);
                }
            }
        });
    }
}
