//! What is kept of a batch, and the work of one thread.

use std::ops::Range;

use crate::execute::{self, Known};
use crate::images::Images;
use crate::line::{Line, flat, flat_mut, zeros};
use crate::loss::{Errors, Loss, MetricSums};
use crate::norm::{Deviations, Moments, NormGradient};
use crate::pack::{Gradient, Packed};
use crate::plan::{Kind, Layout, Op, Plan};
use crate::pool::Pick;
use crate::rearrange::gate;
use crate::reduce::AddPixels;
use crate::simd::Simd;
use crate::statistics::Sums;
use crate::winograd::Tiles;

/// Images of a chunk. Chunks are worked on one by one and their sums added up in order, so that the result does not depend
/// on how many threads there are.
pub(crate) const CHUNK: usize = 16;

/// What a step knows of a chunk of the batch.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Values that are kept: [images, lines] each, or empty.
    stored: Vec<Vec<Line>>,
    /// Gradients of the outputs of each batch-norm: [images, lines], or empty.
    norm_gradients: Vec<Vec<Line>>,
    /// What each pool picked: [images, picks], or empty.
    picks: Vec<Vec<Pick>>,
    /// Sums at the last batch-norm.
    pub(crate) sums: Sums,
    /// Gradients of each operation.
    pub(crate) gradients: Vec<Gradient>,
    /// Sums of the metrics.
    pub(crate) metrics: MetricSums,
}

impl Chunk {
    pub(crate) fn new(plan: &Plan) -> Self {
        let kept = |(form, &stored): (&Layout, &bool)| zeros(if stored { CHUNK * form.lines() } else { 0 });
        let norm = |(op, form): (&Op, &Layout)| match op.kind {
            Kind::Norm { .. } => zeros(CHUNK * form.lines()),
            _ => Vec::new(),
        };
        let picks = |op: &Op| vec![Pick::default(); CHUNK * picks(op)];
        Self {
            stored: plan.forms.iter().zip(&plan.stored).map(kept).collect(),
            norm_gradients: plan.ops.iter().zip(&plan.forms).map(norm).collect(),
            picks: plan.ops.iter().map(picks).collect(),
            sums: Vec::new(),
            gradients: plan.ops.iter().map(Gradient::new).collect(),
            metrics: MetricSums::default(),
        }
    }
}

/// Picks of an image.
fn picks(op: &Op) -> usize {
    if let Kind::Pool { output, .. } = op.kind { output.pixels() * output.blocks } else { 0 }
}

/// Memory of one thread.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Values of an image.
    values: Vec<Vec<Line>>,
    /// What it shall become; empty before the first step.
    target: Vec<Line>,
    /// Their gradients; empty before the first step.
    gradients: Vec<Vec<Line>>,
    /// Gradients of kernels by positions; empty before the first step.
    positions: Vec<Vec<Line>>,
    tiles: Tiles,
}

impl Scratch {
    pub(crate) fn new(plan: &Plan) -> Self {
        let values = plan.forms.iter().map(|form| zeros(form.lines())).collect();
        Self {
            values,
            target: Vec::new(),
            gradients: Vec::new(),
            positions: Vec::new(),
            tiles: Tiles::default(),
        }
    }

    fn prepare(&mut self, plan: &Plan) {
        if self.gradients.is_empty() {
            self.gradients = plan.forms.iter().map(|form| zeros(form.lines())).collect();
            self.target = zeros(plan.forms[0].lines());
            let positions = |op: &Op| match op.kind {
                Kind::Conv(conv) => zeros(conv.position_lines()),
                _ => Vec::new(),
            };
            self.positions = plan.ops.iter().map(positions).collect();
        }
    }
}

/// What all threads read.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) simd: Simd,
    pub(crate) plan: &'a Plan,
    pub(crate) packed: &'a [Packed],
    pub(crate) images: Images<'a>,
    /// What each image shall become.
    pub(crate) targets: Images<'a>,
    pub(crate) loss: Loss,
    /// 1 / pixels of the batch.
    pub(crate) scale: f64,
}

/// A value of an image: the one that is kept, or the thread's.
fn value<'a>(stored: &'a [Vec<Line>], values: &'a [Vec<Line>], index: usize, image: usize) -> &'a [Line] {
    let lines = values[index].len();
    if stored[index].is_empty() { &values[index] } else { &stored[index][image * lines..][..lines] }
}

impl Shared<'_> {
    /// Loads an image in the form of value 0.
    fn load(&self, images: Images<'_>, image: usize, to: &mut [Line]) {
        let form = self.plan.forms[0];
        let length = form.len();
        match form {
            Layout::Image(plane) if plane.single => {
                let to = flat_mut(to);
                for y in 0..plane.height {
                    let row = &mut to[plane.index(y, 0, 0)..][..plane.width];
                    images.copy(image * length + y * plane.width, row);
                }
            }
            form => {
                let mut values = vec![0.0; length];
                images.copy(image * length, &mut values);
                form.set_values(&values, to);
            }
        }
    }

    /// One image forward through some operations.
    fn forward(
        &self,
        ops: Range<usize>,
        image: usize,
        stored: &mut [Vec<Line>],
        picks: &mut [Vec<Pick>],
        scratch: &mut Scratch,
    ) {
        for index in ops {
            let op = &self.plan.ops[index];
            let (before, after) = stored.split_at_mut(index + 1);
            let (values, next) = scratch.values.split_at_mut(index + 1);
            let input = value(before, values, index, image);
            let lines = next[0].len();
            let out =
                if after[0].is_empty() { &mut next[0][..] } else { &mut after[0][image * lines..][..lines] };
            let count = self::picks(op);
            let picks = picks[index].get_mut(image * count..(image + 1) * count).unwrap_or_default();
            execute::forward(self.simd, op, &self.packed[index], input, out, picks, &mut scratch.tiles);
        }
    }

    /// Inference: the last value of each image, channel by channel.
    pub(crate) fn infer(&self, images: Range<usize>, out: &mut [f32], scratch: &mut Scratch) {
        let ops = self.plan.ops.len();
        let form = self.plan.forms[ops];
        let mut stored = vec![Vec::new(); ops + 1];
        let mut picks = vec![Vec::new(); ops];
        for (image, out) in images.zip(out.chunks_exact_mut(form.len())) {
            self.load(self.images, image, &mut scratch.values[0]);
            self.forward(0..ops, 0, &mut stored, &mut picks, scratch);
            let last = &scratch.values[ops];
            out.copy_from_slice(&form.values(last));
        }
    }

    /// The forward pass of a segment, `images` being those of the chunk, and the statistics that the next batch-norm needs;
    /// after the last segment, the loss and the segment's backward pass.
    pub(crate) fn go_forward(
        &self,
        segment: usize,
        images: Range<usize>,
        chunk: &mut Chunk,
        scratch: &mut Scratch,
    ) {
        scratch.prepare(self.plan);
        let ops = self.plan.segments[segment].clone();
        let last = segment + 1 == self.plan.segments.len();
        if segment == 0 {
            chunk.metrics = MetricSums::default();
        }
        if last {
            clear(ops.clone(), chunk, scratch);
        }
        for (index, image) in images.clone().enumerate() {
            if segment == 0 {
                self.load_value(image, index, chunk, scratch);
            }
            self.forward(ops.clone(), index, &mut chunk.stored, &mut chunk.picks, scratch);
            if last {
                self.measure(image, chunk, scratch);
                self.backward(ops.clone(), index, chunk, scratch);
            }
        }
        if last {
            self.finish(ops, images.len(), chunk, scratch);
        } else {
            self.statistics(ops.end, images.len(), chunk);
        }
    }

    /// The backward pass of a segment that is not the last.
    pub(crate) fn go_backward(
        &self,
        segment: usize,
        images: Range<usize>,
        chunk: &mut Chunk,
        scratch: &mut Scratch,
    ) {
        let ops = self.plan.segments[segment].clone();
        let norm = ops.end;
        let Kind::Norm { plane } = self.plan.ops[norm].kind else { return };
        scratch.prepare(self.plan); // another thread may have gone forward
        clear(ops.clone(), chunk, scratch);
        for (index, image) in images.clone().enumerate() {
            let lines = plane.lines();
            let packed = &self.packed[norm];
            self.simd.call(NormGradient {
                plane,
                image: &chunk.stored[norm][index * lines..][..lines],
                gradient: &chunk.norm_gradients[norm][index * lines..][..lines],
                mean: &packed.mean,
                own: &packed.factors[0],
                by_value: &packed.factors[1],
                constant: &packed.factors[2],
                relu_mask: self.plan.ops[norm].relu_mask,
                out: &mut scratch.gradients[norm],
            });
            if segment == 0 {
                self.load_value(image, index, chunk, scratch);
            } else {
                // The output of the segment's batch-norm is not kept.
                let first = ops.start..ops.start + 1;
                self.forward(first, index, &mut chunk.stored, &mut chunk.picks, scratch);
            }
            self.backward(ops.clone(), index, chunk, scratch);
        }
        self.finish(ops, images.len(), chunk, scratch);
    }

    fn load_value(&self, image: usize, index: usize, chunk: &mut Chunk, scratch: &mut Scratch) {
        let lines = scratch.values[0].len();
        let to = if chunk.stored[0].is_empty() {
            &mut scratch.values[0][..]
        } else {
            &mut chunk.stored[0][index * lines..][..lines]
        };
        self.load(self.images, image, to);
    }

    /// The loss of an image and the gradient of its logits.
    fn measure(&self, image: usize, chunk: &mut Chunk, scratch: &mut Scratch) {
        let last = self.plan.ops.len();
        self.load(self.targets, image, &mut scratch.target);
        let (logits, pixels) = (&scratch.values[last], &scratch.target);
        let out = &mut scratch.gradients[last];
        let (loss, scale) = (self.loss, self.scale as f32);
        match (self.plan.forms[0], self.plan.forms[last]) {
            (Layout::Image(first), Layout::Image(plane)) if first.single && plane.single => {
                for y in 0..plane.height {
                    let row = plane.index(y, 0, 0)..plane.index(y, 0, 0) + plane.width;
                    let (logits, pixels) = (&flat(logits)[row.clone()], &flat(pixels)[row.clone()]);
                    let gradient = &mut flat_mut(out)[row];
                    chunk.metrics.add(&self.simd.call(Errors { logits, pixels, loss, scale, gradient }));
                }
            }
            (first, form) => {
                let (logits, pixels) = (form.values(logits), first.values(pixels));
                let mut values = vec![0.0; form.len()];
                let gradient = &mut values[..];
                let errors = Errors { logits: &logits, pixels: &pixels, loss, scale, gradient };
                chunk.metrics.add(&self.simd.call(errors));
                form.set_values(&values, out);
            }
        }
        if self.plan.relu_last {
            gate(out, logits);
        }
    }

    /// One image backward through some operations, down to the output of the batch-norm that they start with.
    fn backward(&self, ops: Range<usize>, image: usize, chunk: &mut Chunk, scratch: &mut Scratch) {
        let norm = matches!(self.plan.ops[ops.start].kind, Kind::Norm { .. }) && !ops.is_empty();
        let first = ops.start + usize::from(norm);
        for index in (first..ops.end).rev() {
            let op = &self.plan.ops[index];
            let (before, after) = scratch.gradients.split_at_mut(index + 1);
            let count = picks(op);
            let known = Known {
                packed: &self.packed[index],
                input: value(&chunk.stored, &scratch.values, index, image),
                output: value(&chunk.stored, &scratch.values, index + 1, image),
                picks: chunk.picks[index].get(image * count..(image + 1) * count).unwrap_or_default(),
                gradient: &after[0],
            };
            execute::backward(
                self.simd,
                op,
                &known,
                &mut chunk.gradients[index],
                &mut scratch.positions[index],
                (index > 0).then_some(&mut before[index][..]),
                &mut scratch.tiles,
            );
        }
        if norm {
            let gradient = &scratch.gradients[first];
            let lines = gradient.len();
            chunk.norm_gradients[ops.start][image * lines..][..lines].copy_from_slice(gradient);
        }
    }

    /// After the last image of a chunk: gradients of kernels by taps, and the sums that batch-norm's gradient needs.
    fn finish(&self, ops: Range<usize>, images: usize, chunk: &mut Chunk, scratch: &mut Scratch) {
        for index in ops.clone() {
            match self.plan.ops[index].kind {
                Kind::Conv(conv) => {
                    conv.to_taps(self.simd, &scratch.positions[index], &mut chunk.gradients[index].weight);
                }
                Kind::Norm { plane } => {
                    let lines = plane.lines();
                    let values = chunk.stored[index].chunks_exact(lines);
                    let gradients = chunk.norm_gradients[index].chunks_exact(lines);
                    chunk.sums = vec![(0.0, 0.0); plane.channels];
                    for (image, gradient) in values.zip(gradients).take(images) {
                        let mut sums = zeros(2 * plane.blocks);
                        let mean = &self.packed[index].mean;
                        self.simd.call(Moments { plane, image, gradient, mean, sums: &mut sums });
                        let (gradients, products) = sums.split_at(plane.blocks);
                        for (sum, (gradient, product)) in
                            chunk.sums.iter_mut().zip(flat(gradients).iter().zip(flat(products)))
                        {
                            sum.0 += f64::from(*gradient);
                            sum.1 += f64::from(*product);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Mean and squared deviations of each channel of a batch-norm's input.
    fn statistics(&self, norm: usize, images: usize, chunk: &mut Chunk) {
        let Kind::Norm { plane } = self.plan.ops[norm].kind else { return };
        let values = || chunk.stored[norm].chunks_exact(plane.lines()).take(images);
        let mut totals = vec![(0.0, 0.0); plane.channels];
        for image in values() {
            let mut sums = zeros(plane.blocks);
            self.simd.call(AddPixels { plane, image, sums: &mut sums });
            for (total, &sum) in totals.iter_mut().zip(flat(&sums)) {
                total.0 += f64::from(sum);
            }
        }
        let count = (images * plane.pixels()) as f64;
        let mut means = zeros(plane.blocks);
        for (mean, total) in flat_mut(&mut means).iter_mut().zip(&mut totals) {
            total.0 /= count;
            *mean = total.0 as f32;
        }
        for image in values() {
            let mut sums = zeros(plane.blocks);
            self.simd.call(Deviations { plane, image, mean: &means, sums: &mut sums });
            for (total, &sum) in totals.iter_mut().zip(flat(&sums)) {
                total.1 += f64::from(sum);
            }
        }
        chunk.sums = totals;
    }
}

fn clear(ops: Range<usize>, chunk: &mut Chunk, scratch: &mut Scratch) {
    for index in ops {
        chunk.gradients[index].clear();
        scratch.positions[index].fill(Line::ZERO);
    }
}
