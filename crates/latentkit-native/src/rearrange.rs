//! Layers that only move values: flattening, reshaping and enlarging.

use crate::image_layout::ImageLayout;
use crate::line::{Line, flat, flat_mut};

/// The place of each value of an image, channel by channel.
fn places(plane: ImageLayout) -> impl Iterator<Item = usize> {
    (0..plane.channels).flat_map(move |channel| {
        (0..plane.height).flat_map(move |y| (0..plane.width).map(move |x| plane.index(y, x, channel)))
    })
}

/// An image's values, channel by channel.
pub(crate) fn flatten(plane: ImageLayout, image: &[Line], out: &mut [f32]) {
    let image = flat(image);
    for (out, place) in out.iter_mut().zip(places(plane)) {
        *out = image[place];
    }
}

/// An image of values that come channel by channel.
pub(crate) fn unflatten(plane: ImageLayout, values: &[f32], out: &mut [Line]) {
    let out = flat_mut(out);
    for (&value, place) in values.iter().zip(places(plane)) {
        out[place] = value;
    }
}

/// Each value as a square.
pub(crate) fn enlarge(
    input: ImageLayout,
    image: &[Line],
    factor: usize,
    output: ImageLayout,
    out: &mut [Line],
) {
    let depth = input.blocks;
    for y in 0..output.height {
        let source = &image[input.row(y / factor)..][..input.width * depth];
        let target = &mut out[output.row(y)..][..output.width * depth];
        for (pixel, targets) in source.chunks_exact(depth).zip(target.chunks_exact_mut(factor * depth)) {
            for target in targets.chunks_exact_mut(depth) {
                target.copy_from_slice(pixel);
            }
        }
    }
}

/// The sum of each square.
pub(crate) fn enlarge_gradient(
    output: ImageLayout,
    gradient: &[Line],
    factor: usize,
    input: ImageLayout,
    out: &mut [Line],
) {
    let depth = input.blocks;
    for y in 0..input.height {
        out[input.row(y)..][..input.width * depth].fill(Line::ZERO);
    }
    for y in 0..output.height {
        let source = &gradient[output.row(y)..][..output.width * depth];
        let target = &mut out[input.row(y / factor)..][..input.width * depth];
        for (pixel, sources) in target.chunks_exact_mut(depth).zip(source.chunks_exact(factor * depth)) {
            for source in sources.chunks_exact(depth) {
                for (sum, line) in pixel.iter_mut().zip(source) {
                    for (sum, value) in sum.0.iter_mut().zip(line.0) {
                        *sum += value;
                    }
                }
            }
        }
    }
}

/// Zeros a gradient where the value is not above zero.
pub(crate) fn gate(gradient: &mut [Line], values: &[Line]) {
    for (gradient, value) in flat_mut(gradient).iter_mut().zip(flat(values)) {
        if *value <= 0.0 {
            *gradient = 0.0;
        }
    }
}
