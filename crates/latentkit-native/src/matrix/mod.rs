//! A network that goes layer by layer, each on the whole batch: training steps and inference.
//!
//! Values are `[n, height, width, channels]`, or `[n, length]`. Convolutions gather the windows of some images and multiply
//! them with the kernel; transposed ones multiply first, and add the windows up. Dense layers are products over the batch.

mod bias;
mod conv;
mod dense;
mod gelu;
mod kernel;
mod norm;
mod operation;
mod plane;
mod product;
mod resize;
mod sections;
mod transposed;
mod windows;

use rayon::prelude::*;

use crate::images::Images;
use crate::layer::{Layer, Shape};
use crate::loss::{Errors, Loss, MetricSums};
use crate::simd::Simd;
use crate::statistics::record;
use crate::step::Step;
use crate::tensors::{TensorInfo, layer_tensors};
use operation::{Operation, operations};
use plane::Plane;
use sections::{Backward, section};

/// Numbers of the longest value, and images, that inference takes through all layers at once: a megabyte, which stays in the
/// caches.
const MOST_NUMBERS: usize = 1 << 18;
const MOST_IMAGES: usize = 128;

/// Numbers whose losses are added up in float32.
const LOSSES: usize = 1 << 10;

/// The operations with their values. Operation i makes value i + 1 of value i; value 0 is the input.
#[derive(Debug)]
pub(crate) struct Batchwise {
    simd: Simd,
    operations: Vec<Operation>,
    tensors: Vec<TensorInfo>,
    input: Plane,
    output: Plane,
    /// Values of the last batch.
    values: Vec<Vec<f32>>,
    /// What the inputs shall become, where it is something else.
    targets: Vec<f32>,
    /// Gradients of a value, and of the one before.
    gradients: [Vec<f32>; 2],
    /// What lies between in an operation.
    buffer: Vec<f32>,
    step: Step,
}

impl Batchwise {
    /// A network of layers that fit each other, with the shape before each and after the last.
    pub(crate) fn new(simd: Simd, layers: &[Layer], shapes: &[Shape]) -> Self {
        let (mut made, mut tensors) = (Vec::new(), Vec::new());
        for (index, (&layer, &[input, output])) in layers.iter().zip(shapes.array_windows()).enumerate() {
            made.extend(operations(layer, input, output, tensors.len()));
            tensors.extend(layer_tensors(layer, input, index));
        }
        Self {
            simd,
            input: Plane::of(shapes[0]),
            output: Plane::of(shapes[layers.len()]),
            values: vec![Vec::new(); made.len() + 1],
            operations: made,
            targets: Vec::new(),
            gradients: [Vec::new(), Vec::new()],
            buffer: Vec::new(),
            step: Step::new(&tensors),
            tensors,
        }
    }

    pub(crate) fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The outputs of `count` inputs, as [`Network::infer`](crate::Network::infer) has them.
    pub(crate) fn infer(&mut self, count: usize, inputs: Images<'_>, tensors: &[Vec<f32>]) -> Vec<f32> {
        for operation in &mut self.operations {
            operation.prepare(&tensors[operation.tensor..]);
        }
        let longest = self.operations.iter().map(|operation| operation.lengths.1).max();
        let longest = longest.unwrap_or(0).max(self.input.len());
        let most = (MOST_NUMBERS / longest).clamp(1, MOST_IMAGES);
        let mut out = vec![0.0; count * self.output.len()];
        let length = self.output.len();
        let parts = out.par_chunks_mut(most * length).enumerate();
        parts.for_each_init(<[Vec<f32>; 3]>::default, |[value, next, buffer], (part, out)| {
            let images = out.len() / length;
            load(inputs, part * most, images, self.input, value);
            for operation in &self.operations {
                next.resize(images * operation.lengths.1, 0.0);
                let own = &tensors[operation.tensor..];
                operation.forward(self.simd, images, own, value, next, buffer);
                std::mem::swap(value, next);
            }
            for (value, out) in value.chunks_exact(length).zip(out.chunks_exact_mut(length)) {
                self.output.flatten(value, out);
            }
        });
        out
    }

    /// A training step on `count` inputs, as [`Network::step`](crate::Network::step) has it.
    pub(crate) fn step(
        &mut self,
        count: usize,
        inputs: Images<'_>,
        targets: Option<Images<'_>>,
        tensors: &mut [Vec<f32>],
        loss: Loss,
    ) -> &Step {
        load(inputs, 0, count, self.input, &mut self.values[0]);
        for (index, operation) in self.operations.iter_mut().enumerate() {
            let own = operation.tensor..;
            operation.prepare(&tensors[own.clone()]);
            let (before, after) = self.values.split_at_mut(index + 1);
            let (input, out) = (&before[index], &mut after[0]);
            if let Some(norm) = operation.norm() {
                let sums = norm.statistics(self.simd, count, input);
                let pixels = count * norm.plane.pixels();
                operation.set_statistics(record(&sums, pixels, &mut tensors[own.clone()][..4]));
            }
            out.resize(count * operation.lengths.1, 0.0);
            operation.forward(self.simd, count, &tensors[own], input, out, &mut self.buffer);
        }
        match targets {
            Some(targets) => load(targets, 0, count, self.input, &mut self.targets),
            None => self.targets.clear(),
        }
        self.measure(count, loss);
        self.backward(count, tensors);
        &self.step
    }

    /// The losses, and the gradient of the logits.
    fn measure(&mut self, count: usize, loss: Loss) {
        let pixels = if self.targets.is_empty() { &self.values[0] } else { &self.targets };
        let logits = &self.values[self.operations.len()];
        let gradient = &mut self.gradients[0];
        gradient.resize(logits.len(), 0.0);
        let scale = (1.0 / logits.len() as f64) as f32;
        let part = section(count) * self.output.len();
        let parts = logits.par_chunks(part).zip(pixels.par_chunks(part)).zip(gradient.par_chunks_mut(part));
        let simd = self.simd;
        let of_part = |((logits, pixels), gradient): ((&[f32], &[f32]), &mut [f32])| {
            let mut sums = MetricSums::default();
            let rows = logits.chunks(LOSSES).zip(pixels.chunks(LOSSES)).zip(gradient.chunks_mut(LOSSES));
            for ((logits, pixels), gradient) in rows {
                sums.add(&simd.call(Errors { logits, pixels, loss, scale, gradient }));
            }
            sums
        };
        let sums: Vec<MetricSums> = parts.map(of_part).collect();
        self.step.pixels = logits.len();
        self.step.sums = MetricSums::default();
        for sums in &sums {
            self.step.sums.add(sums);
        }
    }

    /// The gradients of the tensors, from the last operation to the first.
    fn backward(&mut self, count: usize, tensors: &[Vec<f32>]) {
        for (index, operation) in self.operations.iter().enumerate().rev() {
            let [gradient, before] = &mut self.gradients;
            before.resize(count * operation.lengths.0, 0.0);
            let known = Backward {
                images: count,
                input: &self.values[index],
                output: &self.values[index + 1],
                gradient,
                out: (index > 0).then_some(before),
            };
            let own = operation.tensor..;
            let gradients = &mut self.step.gradients[own.clone()];
            operation.backward(self.simd, &tensors[own], known, gradients, &mut self.buffer);
            self.gradients.swap(0, 1);
        }
    }
}

/// Images from `first` on as a value.
fn load(inputs: Images<'_>, first: usize, count: usize, plane: Plane, value: &mut Vec<f32>) {
    let length = plane.len();
    value.resize(count * length, 0.0);
    value.par_chunks_exact_mut(length).enumerate().for_each_init(Vec::new, |numbers, (index, value)| {
        let start = (first + index) * length;
        if plane.channels == 1 || plane.pixels() == 1 {
            inputs.copy(start, value);
        } else {
            numbers.resize(length, 0.0);
            inputs.copy(start, numbers);
            plane.unflatten(numbers, value);
        }
    });
}
