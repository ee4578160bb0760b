//! Dense layers: products of matrices over the whole batch.

use std::ops::Range;

use rayon::prelude::*;

use super::bias::{AddBias, AddRows, Mask};
use super::product::{Accum, multiply, rows};
use super::sections::{Backward, section};
use crate::simd::Simd;

/// Rows and columns of a tile of a product, which one thread computes.
const SIDE: usize = 128;

/// A dense layer. Its weights are `[units, inputs]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dense {
    pub(super) inputs: usize,
    pub(super) units: usize,
    pub(super) relu: bool,
}

impl Dense {
    /// out = act(input weightsᵀ + bias); `buffer` is as long.
    pub(super) fn forward(
        self,
        simd: Simd,
        images: usize,
        [weights, bias]: [&[f32]; 2],
        input: &[f32],
        out: &mut [f32],
        buffer: &mut Vec<f32>,
    ) {
        let Self { inputs, units, relu } = self;
        let tile = |images: Range<usize>, units: Range<usize>, out: &mut [f32]| {
            let input = rows(&input[images.start * inputs..images.end * inputs], inputs);
            let weights = rows(&weights[units.start * inputs..units.end * inputs], inputs);
            multiply(out, Accum::Replace, input, weights.transpose());
        };
        in_tiles(images, units, out, buffer, tile, |sums| simd.call(AddBias { sums, bias, relu }));
    }

    /// The gradients of the input, and of weights and bias.
    pub(super) fn backward(
        self,
        simd: Simd,
        weights: &[f32],
        known: Backward<'_>,
        [of_weights, of_bias]: [&mut [f32]; 2],
        buffer: &mut Vec<f32>,
    ) {
        let Self { inputs, units, relu } = self;
        let Backward { images, input, output, gradient, out } = known;
        let part = section(images) * units;
        if relu {
            let parts = gradient.par_chunks_mut(part).zip(output.par_chunks(part));
            parts.for_each(|(gradient, output)| simd.call(Mask { gradient, output }));
        }
        of_bias.fill(0.0);
        simd.call(AddRows { rows: gradient, sums: of_bias });
        let gradient = rows(gradient, units);
        of_weights.par_chunks_mut(SIDE * inputs).enumerate().for_each(|(tile, sums)| {
            let gradient = gradient.subcols(tile * SIDE, sums.len() / inputs).transpose();
            multiply(sums, Accum::Replace, gradient, rows(input, inputs));
        });
        let Some(out) = out else { return };
        let weights = rows(weights, inputs);
        let tile = |images: Range<usize>, inputs: Range<usize>, out: &mut [f32]| {
            let gradient = gradient.subrows(images.start, images.len());
            multiply(out, Accum::Replace, gradient, weights.subcols(inputs.start, inputs.len()));
        };
        in_tiles(images, inputs, out, buffer, tile, |_| ());
    }
}

/// Makes a matrix of tiles, which `tile` computes of their rows and columns; `finish` takes some finished rows.
fn in_tiles(
    rows: usize,
    columns: usize,
    out: &mut [f32],
    buffer: &mut Vec<f32>,
    tile: impl Fn(Range<usize>, Range<usize>, &mut [f32]) + Sync,
    finish: impl Fn(&mut [f32]) + Sync,
) {
    // Tiles with the same columns lie one after the other, so that they are [rows, columns of the tile].
    buffer.resize(rows * columns, 0.0);
    let mut tiles = Vec::new();
    let mut rest = &mut buffer[..];
    for column in (0..columns).step_by(SIDE) {
        for row in (0..rows).step_by(SIDE) {
            let (row, column) = (row..rows.min(row + SIDE), column..columns.min(column + SIDE));
            let (own, others) = rest.split_at_mut(row.len() * column.len());
            tiles.push((row, column, own));
            rest = others;
        }
    }
    tiles.into_par_iter().for_each(|(row, column, out)| tile(row, column, out));
    let section = section(rows);
    out.par_chunks_mut(section * columns).enumerate().for_each(|(part, out)| {
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            for (tile, out) in out.chunks_mut(SIDE).enumerate() {
                let start = rows * tile * SIDE + (part * section + row) * out.len();
                out.copy_from_slice(&buffer[start..][..out.len()]);
            }
        }
        finish(out);
    });
}
