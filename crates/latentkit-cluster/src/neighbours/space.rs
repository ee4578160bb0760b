//! Distances that can be ranked, among latents and among images.

use ndarray::{ArrayView1, ArrayView2};

use crate::simd::{Routine, Simd};

/// Points that can be ranked by their distance from one of them.
pub(super) trait Space: Sync {
    /// Replaces `distances` by a number for each point, larger for one that is farther from `point`: [n].
    fn distances(&self, point: usize, distances: &mut Vec<u64>);
}

/// Points by their coordinates, which are finite: [n, dimensions].
pub(super) struct Latents<'a>(pub(super) ArrayView2<'a, f32>);

impl Space for Latents<'_> {
    fn distances(&self, point: usize, distances: &mut Vec<u64>) {
        let own = self.0.row(point);
        distances.clear();
        distances.extend(self.0.rows().into_iter().map(|other| {
            let square = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).powi(2);
            // Numbers that are not negative have the order of their bits.
            own.iter().zip(other).map(square).sum::<f64>().to_bits()
        }));
    }
}

/// Images by their pixels: [n, pixels].
pub(super) struct Images<'a> {
    pub(super) simd: Simd,
    pub(super) pixels: ArrayView2<'a, u8>,
}

impl Space for Images<'_> {
    fn distances(&self, point: usize, distances: &mut Vec<u64>) {
        self.simd.call(Squares { own: self.pixels.row(point), all: self.pixels.view(), distances });
    }
}

/// The squared distances of an image to all images; whole numbers, so exact.
struct Squares<'a> {
    own: ArrayView1<'a, u8>,
    all: ArrayView2<'a, u8>,
    distances: &'a mut Vec<u64>,
}

/// Squares of differences of pixels, each 255² at most, whose sum fits in a u32.
const RUN: usize = 1 << 16;

impl Routine for Squares<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let own = self.own.as_slice().expect("the pixels of an image lie one after the other");
        self.distances.clear();
        for other in self.all.rows() {
            let other = other.as_slice().expect("the pixels of an image lie one after the other");
            let mut distance = 0;
            for (own, other) in own.chunks(RUN).zip(other.chunks(RUN)) {
                let mut sum = 0_u32;
                for (&a, &b) in own.iter().zip(other) {
                    let difference = i32::from(a) - i32::from(b);
                    sum += (difference * difference) as u32;
                }
                distance += u64::from(sum);
            }
            self.distances.push(distance);
        }
    }
}
