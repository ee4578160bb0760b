//! Convolutions from one channel and to one channel, with 3x3 taps, by their definition.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use crate::image_layout::ImageLayout;
use crate::line::{LANES, Line};
use crate::simd::{Routine, Vector};
use crate::winograd::Finish;

/// Taps of a kernel.
pub(crate) const TAPS: usize = 9;

/// From one channel to several.
pub(crate) struct ConvFromOneChannel<'a> {
    /// The single plane.
    pub(crate) source: ImageLayout,
    pub(crate) image: &'a [f32],
    /// [9, blocks].
    pub(crate) taps: &'a [Line],
    pub(crate) plane: ImageLayout,
    pub(crate) out: &'a mut [Line],
    pub(crate) finish: Finish<'a>,
}

impl Routine for ConvFromOneChannel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for block in (0..self.plane.blocks).step_by(2) {
            if block + 1 < self.plane.blocks {
                self.blocks::<V, 2>(block);
            } else {
                self.blocks::<V, 1>(block);
            }
        }
    }
}

impl ConvFromOneChannel<'_> {
    #[inline(always)]
    fn blocks<V: Vector, const N: usize>(&mut self, block: usize) {
        let mut weights = [[V::zero(); N]; TAPS];
        for (tap, weights) in weights.iter_mut().enumerate() {
            for (n, weight) in weights.iter_mut().enumerate() {
                *weight = V::load(&self.taps[tap * self.plane.blocks + block + n]);
            }
        }
        for y in 0..self.plane.height {
            let mut x = 0;
            while x + 4 <= self.plane.width {
                self.pixels::<V, N, 4>(&weights, block, y, x);
                x += 4;
            }
            while x < self.plane.width {
                self.pixels::<V, N, 1>(&weights, block, y, x);
                x += 1;
            }
        }
    }

    #[inline(always)]
    fn pixels<V: Vector, const N: usize, const M: usize>(
        &mut self,
        weights: &[[V; N]; TAPS],
        block: usize,
        y: usize,
        x: usize,
    ) {
        let mut sums = [[V::zero(); N]; M];
        if let Some(bias) = self.finish.bias {
            for sums in &mut sums {
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(&bias[block + n]);
                }
            }
        }
        for a in 0..3 {
            let row = &self.image[(y + a) * self.source.pitch + x..][..M + 2];
            for b in 0..3 {
                for (m, sums) in sums.iter_mut().enumerate() {
                    let value = V::splat(row[m + b]);
                    for (sum, weight) in sums.iter_mut().zip(weights[a * 3 + b]) {
                        *sum = value.mul_add(weight, *sum);
                    }
                }
            }
        }
        for (m, sums) in sums.into_iter().enumerate() {
            let first = self.plane.row(y) + (x + m) * self.plane.blocks + block;
            for (n, sum) in sums.into_iter().enumerate() {
                let sum = if self.finish.relu { sum.max(V::zero()) } else { sum };
                let sum = self.finish.gate.map_or(sum, |gate| sum.where_positive(V::load(&gate[first + n])));
                sum.store(&mut self.out[first + n]);
            }
        }
    }
}

/// From several channels to one.
pub(crate) struct ConvToOneChannel<'a> {
    pub(crate) plane: ImageLayout,
    pub(crate) image: &'a [Line],
    /// [9, blocks].
    pub(crate) taps: &'a [Line],
    pub(crate) bias: f32,
    pub(crate) relu: bool,
    /// Values become zero where those of this image are not above zero.
    pub(crate) gate: Option<&'a [f32]>,
    /// The single plane.
    pub(crate) target: ImageLayout,
    pub(crate) out: &'a mut [f32],
}

impl Routine for ConvToOneChannel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for y in 0..self.plane.height {
            let mut x = 0;
            while x + 4 <= self.plane.width {
                self.pixels::<V, 4>(y, x);
                x += 4;
            }
            while x < self.plane.width {
                self.pixels::<V, 1>(y, x);
                x += 1;
            }
        }
    }
}

impl ConvToOneChannel<'_> {
    #[inline(always)]
    fn pixels<V: Vector, const M: usize>(&mut self, y: usize, x: usize) {
        let depth = self.plane.blocks;
        let mut sums = [V::zero(); M];
        for a in 0..3 {
            let row = &self.image[((y + a) * self.plane.pitch + x) * depth..][..(M + 2) * depth];
            let taps = &self.taps[a * 3 * depth..][..3 * depth];
            for (at, tap) in taps.iter().enumerate() {
                let weight = V::load(tap);
                for (m, sum) in sums.iter_mut().enumerate() {
                    *sum = weight.mul_add(V::load(&row[m * depth + at]), *sum);
                }
            }
        }
        for (m, sum) in sums.into_iter().enumerate() {
            let at = self.target.index(y, x + m, 0);
            let value = sum.sum() + self.bias;
            let zero = (self.relu && value < 0.0) || self.gate.is_some_and(|gate| gate[at] <= 0.0);
            self.out[at] = if zero { 0.0 } else { value };
        }
    }
}

/// Adds an image's part of the gradient of the taps between one channel and several.
pub(crate) struct Correlate<'a> {
    /// The single plane.
    pub(crate) source: ImageLayout,
    pub(crate) image: &'a [f32],
    pub(crate) plane: ImageLayout,
    pub(crate) lines: &'a [Line],
    /// Whether the single plane is the output, so that the taps come in reverse.
    pub(crate) flipped: bool,
    /// [9, blocks].
    pub(crate) taps: &'a mut [Line],
}

impl Routine for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self) {
        for block in (0..self.plane.blocks).step_by(2) {
            if block + 1 < self.plane.blocks {
                self.blocks::<V, 2>(block);
            } else {
                self.blocks::<V, 1>(block);
            }
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn blocks<V: Vector, const N: usize>(&mut self, block: usize) {
        let (depth, pitch) = (self.plane.blocks, self.source.pitch);
        let mut sums = [[V::zero(); N]; TAPS];
        for y in 0..self.plane.height {
            let lines = &self.lines[self.plane.row(y)..][..self.plane.width * depth];
            let row = |a: usize| &self.image[(y + a) * pitch..][..self.plane.width + 2];
            let rows = [row(0), row(1), row(2)];
            for (x, lines) in lines.chunks_exact(depth).enumerate() {
                let mut values = [V::zero(); N];
                for (n, value) in values.iter_mut().enumerate() {
                    *value = V::load(&lines[block + n]);
                }
                for (tap, sums) in sums.iter_mut().enumerate() {
                    let pixel = V::splat(rows[tap / 3][x + tap % 3]);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = pixel.mul_add(value, *sum);
                    }
                }
            }
        }
        for (tap, sums) in sums.into_iter().enumerate() {
            let tap = if self.flipped { TAPS - 1 - tap } else { tap };
            for (n, sum) in sums.into_iter().enumerate() {
                let out = &mut self.taps[tap * depth + block + n];
                V::load(out).add(sum).store(out);
            }
        }
    }
}

/// Sum of the pixels of a single plane.
pub(crate) fn sum(plane: ImageLayout, image: &[f32]) -> f32 {
    let rows = (0..plane.height).map(|y| {
        let row = &image[plane.index(y, 0, 0)..][..plane.width];
        let mut lanes = [0.0; LANES];
        for (x, value) in row.iter().enumerate() {
            lanes[x % LANES] += value;
        }
        lanes.iter().sum::<f32>()
    });
    rows.sum()
}
