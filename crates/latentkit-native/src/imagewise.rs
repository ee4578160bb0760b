//! A network whose images go through several layers one by one: training steps and inference.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::batch::{CHUNK, Chunk, Scratch, Shared};
use crate::images::Images;
use crate::layer::{Layer, Shape};
use crate::line::flat_mut;
use crate::loss::Loss;
use crate::pack::{Gradient, Packed};
use crate::plan::{Kind, Plan};
use crate::simd::Simd;
use crate::statistics::{Sums, add_up, combine, record};
use crate::step::Step;
use crate::tensors::{TensorInfo, Unsupported};

/// Layers with the memory that computing them takes. The weights stay with the caller.
#[derive(Debug)]
pub(crate) struct Imagewise {
    plan: Plan,
    simd: Simd,
    packed: Vec<Packed>,
    scratch: Vec<Mutex<Scratch>>,
    chunks: Vec<Chunk>,
    step: Step,
}

impl Imagewise {
    /// A network of these layers, with an instruction set.
    ///
    /// # Errors
    /// When a layer cannot be computed.
    pub(crate) fn new(simd: Simd, layers: &[Layer], input: Shape) -> Result<Self, Unsupported> {
        let plan = Plan::new(layers, input)?;
        let threads = rayon::current_num_threads();
        let scratch = (0..threads).map(|_| Mutex::new(Scratch::new(&plan))).collect();
        let packed = plan.ops.iter().map(Packed::new).collect();
        let step = Step::new(&plan.tensors);
        Ok(Self { plan, simd, packed, scratch, chunks: Vec::new(), step })
    }

    pub(crate) fn tensors(&self) -> &[TensorInfo] {
        &self.plan.tensors
    }

    /// The outputs of `count` inputs, as [`Network::infer`](crate::Network::infer) has them.
    pub(crate) fn infer(&mut self, count: usize, inputs: Images<'_>, tensors: &[Vec<f32>]) -> Vec<f32> {
        self.pack(tensors);
        let length = self.plan.forms[self.plan.ops.len()].len();
        let mut out = vec![0.0; count * length];
        let shared = Shared {
            simd: self.simd,
            plan: &self.plan,
            packed: &self.packed,
            images: inputs,
            targets: inputs,
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

    /// A training step on `count` inputs, as [`Network::step`](crate::Network::step) has it.
    pub(crate) fn step(
        &mut self,
        count: usize,
        inputs: Images<'_>,
        targets: Option<Images<'_>>,
        tensors: &mut [Vec<f32>],
        loss: Loss,
    ) -> &Step {
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
            let (simd, packed, targets) = (self.simd, &self.packed, targets.unwrap_or(inputs));
            let shared = Shared { simd, plan, packed, images: inputs, targets, loss, scale };
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
                let sums = add_up(plane.channels, self.chunks[..chunks].iter().map(|chunk| &chunk.sums));
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

    fn pack(&mut self, tensors: &[Vec<f32>]) {
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
