//! The gradient of a kernel.

use super::active::{ALL, Active, NOT_FIRST, NOT_LAST, NOT_THIRD, position};
use super::product::OuterProducts;
use super::tiles::Tiles;
use super::transform::{Gradients, Inputs};
use crate::image_layout::ImageLayout;
use crate::line::Line;
use crate::simd::Simd;

/// Tiles that are multiplied at once: enough to make loading and storing the sums cheap, few enough to stay in the second
/// cache.
const TILES: usize = 112;

/// Adds an image's part of the gradient of a transformed kernel, [positions, channels in, blocks out], and of its bias,
/// [blocks out]. The input is enlarged when the output is twice as large.
pub(crate) fn weight_gradient(
    simd: Simd,
    active: Active,
    (input, image): (ImageLayout, &[Line]),
    (output, gradient): (ImageLayout, &[Line]),
    sums: &mut [Line],
    bias: &mut [Line],
    tiles: &mut Tiles,
) {
    let doubled = output.height == 2 * input.height;
    let (rows, columns) = output.tiles();
    let positions = active.positions();
    // Parts of about the same size.
    let parts = (rows * columns).div_ceil(TILES).min(rows);
    let most = positions * rows.div_ceil(parts) * columns;
    tiles.reserve(most * input.blocks, most * output.blocks);
    for part in 0..parts {
        let rows = rows * part / parts..rows * (part + 1) / parts;
        let count = rows.len() * columns;
        let inputs = &mut tiles.inputs[..positions * input.blocks * count];
        let outputs = &mut tiles.outputs[..positions * output.blocks * count];
        simd.call(Inputs { plane: input, image, doubled, active, rows: rows.clone(), columns, out: inputs });
        simd.call(Gradients { plane: output, gradient, active, rows, columns, out: outputs });
        simd.call(OuterProducts {
            positions,
            tiles: count,
            blocks_in: input.blocks,
            blocks_out: output.blocks,
            inputs,
            outputs,
            sums,
        });
        // The position in the second row and column is the sum of the tile.
        let second = match active {
            Active::All => position(ALL, 1, 1),
            Active::NotFirst => position(NOT_FIRST, 1, 1),
            Active::NotLast => position(NOT_LAST, 1, 1),
            Active::NotThird => position(NOT_THIRD, 1, 1),
        };
        let tile_sums = outputs[second * output.blocks * count..].chunks_exact(count);
        for (bias, tile_sums) in bias.iter_mut().zip(tile_sums) {
            simd.call(crate::reduce::AddLines { lines: tile_sums, sum: bias });
        }
    }
}
