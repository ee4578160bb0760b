//! The largest value of each 2x2 square.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::image_layout::ImageLayout;
use crate::line::Line;
use crate::simd::{Routine, Vector};

/// Which value of a square was the largest, a bit for each lane: whether it is the right one above, the right one below,
/// and below.
pub(crate) type Pick = [u16; 3];

/// Forward.
pub(crate) struct Pool<'a> {
    pub(crate) input: ImageLayout,
    pub(crate) image: &'a [Line],
    pub(crate) output: ImageLayout,
    pub(crate) out: &'a mut [Line],
    /// [height, width, blocks] of the output; empty when nobody asks.
    pub(crate) picks: &'a mut [Pick],
}

impl Routine for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.input.blocks;
        let width = self.output.width;
        for y in 0..self.output.height {
            let upper = &self.image[self.input.row(2 * y)..][..2 * width * depth];
            let lower = &self.image[self.input.row(2 * y + 1)..][..2 * width * depth];
            let out = &mut self.out[self.output.row(y)..][..width * depth];
            for x in 0..width {
                for block in 0..depth {
                    let at = 2 * x * depth + block;
                    let (a, b) = (V::load(&upper[at]), V::load(&upper[at + depth]));
                    let (c, d) = (V::load(&lower[at]), V::load(&lower[at + depth]));
                    let (above, below) = (a.max(b), c.max(d));
                    above.max(below).store(&mut out[x * depth + block]);
                    if let Some(pick) = self.picks.get_mut((y * width + x) * depth + block) {
                        *pick = [b.above(a), d.above(c), below.above(above)];
                    }
                }
            }
        }
    }
}

/// Backward.
pub(crate) struct PoolGradient<'a> {
    pub(crate) output: ImageLayout,
    pub(crate) gradient: &'a [Line],
    pub(crate) picks: &'a [Pick],
    /// The output, when a ReLU came before: where it is not above zero there is no gradient.
    pub(crate) gate: Option<&'a [Line]>,
    pub(crate) input: ImageLayout,
    pub(crate) out: &'a mut [Line],
}

impl Routine for PoolGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.input.blocks;
        let (width, zero) = (self.output.width, V::zero());
        for y in 0..self.output.height {
            let first = self.output.row(y);
            let (upper, lower) = (self.input.row(2 * y), self.input.row(2 * y + 1));
            for x in 0..width {
                for block in 0..depth {
                    let at = first + x * depth + block;
                    let gradient = V::load(&self.gradient[at]);
                    let gradient =
                        self.gate.map_or(gradient, |gate| gradient.where_positive(V::load(&gate[at])));
                    let [right_above, right_below, below] = self.picks[(y * width + x) * depth + block];
                    let (high, low) = (zero.select(below, gradient), gradient.select(below, zero));
                    let at = 2 * x * depth + block;
                    zero.select(right_above, high).store(&mut self.out[upper + at]);
                    high.select(right_above, zero).store(&mut self.out[upper + at + depth]);
                    zero.select(right_below, low).store(&mut self.out[lower + at]);
                    low.select(right_below, zero).store(&mut self.out[lower + at + depth]);
                }
            }
        }
    }
}
