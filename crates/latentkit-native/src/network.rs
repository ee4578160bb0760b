//! A network: training steps and inference.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::batch::{CHUNK, Chunk, Scratch, Shared, Sums};
use crate::images::Images;
use crate::layer::{Layer, Shape};
use crate::line::flat_mut;
use crate::loss::{Loss, MetricSums};
use crate::pack::{Gradient, MOMENTUM, Packed};
use crate::plan::{Kind, Plan, TensorInfo, Unsupported};
use crate::simd::Simd;

/// What a training step found.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Sums of the metrics over the pixels of all images, of which there are so many:
    pub sums: MetricSums,
    /// pixels.
    pub pixels: usize,
    /// Gradient of the mean loss for each tensor; empty for those that are not trained.
    pub gradients: Vec<Vec<f32>>,
}

/// Layers with the memory that computing them takes. The weights stay with the caller.
#[derive(Debug)]
pub struct Network {
    plan: Plan,
    simd: Simd,
    packed: Vec<Packed>,
    scratch: Vec<Mutex<Scratch>>,
    chunks: Vec<Chunk>,
    step: Step,
}

impl Network {
    /// A network of these layers. It computes in rayon's current pool of threads; the results do not depend on how many
    /// there are.
    ///
    /// # Errors
    /// When a layer cannot be computed.
    pub fn new(layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        Self::with(Simd::best(), layers, input)
    }

    /// As [`Network::new`], of layers whose output has the shape of their input, so that it can be trained.
    ///
    /// # Errors
    /// When a layer cannot be computed, or the output has another shape.
    pub fn autoencoder(layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let network = Self::new(layers, input)?;
        if network.plan.reconstructs {
            Ok(network)
        } else {
            let layer = layers.len().saturating_sub(1);
            Err(Unsupported { layer, reason: "the last layer does not make what the first one takes" })
        }
    }

    /// As [`Network::new`], with a given instruction set.
    pub(crate) fn with(simd: Simd, layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let plan = Plan::new(layers, input)?;
        let threads = rayon::current_num_threads();
        let scratch = (0..threads).map(|_| Mutex::new(Scratch::new(&plan))).collect();
        let packed = plan.ops.iter().map(Packed::new).collect();
        let gradients = |info: &TensorInfo| vec![0.0; if info.trainable() { info.len() } else { 0 }];
        let step = Step { gradients: plan.tensors.iter().map(gradients).collect(), ..Step::default() };
        Ok(Self { plan, simd, packed, scratch, chunks: Vec::new(), step })
    }

    /// The instruction set that it runs with.
    pub fn instructions(&self) -> &'static str {
        self.simd.name()
    }

    /// The tensors that it reads, in their order: for each layer its weight and bias, and for batch-norm its running mean
    /// and variance.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.plan.tensors
    }

    /// Numbers of one input.
    pub fn input_len(&self) -> usize {
        self.plan.forms[0].len()
    }

    /// Numbers of one output.
    pub fn output_len(&self) -> usize {
        self.plan.forms[self.plan.ops.len()].len()
    }

    /// The outputs, `[n, output_len]`, image after image and channel by channel, with batch-norm's running statistics.
    ///
    /// # Panics
    /// When the inputs are not whole images, or the tensors not those of [`Network::tensors`].
    pub fn infer(&mut self, inputs: Images<'_>, tensors: &[Vec<f32>]) -> Vec<f32> {
        let count = self.count(inputs);
        self.pack(tensors);
        let length = self.output_len();
        let mut out = vec![0.0; count * length];
        let shared = Shared {
            simd: self.simd,
            plan: &self.plan,
            packed: &self.packed,
            images: inputs,
            loss: Loss::Bce,
            scale: 0.0,
        };
        let scratch = &self.scratch;
        out.par_chunks_mut(CHUNK * length).enumerate().for_each(|(chunk, out)| {
            let first = chunk * CHUNK;
            let last = count.min(first + CHUNK);
            with_scratch(scratch, |scratch| shared.infer(first..last, out, scratch));
        });
        out
    }

    /// A training step without its update: the loss of reconstructing the inputs, its gradients, and batch-norm's running
    /// statistics, which are changed in `tensors`.
    ///
    /// # Panics
    /// When the inputs are not whole images, there are none, the tensors are not those of [`Network::tensors`], or the
    /// output has another shape than the input.
    pub fn step(&mut self, inputs: Images<'_>, tensors: &mut [Vec<f32>], loss: Loss) -> &Step {
        let count = self.count(inputs);
        assert!(self.plan.reconstructs, "the output has another shape than the input");
        assert!(count > 0, "a step needs images");
        self.pack(tensors);
        let chunks = count.div_ceil(CHUNK);
        let plan = &self.plan;
        while self.chunks.len() < chunks {
            self.chunks.push(Chunk::new(plan));
        }
        let pixels = count * self.plan.forms[0].len();
        let scale = 1.0 / pixels as f64;
        let segments = plan.segments.len();
        let passes = (0..segments).map(|segment| (segment, true));
        let passes = passes.chain((0..segments - 1).rev().map(|segment| (segment, false)));
        for (segment, forwards) in passes {
            let shared = Shared { simd: self.simd, plan, packed: &self.packed, images: inputs, loss, scale };
            let scratch = &self.scratch;
            let work = self.chunks[..chunks].par_iter_mut().enumerate();
            work.for_each(|(index, chunk)| {
                let images = index * CHUNK..count.min((index + 1) * CHUNK);
                with_scratch(scratch, |scratch| {
                    if forwards {
                        shared.go_forward(segment, images, chunk, scratch);
                    } else {
                        shared.go_backward(segment, images, chunk, scratch);
                    }
                });
            });
            if forwards && segment + 1 < segments {
                let norm = plan.segments[segment + 1].start;
                let op = &plan.ops[norm];
                let Kind::Norm { plane } = op.kind else { continue };
                let pixels = |chunk: usize| (count.min((chunk + 1) * CHUNK) - chunk * CHUNK) * plane.pixels();
                let sums = self.chunks[..chunks].iter().enumerate();
                let statistics = combine(sums.map(|(index, chunk)| (pixels(index), &chunk.sums)));
                let tensors = &mut tensors[op.tensor..][..4];
                let statistics = record(&statistics, count * plane.pixels(), tensors);
                self.packed[norm].set_statistics(tensors, &statistics);
            } else if let Kind::Norm { plane } = plan.ops[plan.segments[segment].start].kind {
                let norm = plan.segments[segment].start;
                let tensor = plan.ops[norm].tensor;
                let mut sums = vec![(0.0, 0.0); plane.channels];
                for chunk in &self.chunks[..chunks] {
                    for (sum, addend) in sums.iter_mut().zip(&chunk.sums) {
                        sum.0 += addend.0;
                        sum.1 += addend.1;
                    }
                }
                let total = (count * plane.pixels()) as f64;
                let gradients = &mut self.step.gradients[tensor..][..2];
                norm_factors(&mut self.packed[norm], &tensors[tensor], &sums, total, gradients);
            }
        }
        self.collect(chunks);
        self.step.pixels = pixels;
        &self.step
    }

    /// Adds up the gradients and metrics of the chunks, in their order.
    fn collect(&mut self, chunks: usize) {
        let (first, rest) = self.chunks[..chunks].split_at_mut(1);
        let first = &mut first[0];
        let add = |(index, sum): (usize, &mut Gradient)| {
            for chunk in rest.iter() {
                sum.add(&chunk.gradients[index]);
            }
        };
        first.gradients.par_iter_mut().enumerate().for_each(add);
        for chunk in rest.iter() {
            first.metrics.add(&chunk.metrics);
        }
        self.step.sums = first.metrics;
        for (op, gradient) in self.plan.ops.iter().zip(&first.gradients) {
            gradient.unpack(op, &mut self.step.gradients[op.tensor..]);
        }
    }

    fn count(&self, inputs: Images<'_>) -> usize {
        let length = self.input_len();
        assert!(inputs.len().is_multiple_of(length), "{} numbers are no images of {length}", inputs.len());
        inputs.len() / length
    }

    fn pack(&mut self, tensors: &[Vec<f32>]) {
        let sizes = self.plan.tensors.iter().map(TensorInfo::len);
        assert!(tensors.iter().map(Vec::len).eq(sizes), "the tensors are not those of the network");
        let simd = self.simd;
        let pairs = self.packed.par_iter_mut().zip(&self.plan.ops);
        pairs.for_each(|(packed, op)| packed.pack(simd, op, &tensors[op.tensor..]));
    }
}

/// The memory of the thread that asks.
fn with_scratch(scratch: &[Mutex<Scratch>], work: impl FnOnce(&mut Scratch)) {
    // A pool that has grown since shares what there is.
    let index = rayon::current_thread_index().unwrap_or(0) % scratch.len();
    // A panic leaves numbers behind, and the next image overwrites them.
    work(&mut scratch[index].lock().unwrap_or_else(PoisonError::into_inner));
}

/// Means and squared deviations of the whole from those of its parts (Chan, Golub and LeVeque, 1979).
fn combine<'a>(parts: impl Iterator<Item = (usize, &'a Sums)>) -> Sums {
    let mut total = 0.0;
    let mut whole = Sums::new();
    for (count, part) in parts {
        let count = count as f64;
        if whole.is_empty() {
            whole.clone_from(part);
        } else {
            for (whole, part) in whole.iter_mut().zip(part) {
                let difference = part.0 - whole.0;
                whole.0 += difference * count / (total + count);
                whole.1 += part.1 + difference * difference * total * count / (total + count);
            }
        }
        total += count;
    }
    whole
}

/// Moves the running statistics towards those of the batch. Returns mean and biased variance of each channel.
fn record(sums: &Sums, count: usize, tensors: &mut [Vec<f32>]) -> Vec<(f64, f64)> {
    let [_, _, means, variances] = tensors else { return Vec::new() };
    let toward = |running: &mut f32, value: f64| {
        *running = ((1.0 - MOMENTUM) * f64::from(*running) + MOMENTUM * value) as f32;
    };
    let unbiased = (count.max(2) - 1) as f64;
    for (&(mean, squares), (running_mean, running_variance)) in
        sums.iter().zip(means.iter_mut().zip(variances))
    {
        toward(running_mean, mean);
        toward(running_variance, squares / unbiased);
    }
    sums.iter().map(|&(mean, squares)| (mean, squares / count as f64)).collect()
}

/// Gradients of batch-norm's scale and shift, and what the gradient of its input is made with.
fn norm_factors(packed: &mut Packed, weight: &[f32], sums: &Sums, count: f64, gradients: &mut [Vec<f32>]) {
    let [weight_gradient, bias_gradient] = gradients else { return };
    let [own, by_value, constant] = &mut packed.factors;
    let (own, by_value, constant) = (flat_mut(own), flat_mut(by_value), flat_mut(constant));
    for (channel, &(gradient, product)) in sums.iter().enumerate() {
        let inverse = packed.inverse[channel];
        let factor = f64::from(weight[channel]) * inverse;
        bias_gradient[channel] = gradient as f32;
        weight_gradient[channel] = (product * inverse) as f32;
        own[channel] = factor as f32;
        by_value[channel] = (-factor * inverse * inverse * product / count) as f32;
        constant[channel] = (-factor * gradient / count) as f32;
    }
}

#[cfg(test)]
mod tests;
