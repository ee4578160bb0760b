//! Tiles between images and positions.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]

use std::ops::Range;

use super::active::{ALL, Active, NOT_FIRST, NOT_LAST, NOT_THIRD, has, position};
use super::grid::{Grid, GridMut};
use crate::image_layout::ImageLayout;
use crate::line::Line;
use crate::simd::{Routine, Vector};

/// What follows the sums.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finish<'a> {
    /// Added to every pixel: [blocks].
    pub(crate) bias: Option<&'a [Line]>,
    /// Whether negative values become zero.
    pub(crate) relu: bool,
    /// Values become zero where those of this image are not above zero.
    pub(crate) gate: Option<&'a [Line]>,
}

/// Bᵀ d B of the 4x4 tiles of an image.
pub(super) struct Inputs<'a> {
    /// The image; with `doubled`, the one that is enlarged twice.
    pub(super) plane: ImageLayout,
    pub(super) image: &'a [Line],
    pub(super) doubled: bool,
    pub(super) active: Active,
    /// Rows of tiles, and tiles of each.
    pub(super) rows: Range<usize>,
    pub(super) columns: usize,
    /// [positions, blocks, tiles].
    pub(super) out: &'a mut [Line],
}

impl Routine for Inputs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        match (self.active, self.doubled) {
            (Active::All, false) => self.transform::<V, ALL, false>(),
            (Active::NotFirst, false) => self.transform::<V, NOT_FIRST, false>(),
            (Active::NotLast, false) => self.transform::<V, NOT_LAST, false>(),
            (Active::NotThird, false) => self.transform::<V, NOT_THIRD, false>(),
            (_, true) => self.transform::<V, NOT_THIRD, true>(),
        }
    }
}

impl Inputs<'_> {
    #[inline(always)]
    fn transform<V: Vector, const ACTIVE: u8, const DOUBLED: bool>(self) {
        let (depth, stride) = (self.plane.blocks, self.plane.pitch * self.plane.blocks);
        let tiles = self.rows.len() * self.columns;
        let step = if DOUBLED { 1 } else { 2 };
        for block in 0..depth {
            let mut out = GridMut::new(self.out, depth, block, tiles);
            for (index, row) in self.rows.clone().enumerate() {
                let first = row * step * stride;
                let lines = |line: usize| &self.image[first + line * stride..][..stride];
                let rows = [lines(0), lines(1), lines(2), lines(if DOUBLED { 2 } else { 3 })];
                let mut left = [
                    input_column::<V, DOUBLED>(&rows, block),
                    input_column::<V, DOUBLED>(&rows, depth + block),
                ];
                for column in 0..self.columns {
                    let at = (column * step + 2) * depth + block;
                    let third = input_column::<V, DOUBLED>(&rows, at);
                    let fourth = if DOUBLED { third } else { input_column::<V, DOUBLED>(&rows, at + depth) };
                    let tile = index * self.columns + column;
                    for i in 0..4 {
                        if !has(ACTIVE, i) {
                            continue;
                        }
                        let across =
                            input_transform::<V, DOUBLED>([left[0][i], left[1][i], third[i], fourth[i]]);
                        for (j, value) in across.into_iter().enumerate() {
                            if has(ACTIVE, j) {
                                value.store(out.line(position(ACTIVE, i, j), tile));
                            }
                        }
                    }
                    left = if DOUBLED { [left[1], third] } else { [third, fourth] };
                }
            }
        }
    }
}

#[inline(always)]
fn input_column<V: Vector, const DOUBLED: bool>(rows: &[&[Line]; 4], at: usize) -> [V; 4] {
    let fourth = if DOUBLED { V::zero() } else { V::load(&rows[3][at]) };
    input_transform::<V, DOUBLED>([
        V::load(&rows[0][at]),
        V::load(&rows[1][at]),
        V::load(&rows[2][at]),
        fourth,
    ])
}

/// Bᵀ d. Doubled, d holds three values, of which the second stands for the two in the middle, and the third row is zero.
#[inline(always)]
fn input_transform<V: Vector, const DOUBLED: bool>(d: [V; 4]) -> [V; 4] {
    if DOUBLED {
        [d[0].sub(d[1]), d[1].add(d[1]), V::zero(), d[1].sub(d[2])]
    } else {
        [d[0].sub(d[2]), d[1].add(d[2]), d[2].sub(d[1]), d[1].sub(d[3])]
    }
}

/// Aᵀ m A of the tiles, with what follows.
pub(super) struct Outputs<'a> {
    /// [positions, blocks, tiles].
    pub(super) products: &'a [Line],
    pub(super) active: Active,
    /// Rows of tiles, and tiles of each.
    pub(super) rows: Range<usize>,
    pub(super) columns: usize,
    /// The image; with `halved`, the one whose values are the sums of the tiles.
    pub(super) plane: ImageLayout,
    pub(super) image: &'a mut [Line],
    pub(super) halved: bool,
    pub(super) finish: Finish<'a>,
}

impl Routine for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        match (self.active, self.halved) {
            (Active::All, false) => self.transform::<V, ALL>(),
            (Active::NotFirst, false) => self.transform::<V, NOT_FIRST>(),
            (Active::NotLast, false) => self.transform::<V, NOT_LAST>(),
            (Active::NotThird, false) => self.transform::<V, NOT_THIRD>(),
            (_, true) => self.sum::<V, NOT_THIRD>(),
        }
    }
}

impl Outputs<'_> {
    #[inline(always)]
    fn transform<V: Vector, const ACTIVE: u8>(mut self) {
        let depth = self.plane.blocks;
        let tiles = self.rows.len() * self.columns;
        for block in 0..depth {
            let products = Grid::new(self.products, depth, block, tiles);
            let bias = self.finish.bias.map_or(V::zero(), |bias| V::load(&bias[block]));
            for (index, row) in self.rows.clone().enumerate() {
                for column in 0..self.columns {
                    let tile = index * self.columns + column;
                    let mut across = [[V::zero(); 2]; 4];
                    for (i, across) in across.iter_mut().enumerate() {
                        if has(ACTIVE, i) {
                            *across = output_transform::<V, ACTIVE>(load::<V, ACTIVE>(&products, i, tile));
                        }
                    }
                    let mut out = [[V::zero(); 2]; 2];
                    for j in 0..2 {
                        let [upper, lower] = output_transform::<V, ACTIVE>([
                            across[0][j],
                            across[1][j],
                            across[2][j],
                            across[3][j],
                        ]);
                        out[0][j] = upper;
                        out[1][j] = lower;
                    }
                    let (y, x) = (2 * row, 2 * column);
                    let (two_rows, two_columns) = (y + 1 < self.plane.height, x + 1 < self.plane.width);
                    let at = self.plane.row(y) + x * depth + block;
                    let below = at + self.plane.pitch * depth;
                    self.write(at, out[0][0].add(bias));
                    if two_columns {
                        self.write(at + depth, out[0][1].add(bias));
                    }
                    if two_rows {
                        self.write(below, out[1][0].add(bias));
                    }
                    if two_rows && two_columns {
                        self.write(below + depth, out[1][1].add(bias));
                    }
                }
            }
        }
    }

    /// The sum of each tile's four values.
    #[inline(always)]
    fn sum<V: Vector, const ACTIVE: u8>(mut self) {
        let depth = self.plane.blocks;
        let tiles = self.rows.len() * self.columns;
        for block in 0..depth {
            let products = Grid::new(self.products, depth, block, tiles);
            for (index, row) in self.rows.clone().enumerate() {
                for column in 0..self.columns {
                    let tile = index * self.columns + column;
                    let mut across = [V::zero(); 4];
                    for (i, across) in across.iter_mut().enumerate() {
                        if has(ACTIVE, i) {
                            *across = output_sum(load::<V, ACTIVE>(&products, i, tile));
                        }
                    }
                    self.write(self.plane.row(row) + column * depth + block, output_sum(across));
                }
            }
        }
    }

    #[inline(always)]
    fn write<V: Vector>(&mut self, at: usize, value: V) {
        let value = if self.finish.relu { value.max(V::zero()) } else { value };
        let value = self.finish.gate.map_or(value, |gate| value.where_positive(V::load(&gate[at])));
        value.store(&mut self.image[at]);
    }
}

/// The positions of a row of a tile; zero where they are not active.
#[inline(always)]
fn load<V: Vector, const ACTIVE: u8>(products: &Grid<'_>, i: usize, tile: usize) -> [V; 4] {
    let mut row = [V::zero(); 4];
    for (j, value) in row.iter_mut().enumerate() {
        if has(ACTIVE, j) {
            *value = V::load(products.line(position(ACTIVE, i, j), tile));
        }
    }
    row
}

/// Aᵀ m.
#[inline(always)]
fn output_transform<V: Vector, const ACTIVE: u8>(m: [V; 4]) -> [V; 2] {
    let (mut upper, mut lower) = (m[1], m[1]);
    if has(ACTIVE, 0) {
        upper = upper.add(m[0]);
    }
    if has(ACTIVE, 2) {
        (upper, lower) = (upper.add(m[2]), lower.sub(m[2]));
    }
    if has(ACTIVE, 3) {
        lower = lower.sub(m[3]);
    }
    [upper, lower]
}

/// The sum of both values of Aᵀ m, in which the third cancels.
#[inline(always)]
fn output_sum<V: Vector>(m: [V; 4]) -> V {
    m[0].add(m[1]).add(m[1].sub(m[3]))
}

/// A g Aᵀ of the 2x2 tiles of the gradient of an output.
pub(super) struct Gradients<'a> {
    pub(super) plane: ImageLayout,
    pub(super) gradient: &'a [Line],
    pub(super) active: Active,
    /// Rows of tiles, and tiles of each.
    pub(super) rows: Range<usize>,
    pub(super) columns: usize,
    /// [positions, blocks, tiles].
    pub(super) out: &'a mut [Line],
}

impl Routine for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        match self.active {
            Active::All => self.transform::<V, ALL>(),
            Active::NotFirst => self.transform::<V, NOT_FIRST>(),
            Active::NotLast => self.transform::<V, NOT_LAST>(),
            Active::NotThird => self.transform::<V, NOT_THIRD>(),
        }
    }
}

impl Gradients<'_> {
    #[inline(always)]
    fn transform<V: Vector, const ACTIVE: u8>(self) {
        let depth = self.plane.blocks;
        let tiles = self.rows.len() * self.columns;
        for block in 0..depth {
            let mut out = GridMut::new(self.out, depth, block, tiles);
            for (index, row) in self.rows.clone().enumerate() {
                let upper = &self.gradient[self.plane.row(2 * row)..][..2 * self.columns * depth];
                let lower = &self.gradient[self.plane.row(2 * row + 1)..][..2 * self.columns * depth];
                for column in 0..self.columns {
                    let at = 2 * column * depth + block;
                    let left = gradient_transform([V::load(&upper[at]), V::load(&lower[at])]);
                    let right =
                        gradient_transform([V::load(&upper[at + depth]), V::load(&lower[at + depth])]);
                    let tile = index * self.columns + column;
                    for i in 0..4 {
                        if !has(ACTIVE, i) {
                            continue;
                        }
                        let across = gradient_transform([left[i], right[i]]);
                        for (j, value) in across.into_iter().enumerate() {
                            if has(ACTIVE, j) {
                                value.store(out.line(position(ACTIVE, i, j), tile));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A g.
#[inline(always)]
fn gradient_transform<V: Vector>([upper, lower]: [V; 2]) -> [V; 4] {
    [upper, upper.add(lower), upper.sub(lower), V::zero().sub(lower)]
}
