//! Batch normalisation, image by image.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::image_layout::ImageLayout;
use crate::line::Line;
use crate::simd::{Routine, Vector};

/// (x - mean) scale + shift, channel by channel.
pub(crate) struct Normalise<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    /// [blocks] each.
    pub(crate) mean: &'a [Line],
    pub(crate) scale: &'a [Line],
    pub(crate) shift: &'a [Line],
    pub(crate) out: &'a mut [Line],
}

impl Routine for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.plane.blocks;
        for block in 0..depth {
            let mean = V::load(&self.mean[block]);
            let (scale, shift) = (V::load(&self.scale[block]), V::load(&self.shift[block]));
            for y in 0..self.plane.height {
                let (first, length) = (self.plane.row(y), self.plane.width * depth);
                let image = &self.image[first..][..length];
                let out = &mut self.out[first..][..length];
                for at in (block..length).step_by(depth) {
                    V::load(&image[at]).sub(mean).mul_add(scale, shift).store(&mut out[at]);
                }
            }
        }
    }
}

/// Adds the squares of x - mean: [blocks].
pub(crate) struct Deviations<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    pub(crate) mean: &'a [Line],
    pub(crate) sums: &'a mut [Line],
}

impl Routine for Deviations<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.plane.blocks;
        for block in 0..depth {
            let mean = V::load(&self.mean[block]);
            let mut total = V::load(&self.sums[block]);
            for y in 0..self.plane.height {
                let row = &self.image[self.plane.row(y)..][..self.plane.width * depth];
                let mut sum = V::zero();
                for line in row.iter().skip(block).step_by(depth) {
                    let difference = V::load(line).sub(mean);
                    sum = difference.mul_add(difference, sum);
                }
                total = total.add(sum);
            }
            total.store(&mut self.sums[block]);
        }
    }
}

/// Adds the gradients, and the gradients times x - mean: [2, blocks].
pub(crate) struct Moments<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    pub(crate) gradient: &'a [Line],
    pub(crate) mean: &'a [Line],
    pub(crate) sums: &'a mut [Line],
}

impl Routine for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.plane.blocks;
        for block in 0..depth {
            let mean = V::load(&self.mean[block]);
            let mut totals = [V::load(&self.sums[block]), V::load(&self.sums[depth + block])];
            for y in 0..self.plane.height {
                let (first, length) = (self.plane.row(y), self.plane.width * depth);
                let image = &self.image[first..][..length];
                let gradients = &self.gradient[first..][..length];
                let mut sums = [V::zero(); 2];
                for at in (block..length).step_by(depth) {
                    let gradient = V::load(&gradients[at]);
                    sums[0] = sums[0].add(gradient);
                    sums[1] = V::load(&image[at]).sub(mean).mul_add(gradient, sums[1]);
                }
                totals = [totals[0].add(sums[0]), totals[1].add(sums[1])];
            }
            totals[0].store(&mut self.sums[block]);
            totals[1].store(&mut self.sums[depth + block]);
        }
    }
}

/// The gradient of the input: `own g + by_value (x - mean) + constant`.
pub(crate) struct NormGradient<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    pub(crate) gradient: &'a [Line],
    /// [blocks] each.
    pub(crate) mean: &'a [Line],
    pub(crate) own: &'a [Line],
    pub(crate) by_value: &'a [Line],
    pub(crate) constant: &'a [Line],
    /// Whether a ReLU made the image: then there is no gradient where it is not above zero.
    pub(crate) relu_mask: bool,
    pub(crate) out: &'a mut [Line],
}

impl Routine for NormGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.plane.blocks;
        for block in 0..depth {
            let (mean, own) = (V::load(&self.mean[block]), V::load(&self.own[block]));
            let (by_value, constant) = (V::load(&self.by_value[block]), V::load(&self.constant[block]));
            for y in 0..self.plane.height {
                let (first, length) = (self.plane.row(y), self.plane.width * depth);
                let image = &self.image[first..][..length];
                let gradients = &self.gradient[first..][..length];
                let out = &mut self.out[first..][..length];
                for at in (block..length).step_by(depth) {
                    let value = V::load(&image[at]);
                    let rest = value.sub(mean).mul_add(by_value, constant);
                    let gradient = V::load(&gradients[at]).mul_add(own, rest);
                    let gradient = if self.relu_mask { gradient.where_positive(value) } else { gradient };
                    gradient.store(&mut out[at]);
                }
            }
        }
    }
}
