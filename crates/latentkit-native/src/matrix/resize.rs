//! Layers that make images smaller or larger: max-pools of 2x2 squares, and each value as a square.

use super::plane::Plane;

/// Largest value of each square; the first one wins.
pub(super) fn pool(plane: Plane, image: &[f32], out: &mut [f32]) {
    let Plane { height, width, channels } = plane;
    for (square, out) in squares(height, width).zip(out.chunks_exact_mut(channels)) {
        for (channel, out) in out.iter_mut().enumerate() {
            *out = image[largest(square, channels, channel, image)];
        }
    }
}

/// Its gradient goes to the values that won.
pub(super) fn pool_gradient(plane: Plane, image: &[f32], gradient: &[f32], out: &mut [f32]) {
    let Plane { height, width, channels } = plane;
    out.fill(0.0);
    for (square, gradients) in squares(height, width).zip(gradient.chunks_exact(channels)) {
        for (channel, gradient) in gradients.iter().enumerate() {
            out[largest(square, channels, channel, image)] = *gradient;
        }
    }
}

/// The pixels of each whole 2x2 square.
fn squares(height: usize, width: usize) -> impl Iterator<Item = [usize; 4]> {
    let first = move |y: usize, x: usize| 2 * y * width + 2 * x;
    (0..height / 2).flat_map(move |y| {
        (0..width / 2)
            .map(move |x| first(y, x))
            .map(move |pixel| [pixel, pixel + 1, pixel + width, pixel + width + 1])
    })
}

/// Where the largest value of a channel is among the numbers of the image.
fn largest(square: [usize; 4], channels: usize, channel: usize, image: &[f32]) -> usize {
    let [first, others @ ..] = square.map(|pixel| pixel * channels + channel);
    others.into_iter().fold(first, |best, place| if image[place] > image[best] { place } else { best })
}

/// Each value as a square of `factor`.
pub(super) fn enlarge(plane: Plane, factor: usize, image: &[f32], out: &mut [f32]) {
    let Plane { width, channels, .. } = plane;
    for (y, row) in out.chunks_exact_mut(width * factor * channels).enumerate() {
        let pixels = image[y / factor * width * channels..].chunks_exact(channels);
        for (pixel, square) in pixels.zip(row.chunks_exact_mut(factor * channels)) {
            for out in square.chunks_exact_mut(channels) {
                out.copy_from_slice(pixel);
            }
        }
    }
}

/// Its gradient, the sum of each square.
pub(super) fn enlarge_gradient(plane: Plane, factor: usize, gradient: &[f32], out: &mut [f32]) {
    let Plane { width, channels, .. } = plane;
    out.fill(0.0);
    for (y, row) in gradient.chunks_exact(width * factor * channels).enumerate() {
        let sums = out[y / factor * width * channels..].chunks_exact_mut(channels);
        for (sums, square) in sums.zip(row.chunks_exact(factor * channels)) {
            for gradients in square.chunks_exact(channels) {
                for (sum, gradient) in sums.iter_mut().zip(gradients) {
                    *sum += gradient;
                }
            }
        }
    }
}
