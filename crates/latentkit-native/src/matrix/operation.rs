//! The operations that layers become.

use rayon::prelude::*;

use super::conv::Conv;
use super::dense::Dense;
use super::gelu::{Gelu, GeluGradient};
use super::kernel;
use super::norm::Norm;
use super::plane::Plane;
use super::resize::{enlarge, enlarge_gradient, pool, pool_gradient};
use super::sections::{Backward, section};
use super::transposed::Transposed;
use super::windows::Windows;
use crate::layer::{Activation, Layer, Shape};
use crate::simd::Simd;
use crate::statistics::running;

/// What makes the gradient of an input of the input and the gradient of its output.
type GradientOfImage<'a> = dyn Fn(&[f32], &[f32], &mut [f32]) + Sync + 'a;

/// What makes a value of the one before.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Conv(Conv),
    Transposed(Transposed),
    Dense(Dense),
    Norm(Norm),
    Gelu,
    Pool(Plane),
    Enlarge { plane: Plane, factor: usize },
    Flatten(Plane),
    Unflatten(Plane),
}

/// An operation with what it remembers.
#[derive(Debug)]
pub(super) struct Operation {
    kind: Kind,
    /// First of its tensors.
    pub(super) tensor: usize,
    /// Numbers of its input, and of its output.
    pub(super) lengths: (usize, usize),
    /// A convolution's kernel as a matrix, and flipped.
    packed: Vec<f32>,
    flipped: Vec<f32>,
    /// Mean and biased variance of each channel that batch-norm takes.
    statistics: Vec<(f64, f64)>,
}

/// The operations of a layer between two shapes, whose first tensor is the one at `tensor`: GELU, whose gradient takes the sums
/// before it, is one of its own.
pub(super) fn operations(
    layer: Layer,
    input: Shape,
    output: Shape,
    tensor: usize,
) -> impl Iterator<Item = Operation> {
    let (before, after) = (Plane::of(input), Plane::of(output));
    let relu = layer.activation() == Activation::Relu;
    let kind = match layer {
        Layer::Conv { kernel, .. } => {
            let windows =
                Windows { large: before, small: after, kernel, stride: 1, before: (kernel - 1) / 2 };
            Kind::Conv(Conv { windows, relu })
        }
        Layer::StridedConv { kernel, stride, padding, .. } => {
            let windows = Windows { large: before, small: after, kernel, stride, before: padding };
            Kind::Conv(Conv { windows, relu })
        }
        Layer::TransposedConv { kernel, stride, padding, .. } => {
            let windows = Windows { large: after, small: before, kernel, stride, before: padding };
            Kind::Transposed(Transposed { windows, relu })
        }
        Layer::Dense { units, .. } => Kind::Dense(Dense { inputs: input.len(), units, relu }),
        Layer::MaxPool => Kind::Pool(before),
        Layer::BatchNorm => Kind::Norm(Norm { plane: before }),
        Layer::Flatten => Kind::Flatten(before),
        Layer::Reshape { .. } => Kind::Unflatten(after),
        Layer::UpSample { factor } => Kind::Enlarge { plane: before, factor },
    };
    let own = Operation::new(kind, tensor, (input.len(), output.len()));
    let gelu = || Operation::new(Kind::Gelu, tensor, (output.len(), output.len()));
    [own].into_iter().chain((layer.activation() == Activation::Gelu).then(gelu))
}

impl Operation {
    fn new(kind: Kind, tensor: usize, lengths: (usize, usize)) -> Self {
        Self { kind, tensor, lengths, packed: Vec::new(), flipped: Vec::new(), statistics: Vec::new() }
    }

    /// Takes its tensors, batch-norm its running statistics.
    pub(super) fn prepare(&mut self, tensors: &[Vec<f32>]) {
        match self.kind {
            Kind::Conv(Conv { windows, .. }) | Kind::Transposed(Transposed { windows, .. }) => {
                kernel::pack(&tensors[0], windows.large.channels, windows.kernel.pow(2), &mut self.packed);
                self.flipped.resize(self.packed.len(), 0.0);
                kernel::transpose(&self.packed, windows.small.channels, windows.len(), &mut self.flipped);
            }
            Kind::Norm(_) => self.statistics = running(tensors),
            _ => {}
        }
    }

    /// The batch-norm that it is, which in a training step takes the statistics of the batch.
    pub(super) fn norm(&self) -> Option<Norm> {
        if let Kind::Norm(norm) = self.kind { Some(norm) } else { None }
    }

    /// Gives batch-norm the statistics of a batch.
    pub(super) fn set_statistics(&mut self, statistics: Vec<(f64, f64)>) {
        self.statistics = statistics;
    }

    /// The outputs of a batch; `buffer` is for what lies between.
    pub(super) fn forward(
        &self,
        simd: Simd,
        images: usize,
        tensors: &[Vec<f32>],
        input: &[f32],
        out: &mut [f32],
        buffer: &mut Vec<f32>,
    ) {
        let mut each = |work: &(dyn Fn(&[f32], &mut [f32]) + Sync)| {
            let (inputs, outs) =
                (input.par_chunks_exact(self.lengths.0), out.par_chunks_exact_mut(self.lengths.1));
            inputs.zip(outs).for_each(|(input, out)| work(input, out));
        };
        match self.kind {
            Kind::Conv(conv) => conv.forward(simd, images, [&self.flipped, &tensors[1]], input, out),
            Kind::Transposed(conv) => conv.forward(simd, images, [&self.packed, &tensors[1]], input, out),
            Kind::Dense(dense) => {
                dense.forward(simd, images, [&tensors[0], &tensors[1]], input, out, buffer);
            }
            Kind::Norm(norm) => {
                norm.forward(simd, images, &self.statistics, [&tensors[0], &tensors[1]], input, out);
            }
            Kind::Gelu => {
                let part = section(images) * self.lengths.0;
                let parts = input.par_chunks(part).zip(out.par_chunks_mut(part));
                parts.for_each(|(input, out)| simd.call(Gelu { input, out }));
            }
            Kind::Pool(plane) => each(&|image, out| pool(plane, image, out)),
            Kind::Enlarge { plane, factor } => each(&|image, out| enlarge(plane, factor, image, out)),
            Kind::Flatten(plane) => each(&|image, out| plane.flatten(image, out)),
            Kind::Unflatten(plane) => each(&|values, out| plane.unflatten(values, out)),
        }
    }

    /// The gradients of its tensors, and of a batch's inputs; `buffer` is for what lies between.
    pub(super) fn backward(
        &self,
        simd: Simd,
        tensors: &[Vec<f32>],
        known: Backward<'_>,
        gradients: &mut [Vec<f32>],
        buffer: &mut Vec<f32>,
    ) {
        match self.kind {
            Kind::Conv(Conv { windows, .. }) | Kind::Transposed(Transposed { windows, .. }) => {
                match self.kind {
                    Kind::Conv(conv) => conv.backward(simd, &self.packed, known, buffer),
                    Kind::Transposed(conv) => conv.backward(simd, &self.flipped, known, buffer),
                    _ => {}
                }
                let [of_kernel, of_bias, ..] = gradients else { return };
                let (weights, biases) = buffer.split_at(of_kernel.len());
                kernel::unpack(weights, windows.large.channels, windows.kernel.pow(2), of_kernel);
                let length = of_bias.len();
                of_bias.copy_from_slice(&biases[..length]);
            }
            Kind::Dense(dense) => {
                let [of_weights, of_bias, ..] = gradients else { return };
                dense.backward(simd, &tensors[0], known, [of_weights, of_bias], buffer);
            }
            Kind::Norm(norm) => {
                let [of_scale, of_shift, ..] = gradients else { return };
                norm.backward(simd, &self.statistics, &tensors[0], known, [of_scale, of_shift]);
            }
            _ => self.input_gradient(simd, known),
        }
    }

    /// The gradients of a batch's inputs, where there are no tensors.
    fn input_gradient(&self, simd: Simd, known: Backward<'_>) {
        let Backward { images, input, gradient, out, .. } = known;
        let Some(out) = out else { return };
        let mut each = |work: &GradientOfImage<'_>| {
            let inputs = input.par_chunks_exact(self.lengths.0);
            let outs = out.par_chunks_exact_mut(self.lengths.0);
            let gradients = gradient.par_chunks_exact(self.lengths.1);
            inputs.zip(gradients).zip(outs).for_each(|((input, gradient), out)| work(input, gradient, out));
        };
        match self.kind {
            Kind::Gelu => {
                let part = section(images) * self.lengths.0;
                let parts =
                    input.par_chunks(part).zip(gradient.par_chunks(part)).zip(out.par_chunks_mut(part));
                parts.for_each(|((input, gradient), out)| simd.call(GeluGradient { input, gradient, out }));
            }
            Kind::Pool(plane) => each(&|image, gradient, out| pool_gradient(plane, image, gradient, out)),
            Kind::Enlarge { plane, factor } => {
                each(&|_, gradient, out| enlarge_gradient(plane, factor, gradient, out));
            }
            Kind::Flatten(plane) => each(&|_, gradient, out| plane.unflatten(gradient, out)),
            Kind::Unflatten(plane) => each(&|_, gradient, out| plane.flatten(gradient, out)),
            Kind::Conv(_) | Kind::Transposed(_) | Kind::Dense(_) | Kind::Norm(_) => {}
        }
    }
}
