//! The distances of some points to some others, and their sums by cluster.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::cells::Cells;
use super::kernel::RUN;
use super::rows::Rows;
use crate::simd::{Routine, Simd, square_add_f32};

/// Points of a side at most: so few that the distances stay in the second cache.
pub(super) const TILE: usize = 256;

/// Axes whose products are summed before their sum is added to that of the others, so that rounding stays small.
const AXES: usize = 256;

/// A squared distance below this part of the squared norms has lost digits to them, and is computed from differences.
const SMALL: f32 = 1.0 / 16.0;

/// Columns that are looked through together for such.
const GROUP: usize = 16;

/// Sums into which a sum of squares is divided: some registers, so that additions need not wait for each other.
const SUMS: usize = 32;

/// Some points that follow each other.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    values: &'a [f32],        // [points, dimensions]
    rests: Option<&'a [f32]>, // what f32 leaves of them, where that matters
    squares: &'a [f32],       // their squared norms: [points]
    dimensions: usize,
}

impl<'a> Side<'a> {
    pub(super) fn new(rows: &'a Rows, points: Range<usize>) -> Self {
        let dimensions = rows.dimensions;
        let of = points.start * dimensions..points.end * dimensions;
        let rests = rows.rests.as_ref().map(|rests| &rests[of.clone()]);
        Self { values: &rows.values[of], rests, squares: &rows.squares[points], dimensions }
    }

    /// The part of some numbers, [points, dimensions], that a point has.
    #[inline]
    fn row<'b>(&self, of: &'b [f32], point: usize) -> &'b [f32] {
        &of[point * self.dimensions..(point + 1) * self.dimensions]
    }

    fn matrix(&self) -> MatRef<'a, f32> {
        MatRef::from_row_major_slice(self.values, self.squares.len(), self.dimensions)
    }
}

/// The distances of each of some points to each of some others.
pub(super) struct Tile {
    distances: Vec<f32>, // [lines, columns]
    lines: usize,
    columns: usize,
    turned: Vec<f32>,
}

impl Tile {
    pub(super) fn new() -> Self {
        Self { distances: Vec::new(), lines: 0, columns: 0, turned: Vec::new() }
    }

    /// Computes the distances: [lines, columns].
    pub(super) fn fill(&mut self, simd: Simd, lines: Side<'_>, columns: Side<'_>) {
        (self.lines, self.columns) = (lines.squares.len(), columns.squares.len());
        self.distances.resize(self.lines * self.columns, 0.0);
        let (left, right) = (lines.matrix(), columns.matrix().transpose());
        for first in (0..lines.dimensions).step_by(AXES) {
            let axes = AXES.min(lines.dimensions - first);
            let products = MatMut::from_row_major_slice_mut(
                &mut self.distances,
                lines.squares.len(),
                columns.squares.len(),
            );
            let accum = if first == 0 { Accum::Replace } else { Accum::Add };
            matmul(products, accum, left.subcols(first, axes), right.subrows(first, axes), 1.0, Par::Seq);
        }
        simd.call(Distances { tile: &mut self.distances, lines, columns });
    }

    /// Makes lines of the columns.
    pub(super) fn turn(&mut self) {
        self.turned.resize(self.distances.len(), 0.0);
        let (lines, columns) = (self.lines, self.columns);
        for line in (0..lines).step_by(GROUP) {
            for column in (0..columns).step_by(GROUP) {
                for line in line..lines.min(line + GROUP) {
                    for column in column..columns.min(column + GROUP) {
                        self.turned[column * lines + line] = self.distances[line * columns + column];
                    }
                }
            }
        }
        std::mem::swap(&mut self.distances, &mut self.turned);
        (self.lines, self.columns) = (columns, lines);
    }

    /// Adds the distances of each column to the points of each cluster, the lines being those at `positions`, to the sums of
    /// the points from `place` on: [clusters, points].
    pub(super) fn add(
        &self,
        simd: Simd,
        cells: &Cells,
        positions: Range<usize>,
        sums: &mut [f64],
        points: usize,
        place: usize,
    ) {
        simd.call(Add {
            tile: &self.distances,
            columns: self.columns,
            cells,
            positions,
            sums,
            points,
            place,
        });
    }
}

/// Makes distances of products.
struct Distances<'a> {
    tile: &'a mut [f32],
    lines: Side<'a>,
    columns: Side<'a>,
}

impl Routine for Distances<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.lines.dimensions;
        let lines = self.lines.values.chunks_exact(dimensions).zip(self.lines.squares);
        let distances = self.tile.chunks_exact_mut(self.columns.squares.len());
        for (number, (distances, (line, &square))) in distances.zip(lines).enumerate() {
            let groups = distances.chunks_mut(GROUP).zip(self.columns.squares.chunks(GROUP));
            for (first, (distances, squares)) in (0..).step_by(GROUP).zip(groups) {
                let mut least = f32::INFINITY;
                for (distance, own) in distances.iter_mut().zip(squares) {
                    let both = own + square;
                    let found = both - 2.0 * *distance;
                    let found = if found > SMALL * both { found } else { -1.0 };
                    least = if found < least { found } else { least };
                    *distance = found;
                }
                if least < 0.0 {
                    for (column, distance) in (first..).zip(&mut *distances) {
                        if *distance < 0.0 {
                            let other = self.columns.row(self.columns.values, column);
                            *distance = match (self.lines.rests, self.columns.rests) {
                                (Some(lines), Some(columns)) => square_with_rests::<FMA>(
                                    [line, self.lines.row(lines, number)],
                                    [other, self.columns.row(columns, column)],
                                ),
                                _ => square_of_difference::<FMA>(line, other),
                            };
                        }
                    }
                }
                for distance in distances {
                    *distance = distance.sqrt();
                }
            }
        }
    }
}

/// The squared distance of two points, [dimensions].
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn square_of_difference<const FMA: bool>(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    let (whole, rest) = (a.chunks_exact(SUMS).zip(b.chunks_exact(SUMS)), a.len() / SUMS * SUMS);
    for (a, b) in whole {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum = square_add_f32::<FMA>(a - b, *sum);
        }
    }
    for ((sum, &a), &b) in sums.iter_mut().zip(&a[rest..]).zip(&b[rest..]) {
        *sum = square_add_f32::<FMA>(a - b, *sum);
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for place in 0..half {
            sums[place] += sums[place + half];
        }
        half /= 2;
    }
    sums[0]
}

/// The squared distance of two points, given with what f32 leaves of them: [2][dimensions].
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn square_with_rests<const FMA: bool>(a: [&[f32]; 2], b: [&[f32]; 2]) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    let rows = a[0].chunks(SUMS).zip(a[1].chunks(SUMS)).zip(b[0].chunks(SUMS)).zip(b[1].chunks(SUMS));
    for (((a, of_a), b), of_b) in rows {
        for (place, sum) in sums.iter_mut().enumerate().take(a.len()) {
            *sum = square_add_f32::<FMA>((a[place] - b[place]) + (of_a[place] - of_b[place]), *sum);
        }
    }
    sums.iter().sum()
}

/// Adds distances by cluster.
struct Add<'a> {
    tile: &'a [f32],
    columns: usize,
    cells: &'a Cells,
    positions: Range<usize>,
    sums: &'a mut [f64],
    points: usize,
    place: usize,
}

impl Routine for Add<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let Self { mut tile, columns, cells, positions, sums, points, place } = self;
        let (mut run_sums, mut cell_sums) = ([0.0_f32; TILE], [0.0_f64; TILE]);
        let (run_sums, cell_sums) = (&mut run_sums[..columns], &mut cell_sums[..columns]);
        for (lines, clusters) in cells.within(positions) {
            let of_cell;
            (of_cell, tile) = tile.split_at(lines * columns);
            cell_sums.fill(0.0);
            for run in of_cell.chunks(RUN * columns) {
                run_sums.fill(0.0);
                for line in run.chunks_exact(columns) {
                    for (sum, distance) in run_sums.iter_mut().zip(line) {
                        *sum += distance;
                    }
                }
                for (sum, run) in cell_sums.iter_mut().zip(&*run_sums) {
                    *sum += f64::from(*run);
                }
            }
            for &cluster in clusters {
                let sums = &mut sums[cluster as usize * points + place..][..columns];
                for (sum, cell) in sums.iter_mut().zip(&*cell_sums) {
                    *sum += cell;
                }
            }
        }
    }
}
