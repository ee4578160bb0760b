//! A convolution, tiles at a time.

use super::active::Active;
use super::product::Products;
use super::tiles::Tiles;
use super::transform::{Finish, Inputs, Outputs};
use crate::image_layout::ImageLayout;
use crate::line::{LANES, Line};
use crate::simd::Simd;

/// Tiles that are multiplied at once: few enough to stay in the first caches.
const TILES: usize = 14;

/// Convolves an image with a transformed kernel, [positions, channels in, blocks out].
///
/// The output is as large as the input, twice as large when the input is to be enlarged first, or half as large when
/// each 2x2 square of the output is to be summed.
pub(crate) fn convolve(
    simd: Simd,
    active: Active,
    (input, image): (ImageLayout, &[Line]),
    kernel: &[Line],
    (output, out): (ImageLayout, &mut [Line]),
    finish: Finish<'_>,
    tiles: &mut Tiles,
) {
    let doubled = output.height == 2 * input.height;
    let halved = input.height == 2 * output.height;
    let (rows, columns) = if halved { input } else { output }.tiles();
    let positions = active.positions();
    let step = (TILES / columns).max(1);
    let most = positions * step * columns;
    tiles.reserve(most * input.blocks, most * output.blocks);
    for first in (0..rows).step_by(step) {
        let rows = first..rows.min(first + step);
        let count = rows.len() * columns;
        let inputs = &mut tiles.inputs[..positions * input.blocks * count];
        let products = &mut tiles.outputs[..positions * output.blocks * count];
        simd.call(Inputs { plane: input, image, doubled, active, rows: rows.clone(), columns, out: inputs });
        simd.call(Products {
            positions,
            tiles: count,
            blocks_in: input.blocks,
            blocks_out: output.blocks,
            inputs,
            kernel: &kernel[..positions * input.blocks * LANES * output.blocks],
            out: products,
        });
        simd.call(Outputs { products, active, rows, columns, plane: output, image: out, halved, finish });
    }
}
