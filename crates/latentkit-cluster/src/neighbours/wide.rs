//! The nearest neighbours of points of many dimensions: norms and products in f32 tell which distances may be short enough.

use latentkit_core::{Cancellation, Phase, Result};
use rayon::prelude::*;

use super::nearest::{Nearest, Neighbour};
use super::search::Search;
use crate::prepared::{LANES, Prepared};
use crate::products::{products, rounding};
use crate::simd::{Routine, Simd};

/// Points whose neighbours are looked for together, so that each block is read once for all of them.
const TILE: usize = 4;

/// Points that a thread takes at a time, a multiple of [`TILE`]: their tiles follow each other while a block is in the cache.
const PART: usize = 64;

/// Blocks between two looks at whether the user wants to stop.
const LOOK: usize = 16;

/// Sums into which a sum of squares is divided, so that additions need not wait for each other.
const SUMS: usize = 8;

/// Points, no two of them equal.
pub(super) struct Wide<'a> {
    simd: Simd,
    points: Prepared<'a>,
}

impl<'a> Wide<'a> {
    pub(super) fn new(simd: Simd, points: Prepared<'a>) -> Self {
        Self { simd, points }
    }

    /// The squared distance of two points, which does not depend on the instruction set.
    fn square(&self, a: usize, b: usize) -> f64 {
        let mut sums = [0.0; SUMS];
        for (a, b) in self.points.values(a).chunks(SUMS).zip(self.points.values(b).chunks(SUMS)) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                let difference = f64::from(a) - f64::from(b);
                *sum += difference * difference;
            }
        }
        sums.iter().sum()
    }
}

impl Search for Wide<'_> {
    fn nearest(
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
                    queries.chunks(TILE).map(|queries| Tile::new(&self.points, queries, k)).collect();
                self.simd.call(Walk { wide: self, tiles: &mut tiles, cancel });
                cancel.check()?;
                phase.add(queries.len());
                Ok(tiles.iter().flat_map(|tile| &tile.nearest).map(Nearest::found).collect())
            })
            .collect::<Result<_>>()?;
        Ok(parts.concat())
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
    fn new(points: &Prepared<'_>, queries: &[usize], k: usize) -> Self {
        let query = |place: usize| queries[place.min(queries.len() - 1)];
        let (block, lane) = (|place: usize| query(place) / LANES, |place: usize| query(place) % LANES);
        Self {
            queries: queries.to_vec(),
            coordinates: (0..points.dimensions())
                .map(|axis| std::array::from_fn(|place| points.block(block(place))[axis][lane(place)]))
                .collect(),
            norms: std::array::from_fn(|place| points.squares(block(place))[lane(place)]),
            nearest: queries.iter().map(|_| Nearest::new(k)).collect(),
        }
    }
}

/// Looks for the nearest points of some tiles.
struct Walk<'a> {
    wide: &'a Wide<'a>,
    tiles: &'a mut [Tile],
    cancel: Cancellation<'a>,
}

impl Routine for Walk<'_> {
    /// A squared distance is |x|² + |y|² - 2 x y, and 2 |x| |y| is no more than |x|² + |y|².
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let Self { wide, tiles, cancel } = self;
        let points = &wide.points;
        let certain = 1.0 - rounding(points.dimensions());
        let scale = points.scale() * points.scale();
        for (number, block) in points.blocks().chunks_exact(points.dimensions()).enumerate() {
            let norms = points.squares(number);
            if number % LOOK == 0 && cancel.requested() {
                return;
            }
            for tile in &mut *tiles {
                let products = products::<FMA, TILE, TILE>(block, &tile.coordinates);
                for (place, query) in tile.queries.iter().enumerate() {
                    // In units of the blocks, and no less than it is.
                    let limit = (tile.nearest[place].limit() * scale) as f32 * (1.0 + f32::EPSILON) + 1e-30;
                    let mut near = [false; LANES];
                    let mut any = false;
                    for lane in 0..LANES {
                        let least = (tile.norms[place] + norms[lane]) * certain - 2.0 * products[place][lane];
                        near[lane] = least <= limit;
                        any |= near[lane];
                    }
                    if any {
                        tile.nearest[place].look(wide, *query, number * LANES, near);
                    }
                }
            }
        }
    }
}

impl Nearest {
    /// Looks at the points from number `first` on that are `near`.
    #[inline(never)]
    fn look(&mut self, wide: &Wide<'_>, query: usize, first: usize, near: [bool; LANES]) {
        // The lanes behind the last point are of none.
        for (point, near) in (first..wide.points.count()).zip(near) {
            if near && point != query {
                self.offer(wide.square(query, point), point as u32);
            }
        }
    }
}
