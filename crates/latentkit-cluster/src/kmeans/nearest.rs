//! The nearest centroid of the points of a block, and how much farther the next one is.
//!
//! Of points of many dimensions from products, which take half as many operations as differences but lose digits where
//! distances are small beside the norms. What they leave open is found from differences, and what these leave open in f64.

use ndarray::{ArrayView1, ArrayView2};

use crate::prepared::{LANES, Prepared, ROUNDOFF};
use crate::products::{products_of_tiles, rounding, squared_distances};

/// Centroids whose distances are computed together, which hides the latency of the additions.
const TILE: usize = 4;

/// Dimensions from which on products are tried first.
const PRODUCTS: usize = 16;

/// Centroids in f32, centred and scaled as the blocks of the points are.
pub(super) struct Tiles {
    values: Vec<[f32; TILE]>, // [k / TILE rounded up, dimensions][TILE]
    halves: Vec<f32>,         // half of the squared norm of each: [k]
    largest: f32,             // the largest norm
    k: usize,
    dimensions: usize,
}

/// The products of the points of a block with the centroids, in tiles.
pub(super) type Scratch = Vec<[[f32; LANES]; TILE]>;

/// What is known of the points of a block.
pub(super) struct Found {
    /// The nearest centroid; of equally near ones, the first.
    pub(super) clusters: [u32; LANES],
    /// A lower bound of how much farther the next centroid is, in units of the blocks: where it is positive, the nearest
    /// one is certain in spite of rounding.
    pub(super) margins: [f32; LANES],
}

impl Tiles {
    /// Converts `centroids`, [k, dimensions], relative to the mean of the points.
    pub(super) fn new(points: &Prepared<'_>, centroids: ArrayView2<'_, f64>) -> Self {
        let (k, dimensions) = centroids.dim();
        let mut values = vec![[0.0; TILE]; k.div_ceil(TILE) * dimensions];
        for ((cluster, axis), value) in centroids.indexed_iter() {
            values[cluster / TILE * dimensions + axis][cluster % TILE] = (value * points.scale()) as f32;
        }
        let square = |centroid: ArrayView1<'_, f64>| {
            centroid.iter().map(|value| (value * points.scale()).powi(2)).sum::<f64>()
        };
        let squares: Vec<f64> = centroids.rows().into_iter().map(square).collect();
        Self {
            values,
            halves: squares.iter().map(|square| (square / 2.0) as f32).collect(),
            largest: squares.iter().copied().fold(0.0, f64::max).sqrt() as f32 * (1.0 + ROUNDOFF),
            k,
            dimensions,
        }
    }

    /// The nearest centroid of the points of `block`, [dimensions][LANES], whose squared norms are `squares`. What `scratch` holds
    /// does not matter.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    pub(super) fn nearest<const FMA: bool>(
        &self,
        block: &[[f32; LANES]],
        squares: &[f32; LANES],
        scratch: &mut Scratch,
    ) -> Found {
        if self.dimensions >= PRODUCTS && self.k > 1 {
            let found = self.by_products::<FMA>(block, squares, scratch);
            if found.margins.iter().all(|&margin| margin > 0.0) {
                return found;
            }
        }
        let norm = squares.iter().copied().fold(0.0, f32::max).sqrt() * (1.0 + 2.0 * ROUNDOFF);
        self.by_differences::<FMA>(block, norm)
    }

    /// As [`nearest`](Self::nearest), from h = |c|²/2 - x c of each centroid c, which orders them as the squared distance
    /// |x|² + 2h does. A lane whose margin is not positive is open.
    ///
    /// The margin allows for rounding. Let u be the unit roundoff and M the largest norm of a centroid. [`rounding`] tells what x c
    /// is moved by, |c|²/2 and the difference by u (|x| + M) M at most. Two squared distances with their h differ from what they should by four times that
    /// at most, and the distances themselves by that divided by their sum.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn by_products<const FMA: bool>(
        &self,
        block: &[[f32; LANES]],
        squares: &[f32; LANES],
        scratch: &mut Scratch,
    ) -> Found {
        let mut nearest = Nearest::new();
        products_of_tiles::<FMA, TILE>(block, &self.values, scratch);
        for (cluster, (half, products)) in (0..).zip(self.halves.iter().zip(scratch.as_flattened())) {
            let mut halves = *products;
            for product in &mut halves {
                *product = half - *product;
            }
            nearest.take([halves], cluster);
        }
        let rounding = rounding(self.dimensions);
        let mut margins = [0.0; LANES];
        for (lane, margin) in margins.iter_mut().enumerate() {
            let (least, second) = (nearest.least[lane], nearest.second[lane]);
            let error = rounding * self.largest * (squares[lane].sqrt() + self.largest) + 1e-30;
            let distance = |half: f32| {
                let square = squares[lane] * (1.0 + 4.0 * ROUNDOFF) + 2.0 * half + 2.0 * error;
                (if square > 0.0 { square } else { 0.0 }).sqrt() * (1.0 + 4.0 * ROUNDOFF)
            };
            let apart = (second - least) * 2.0 * (1.0 - 4.0 * ROUNDOFF) - 4.0 * error;
            *margin = apart / (distance(least) + distance(second)) * (1.0 - 4.0 * ROUNDOFF);
        }
        Found { clusters: nearest.clusters, margins }
    }

    /// As [`nearest`](Self::nearest), from differences, for points whose norm is `norm` at most.
    ///
    /// The margin allows for rounding. Let u be the unit roundoff. Coordinates and centroids are rounded to f32, which
    /// moves a point x by u |x| and a centroid c by u |c| <= u (|x| + D) at most, D being the distance; differences,
    /// squares, their sum and the root add (dimensions / 2 + 3) u D. Both terms are taken a little larger.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn by_differences<const FMA: bool>(&self, block: &[[f32; LANES]], norm: f32) -> Found {
        let mut nearest = Nearest::new();
        let mut first = 0;
        for tile in self.values.chunks_exact(self.dimensions) {
            match self.k - first {
                1 => nearest.add::<1, FMA>(block, tile, first as u32),
                2 => nearest.add::<2, FMA>(block, tile, first as u32),
                3 => nearest.add::<3, FMA>(block, tile, first as u32),
                _ => nearest.add::<TILE, FMA>(block, tile, first as u32),
            }
            first += TILE;
        }
        let relative = (self.dimensions as f32 / 2.0 + 16.0) * ROUNDOFF;
        // The last term is for numbers that are too small for a relative error.
        let absolute = 5.0 * ROUNDOFF * norm + 1e-15;
        let mut margins = [0.0; LANES];
        for ((margin, least), second) in margins.iter_mut().zip(nearest.least).zip(nearest.second) {
            *margin = second.sqrt() * (1.0 - relative) - least.sqrt() * (1.0 + relative) - absolute;
        }
        Found { clusters: nearest.clusters, margins }
    }
}

/// The least and the second least squared distance so far, or what orders the centroids as it does.
struct Nearest {
    least: [f32; LANES],
    second: [f32; LANES],
    clusters: [u32; LANES],
}

impl Nearest {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn new() -> Self {
        Self { least: [f32::INFINITY; LANES], second: [f32::INFINITY; LANES], clusters: [0; LANES] }
    }

    /// Looks at the first `C` centroids of a tile, numbered from `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn add<const C: usize, const FMA: bool>(
        &mut self,
        block: &[[f32; LANES]],
        tile: &[[f32; TILE]],
        first: u32,
    ) {
        self.take(squared_distances::<FMA, C, TILE>(block, tile), first);
    }

    /// Keeps the least and the second least of what is given for some centroids, numbered from `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn take<const C: usize>(&mut self, squares: [[f32; LANES]; C], first: u32) {
        for (cluster, squares) in (first..).zip(squares) {
            #[expect(
                clippy::needless_range_loop,
                reason = "the compiler vectorises this loop, and not one of zipped arrays"
            )]
            for lane in 0..LANES {
                let (square, least) = (squares[lane], self.least[lane]);
                let nearer = square < least;
                let farther = if nearer { least } else { square };
                self.second[lane] = if farther < self.second[lane] { farther } else { self.second[lane] };
                self.least[lane] = if nearer { square } else { least };
                self.clusters[lane] = if nearer { cluster } else { self.clusters[lane] };
            }
        }
    }
}

/// Centroids in f64, for points whose nearest one f32 cannot tell.
pub(super) struct Exact {
    values: Vec<f64>, // [dimensions, k], so that the distances to all centroids are computed side by side
    k: usize,
}

impl Exact {
    /// Keeps `centroids`, [k, dimensions], relative to the mean of the points.
    pub(super) fn new(centroids: ArrayView2<'_, f64>) -> Self {
        Self { values: centroids.t().iter().copied().collect(), k: centroids.nrows() }
    }

    /// The nearest centroid of a point, of equally near ones the first, and how much farther the next one is, in units
    /// of the blocks. The operations and their order do not depend on the instruction set. `squares` is scratch.
    #[cold]
    pub(super) fn nearest(&self, points: &Prepared<'_>, point: usize, squares: &mut Vec<f64>) -> (u32, f32) {
        squares.clear();
        squares.resize(self.k, 0.0);
        for (own, centroids) in points.row(point).zip(self.values.chunks_exact(self.k)) {
            for (square, centroid) in squares.iter_mut().zip(centroids) {
                *square += (own - centroid) * (own - centroid);
            }
        }
        let (mut cluster, mut least, mut second) = (0, f64::INFINITY, f64::INFINITY);
        for (index, &square) in (0..).zip(squares.iter()) {
            if square < least {
                (cluster, second, least) = (index, least, square);
            } else if square < second {
                second = square;
            }
        }
        let (least, second) = (least.sqrt(), second.sqrt());
        // A part in 1e9 more than rounds off, in f64 and in the conversion.
        let margin = ((second * (1.0 - 1e-9) - least) * points.scale()) as f32;
        (cluster, margin * (1.0 - 4.0 * ROUNDOFF))
    }
}
