//! The division of a batch into sections. It depends on the number of images alone: threads take sections, whose sums are
//! added up in order, so that how many threads there are changes no bit.

use rayon::prelude::*;

/// Images of a section at least.
const FEWEST: usize = 16;

/// Sections at most: each has gradients of its own.
const MOST: usize = 32;

/// Images of a section of a batch.
pub(super) fn section(images: usize) -> usize {
    FEWEST.max(images.div_ceil(MOST))
}

/// What the backward pass of an operation reads and writes.
pub(super) struct Backward<'a> {
    pub(super) images: usize,
    /// Values of the batch.
    pub(super) input: &'a [f32],
    pub(super) output: &'a [f32],
    /// Gradient of the output, which becomes that of the sums before the ReLU.
    pub(super) gradient: &'a mut [f32],
    /// Gradient of the input, when anybody asks.
    pub(super) out: Option<&'a mut [f32]>,
}

/// One section of it.
pub(super) struct Section<'a> {
    pub(super) images: usize,
    pub(super) input: &'a [f32],
    pub(super) output: &'a [f32],
    pub(super) gradient: &'a mut [f32],
    pub(super) out: Option<&'a mut [f32]>,
    /// Where gradients of tensors are added.
    pub(super) sums: &'a mut [f32],
}

impl Backward<'_> {
    /// Does the work of each section, every thread with a buffer, and leaves what the sections have added to `length`
    /// gradients at the start of `sums`.
    pub(super) fn by_section(
        self,
        length: usize,
        sums: &mut Vec<f32>,
        work: impl Fn(Section<'_>, &mut Vec<f32>) + Sync,
    ) {
        let size = section(self.images);
        let count = self.images.div_ceil(size);
        sums.clear();
        sums.resize(count * length, 0.0);
        let part = |all: usize| all / self.images * size;
        let mut outs: Vec<Option<&mut [f32]>> = match self.out {
            Some(out) => out.chunks_mut(part(out.len())).map(Some).collect(),
            None => (0..count).map(|_| None).collect(),
        };
        let gradient_part = part(self.gradient.len());
        self.gradient
            .par_chunks_mut(gradient_part)
            .zip(self.input.par_chunks(part(self.input.len())))
            .zip(self.output.par_chunks(part(self.output.len())))
            .zip(sums.par_chunks_mut(length))
            .zip(&mut outs)
            .enumerate()
            .for_each_init(Vec::new, |buffer, (index, ((((gradient, input), output), sums), out))| {
                let images = size.min(self.images - index * size);
                work(Section { images, input, output, gradient, out: out.take(), sums }, buffer);
            });
        let (first, rest) = sums.split_at_mut(length);
        first.par_chunks_mut(SUMS).enumerate().for_each(|(part, sums)| {
            for addends in rest.chunks_exact(length) {
                for (sum, addend) in sums.iter_mut().zip(&addends[part * SUMS..]) {
                    *sum += addend;
                }
            }
        });
    }
}

/// Gradients that a thread adds up at once.
const SUMS: usize = 1 << 12;
