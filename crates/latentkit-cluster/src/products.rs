//! Scalar products and squared distances of points in f32, and what rounding does to the former.

use crate::prepared::{LANES, ROUNDOFF};
use crate::simd::{mul_add_f32, square_add_f32};

/// Axes whose products are summed before their sum is added to that of the others, so that rounding stays small and that what is
/// read of a block stays in the nearest cache.
const AXES: usize = 128;

/// The products of the points of a block, [dimensions][LANES], with the first `C` of a tile, [dimensions][TILE].
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(crate) fn products<const FMA: bool, const C: usize, const TILE: usize>(
    block: &[[f32; LANES]],
    tile: &[[f32; TILE]],
) -> [[f32; LANES]; C] {
    let mut products = [[0.0_f32; LANES]; C];
    for (block, tile) in block.chunks(AXES).zip(tile.chunks(AXES)) {
        add::<FMA, C, TILE>(block, tile, &mut products);
    }
    products
}

/// The products of the points of a block, [dimensions][LANES], with those of `tiles`, each [dimensions][TILE]: [tiles, TILE][LANES]
/// written to `products`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(crate) fn products_of_tiles<const FMA: bool, const TILE: usize>(
    block: &[[f32; LANES]],
    tiles: &[[f32; TILE]],
    products: &mut Vec<[[f32; LANES]; TILE]>,
) {
    let dimensions = block.len();
    products.clear();
    products.resize(tiles.len() / dimensions, [[0.0; LANES]; TILE]);
    for (index, block) in block.chunks(AXES).enumerate() {
        for (tile, products) in tiles.chunks_exact(dimensions).zip(&mut *products) {
            add::<FMA, TILE, TILE>(block, &tile[index * AXES..][..block.len()], products);
        }
    }
}

/// The squared distances of the points of a block, [dimensions][LANES], to the first `C` of a tile, [dimensions][TILE], from differences.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
pub(crate) fn squared_distances<const FMA: bool, const C: usize, const TILE: usize>(
    block: &[[f32; LANES]],
    tile: &[[f32; TILE]],
) -> [[f32; LANES]; C] {
    let mut squares = [[0.0_f32; LANES]; C];
    for (coordinates, others) in block.iter().zip(tile) {
        for (squares, &other) in squares.iter_mut().zip(others) {
            for (square, &own) in squares.iter_mut().zip(coordinates) {
                *square = square_add_f32::<FMA>(own - other, *square);
            }
        }
    }
    squares
}

/// Adds the products on some axes with the first `C` of a tile.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn add<const FMA: bool, const C: usize, const TILE: usize>(
    block: &[[f32; LANES]],
    tile: &[[f32; TILE]],
    products: &mut [[f32; LANES]; C],
) {
    let mut part = [[0.0_f32; LANES]; C];
    for (coordinates, others) in block.iter().zip(tile) {
        for (part, &other) in part.iter_mut().zip(others) {
            for (part, &own) in part.iter_mut().zip(coordinates) {
                *part = mul_add_f32::<FMA>(own, other, *part);
            }
        }
    }
    for (products, part) in products.iter_mut().zip(&part) {
        for (product, part) in products.iter_mut().zip(part) {
            *product += part;
        }
    }
}

/// What rounding moves a product x y by at most, relative to |x| |y|, with some to spare for the norms and what is done with both.
///
/// With u the unit roundoff, that of the products and their sums moves x y by (AXES + dimensions / AXES) u |x| |y| at most, and that
/// of the coordinates by a few u |x| |y|.
pub(crate) fn rounding(dimensions: usize) -> f32 {
    (AXES + dimensions.div_ceil(AXES) + 16) as f32 * ROUNDOFF
}
