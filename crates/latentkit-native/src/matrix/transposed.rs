//! Transposed convolutions: the input times the kernel makes windows of the output, which are added up.

use rayon::prelude::*;

use super::bias::{AddBias, AddRows, Mask};
use super::product::{Accum, multiply, rows};
use super::sections::{Backward, section};
use super::windows::Windows;
use crate::simd::Simd;

/// A transposed convolution. The small image is its input, the large one its output. Its kernel is `[channels of the input,
/// numbers of a window]`, or flipped, `[numbers of a window, channels of the input]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transposed {
    pub(super) windows: Windows,
    pub(super) relu: bool,
}

impl Transposed {
    /// out = act(sum of the windows input kernel + bias).
    pub(super) fn forward(
        self,
        simd: Simd,
        images: usize,
        [kernel, bias]: [&[f32]; 2],
        input: &[f32],
        out: &mut [f32],
    ) {
        let Self { windows, relu } = self;
        let (length, channels, section) = (windows.len(), windows.small.channels, section(images));
        let inputs = input.par_chunks(section * windows.small.len());
        let outs = out.par_chunks_mut(section * windows.large.len());
        inputs.zip(outs).for_each_init(Vec::new, |buffer, (input, out)| {
            out.fill(0.0);
            for part in windows.parts(input.len() / windows.small.len()) {
                buffer.resize(part.len() * length, 0.0);
                let input = rows(&input[part.start * channels..part.end * channels], channels);
                multiply(buffer, Accum::Replace, input, rows(kernel, length));
                windows.scatter(simd, buffer, part, out);
            }
            simd.call(AddBias { sums: out, bias, relu });
        });
    }

    /// The gradients of the input and, in `sums`, of kernel and bias.
    pub(super) fn backward(self, simd: Simd, flipped: &[f32], known: Backward<'_>, sums: &mut Vec<f32>) {
        let Self { windows, relu } = self;
        let (length, channels) = (windows.len(), windows.small.channels);
        known.by_section(flipped.len() + windows.large.channels, sums, |section, buffer| {
            let (of_kernel, of_bias) = section.sums.split_at_mut(flipped.len());
            let (gradient, mut out) = (section.gradient, section.out);
            if relu {
                simd.call(Mask { gradient, output: section.output });
            }
            simd.call(AddRows { rows: gradient, sums: of_bias });
            for part in windows.parts(section.images) {
                let numbers = part.start * channels..part.end * channels;
                let input = rows(&section.input[numbers.clone()], channels);
                buffer.resize(part.len() * length, 0.0);
                windows.gather(simd, gradient, part, buffer);
                let of_windows = rows(buffer, length);
                multiply(of_kernel, Accum::Add, input.transpose(), of_windows);
                if let Some(out) = &mut out {
                    multiply(&mut out[numbers], Accum::Replace, of_windows, rows(flipped, channels));
                }
            }
        });
    }
}
