//! The nearest neighbours of points of many dimensions: norms and products in f32 tell which distances may be short enough.

use latentkit_core::{Cancellation, Phase, Result};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use super::nearest::{Nearest, Neighbour};
use crate::simd::{Routine, Simd, mul_add_f32};

/// Points of a block; each has a lane of the vector registers.
const LANES: usize = 16;

/// Points whose neighbours are looked for together, so that each block is read once for all of them.
const TILE: usize = 4;

/// Points that a thread takes at a time, a multiple of [`TILE`]: their tiles follow each other while a block is in the cache.
const PART: usize = 64;

/// Blocks between two looks at whether the user wants to stop.
const LOOK: usize = 16;

/// Axes whose products are summed before their sum is added to that of the others, so that rounding stays small.
const AXES: usize = 128;

/// Sums into which a sum of squares is divided, so that additions need not wait for each other.
const SUMS: usize = 8;

/// Points, no two of them equal.
pub(super) struct Wide {
    simd: Simd,
    dimensions: usize,
    /// As they came, row by row: [n, dimensions].
    rows: Vec<f32>,
    /// Less their mean and times a power of two, so that the largest coordinate is about 1:
    /// [n / LANES rounded up, dimensions][LANES].
    blocks: Vec<[f32; LANES]>,
    /// Squared norms of those; infinite behind the last point: [n / LANES rounded up][LANES].
    norms: Vec<[f32; LANES]>,
    /// What a squared distance of those is to be multiplied by.
    scale: f64,
}

impl Wide {
    pub(super) fn new(simd: Simd, points: ArrayView2<'_, f32>) -> Self {
        let (count, dimensions) = points.dim();
        let rows: Vec<f32> = points.iter().copied().collect();
        let mean = points.mapv(f64::from).mean_axis(Axis(0)).unwrap_or_default();
        let centred = || rows.chunks_exact(dimensions).flat_map(|row| row.iter().zip(&mean));
        let largest = centred().map(|(&value, mean)| (f64::from(value) - mean).abs()).fold(0.0, f64::max);
        let unit = if largest > 0.0 { largest.log2().floor().exp2() } else { 1.0 };
        let mut blocks = vec![[0.0; LANES]; count.div_ceil(LANES) * dimensions];
        let mut norms = vec![[f32::INFINITY; LANES]; count.div_ceil(LANES)];
        blocks.par_chunks_mut(dimensions).zip(&mut norms).zip(rows.par_chunks(LANES * dimensions)).for_each(
            |((block, norms), rows)| {
                for (lane, row) in rows.chunks_exact(dimensions).enumerate() {
                    let mut norm = 0.0;
                    for ((coordinates, &value), mean) in block.iter_mut().zip(row).zip(&mean) {
                        let value = (f64::from(value) - mean) / unit;
                        coordinates[lane] = value as f32;
                        norm += value * value;
                    }
                    norms[lane] = norm as f32;
                }
            },
        );
        Self { simd, dimensions, rows, blocks, norms, scale: unit * unit }
    }

    /// The `k` nearest others of each of `queries`, with the squared distances; of equally near ones, the lower number first.
    pub(super) fn nearest(
        &self,
        queries: &[usize],
        k: usize,
        phase: &Phase,
        cancel: Cancellation,
    ) -> Result<Vec<Vec<Neighbour>>> {
        let parts: Vec<Vec<Vec<Neighbour>>> = queries
            .par_chunks(PART)
            .map(|queries| {
                cancel.check()?;
                let mut tiles: Vec<_> =
                    queries.chunks(TILE).map(|queries| Tile::new(self, queries, k)).collect();
                self.simd.call(Walk { points: self, tiles: &mut tiles, cancel });
                cancel.check()?;
                phase.add(queries.len());
                Ok(tiles.iter().flat_map(|tile| &tile.nearest).map(Nearest::found).collect())
            })
            .collect::<Result<_>>()?;
        Ok(parts.concat())
    }

    fn row(&self, point: usize) -> &[f32] {
        &self.rows[point * self.dimensions..(point + 1) * self.dimensions]
    }

    /// The squared distance of two points, which does not depend on the instruction set.
    fn square(&self, a: usize, b: usize) -> f64 {
        let mut sums = [0.0; SUMS];
        for (a, b) in self.row(a).chunks(SUMS).zip(self.row(b).chunks(SUMS)) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                let difference = f64::from(a) - f64::from(b);
                *sum += difference * difference;
            }
        }
        sums.iter().sum()
    }
}

/// Some points with the nearest others so far.
struct Tile {
    queries: Vec<usize>, // TILE at most
    /// Their coordinates, as the blocks hold them: [dimensions][TILE]. The places behind the last point repeat it.
    coordinates: Vec<[f32; TILE]>,
    norms: [f32; TILE],
    nearest: Vec<Nearest>,
}

impl Tile {
    fn new(points: &Wide, queries: &[usize], k: usize) -> Self {
        let query = |place: usize| queries[place.min(queries.len() - 1)];
        let block = |place: usize| &points.blocks[query(place) / LANES * points.dimensions..];
        Self {
            queries: queries.to_vec(),
            coordinates: (0..points.dimensions)
                .map(|axis| std::array::from_fn(|place| block(place)[axis][query(place) % LANES]))
                .collect(),
            norms: std::array::from_fn(|place| points.norms[query(place) / LANES][query(place) % LANES]),
            nearest: queries.iter().map(|_| Nearest::new(k)).collect(),
        }
    }
}

/// Looks for the nearest points of some tiles.
struct Walk<'a> {
    points: &'a Wide,
    tiles: &'a mut [Tile],
    cancel: Cancellation<'a>,
}

impl Routine for Walk<'_> {
    /// A squared distance is |x|² + |y|² - 2 x y. With u the unit roundoff, rounding of the coordinates, the products and their
    /// sums moves x y by (AXES + dimensions / AXES + 3) u |x| |y| at most, and 2 |x| |y| is no more than |x|² + |y|²; that of the
    /// norms and of the sum adds some u of that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let Self { points, tiles, cancel } = self;
        let terms = (AXES + points.dimensions.div_ceil(AXES) + 16) as f32;
        let certain = 1.0 - terms * f32::EPSILON / 2.0;
        let blocks = points.blocks.chunks_exact(points.dimensions).zip(&points.norms);
        for (number, (block, norms)) in blocks.enumerate() {
            if number % LOOK == 0 && cancel.requested() {
                return;
            }
            for tile in &mut *tiles {
                let products = products::<FMA>(block, &tile.coordinates);
                for (place, query) in tile.queries.iter().enumerate() {
                    // In units of the blocks, and no less than it is.
                    let limit =
                        (tile.nearest[place].limit() / points.scale) as f32 * (1.0 + f32::EPSILON) + 1e-30;
                    let mut near = [false; LANES];
                    let mut any = false;
                    for lane in 0..LANES {
                        let least = (tile.norms[place] + norms[lane]) * certain - 2.0 * products[place][lane];
                        near[lane] = least <= limit;
                        any |= near[lane];
                    }
                    if any {
                        tile.nearest[place].look(points, *query, number * LANES, near);
                    }
                }
            }
        }
    }
}

impl Nearest {
    /// Looks at the points from number `first` on that are `near`.
    #[inline(never)]
    fn look(&mut self, points: &Wide, query: usize, first: usize, near: [bool; LANES]) {
        let count = points.rows.len() / points.dimensions;
        for (point, near) in (first..count).zip(near) {
            if near && point != query {
                self.offer(points.square(query, point), point as u32);
            }
        }
    }
}

/// The products of the points of a block, [dimensions][LANES], with those of a tile, [dimensions][TILE].
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn products<const FMA: bool>(block: &[[f32; LANES]], tile: &[[f32; TILE]]) -> [[f32; LANES]; TILE] {
    let mut products = [[0.0_f32; LANES]; TILE];
    for (block, tile) in block.chunks(AXES).zip(tile.chunks(AXES)) {
        let mut part = [[0.0_f32; LANES]; TILE];
        for (coordinates, queries) in block.iter().zip(tile) {
            for (part, &query) in part.iter_mut().zip(queries) {
                for (part, &own) in part.iter_mut().zip(coordinates) {
                    *part = mul_add_f32::<FMA>(own, query, *part);
                }
            }
        }
        for (products, part) in products.iter_mut().zip(&part) {
            for (product, part) in products.iter_mut().zip(part) {
                *product += part;
            }
        }
    }
    products
}
