//! The windows of a convolution: a square of a large image for each pixel of a small one.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use std::ops::Range;

use super::plane::Plane;
use crate::simd::{Routine, Simd, Vector};

/// Numbers in the windows that are looked at together: a quarter of a megabyte, which stays in a core's cache.
const TOGETHER: usize = 1 << 16;

/// Where the windows lie. The window of the small image's pixel (y, x) begins at the large one's pixel
/// (y stride - before, x stride - before). What of it is outside of the image is zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) large: Plane,
    pub(super) small: Plane,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) before: usize,
}

impl Windows {
    /// Numbers of a window: row by row, pixel by pixel, `[kernel, kernel, channels]`.
    pub(super) fn len(self) -> usize {
        self.kernel * self.kernel * self.large.channels
    }

    /// The windows of some images in parts that are looked at together.
    pub(super) fn parts(self, images: usize) -> impl Iterator<Item = Range<usize>> {
        let (windows, most) = (images * self.small.pixels(), (TOGETHER / self.len()).max(1));
        let parts = windows.div_ceil(most);
        (0..parts).map(move |part| windows * part / parts..windows * (part + 1) / parts)
    }

    /// Copies windows of large images, `[windows, numbers]`.
    pub(super) fn gather(self, simd: Simd, images: &[f32], windows: Range<usize>, out: &mut [f32]) {
        simd.call(Gather { windows: self, images, range: windows, out });
    }

    /// Adds windows to large images, where they are of them.
    pub(super) fn scatter(self, simd: Simd, windows: &[f32], range: Range<usize>, images: &mut [f32]) {
        simd.call(Scatter { windows: self, images, range, values: windows });
    }

    /// Where windows are, one after the other.
    #[inline(always)]
    fn corners(self, range: Range<usize>) -> impl Iterator<Item = Corner> {
        let Plane { height, width, .. } = self.small;
        let (mut x, mut y) = (range.start % width, range.start / width % height);
        let mut image = range.start / (width * height);
        range.map(move |_| {
            let corner = Corner { image, y: y * self.stride, x: x * self.stride };
            x += 1;
            if x == width {
                (x, y) = (0, y + 1);
                if y == height {
                    (y, image) = (0, image + 1);
                }
            }
            corner
        })
    }

    /// A row of a window as far as it is of its image: where it begins among the numbers of the images, and which numbers of
    /// the row these are.
    #[inline(always)]
    fn row(self, corner: Corner, row: usize) -> (usize, Range<usize>) {
        let Plane { height, width, channels } = self.large;
        let y = corner.y + row;
        if y < self.before || y >= self.before + height {
            return (0, 0..0);
        }
        let first = self.before.saturating_sub(corner.x);
        let last = self.kernel.min((self.before + width).saturating_sub(corner.x));
        if first >= last {
            return (0, 0..0);
        }
        let line = (corner.image * height + y - self.before) * width;
        ((line + corner.x + first - self.before) * channels, first * channels..last * channels)
    }
}

/// The first pixel of a window, with the zeros before the image counted.
#[derive(Clone, Copy)]
struct Corner {
    image: usize,
    y: usize,
    x: usize,
}

struct Gather<'a> {
    windows: Windows,
    images: &'a [f32],
    range: Range<usize>,
    out: &'a mut [f32],
}

impl Routine for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let windows = self.windows;
        let length = windows.kernel * windows.large.channels;
        let corners = windows.corners(self.range);
        for (window, corner) in self.out.chunks_exact_mut(windows.len()).zip(corners) {
            for (row, out) in window.chunks_exact_mut(length).enumerate() {
                let (start, inside) = windows.row(corner, row);
                if inside.len() == length {
                    copy(&self.images[start..][..length], out);
                } else {
                    out.fill(0.0);
                    out[inside.clone()].copy_from_slice(&self.images[start..][..inside.len()]);
                }
            }
        }
    }
}

/// Copies numbers; usual short lengths without a loop.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    match from.len() {
        3 => copy_all::<3>(from, to),
        5 => copy_all::<5>(from, to),
        7 => copy_all::<7>(from, to),
        9 => copy_all::<9>(from, to),
        15 => copy_all::<15>(from, to),
        _ => to.copy_from_slice(from),
    }
}

#[inline(always)]
fn copy_all<const N: usize>(from: &[f32], to: &mut [f32]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *to = *from;
    }
}

struct Scatter<'a> {
    windows: Windows,
    images: &'a mut [f32],
    range: Range<usize>,
    values: &'a [f32],
}

impl Routine for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let windows = self.windows;
        let length = windows.kernel * windows.large.channels;
        let corners = windows.corners(self.range);
        for (window, corner) in self.values.chunks_exact(windows.len()).zip(corners) {
            for (row, values) in window.chunks_exact(length).enumerate() {
                let (start, inside) = windows.row(corner, row);
                let sums = &mut self.images[start..][..inside.len()];
                for (sum, value) in sums.iter_mut().zip(&values[inside]) {
                    *sum += value;
                }
            }
        }
    }
}
