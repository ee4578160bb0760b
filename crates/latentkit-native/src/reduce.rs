//! Sums over pixels.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::image_layout::ImageLayout;
use crate::line::Line;
use crate::simd::{Routine, Vector};

/// Adds lines to one.
pub(crate) struct AddLines<'a> {
    pub(crate) lines: &'a [Line],
    pub(crate) sum: &'a mut Line,
}

impl Routine for AddLines<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let (fours, rest) = self.lines.as_chunks::<4>();
        let mut sums = [V::zero(); 4];
        for four in fours {
            for (sum, line) in sums.iter_mut().zip(four) {
                *sum = sum.add(V::load(line));
            }
        }
        for (sum, line) in sums.iter_mut().zip(rest) {
            *sum = sum.add(V::load(line));
        }
        let [a, b, c, d] = sums;
        V::load(self.sum).add(a.add(b).add(c.add(d))).store(self.sum);
    }
}

/// Adds the pixels of an image, channel by channel: [blocks].
pub(crate) struct AddPixels<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    pub(crate) sums: &'a mut [Line],
}

impl Routine for AddPixels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let depth = self.plane.blocks;
        for (block, out) in self.sums.iter_mut().enumerate() {
            // Row by row, so that no sum has too many terms.
            let mut total = V::load(out);
            for y in 0..self.plane.height {
                let row = &self.image[self.plane.row(y)..][..self.plane.width * depth];
                let mut sum = V::zero();
                for line in row.iter().skip(block).step_by(depth) {
                    sum = sum.add(V::load(line));
                }
                total = total.add(sum);
            }
            total.store(out);
        }
    }
}
