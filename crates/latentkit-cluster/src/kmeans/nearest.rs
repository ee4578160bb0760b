//! The nearest centroid of the points of a block, and how much farther the next one is.

use ndarray::ArrayView2;

use super::prepared::{LANES, Prepared, ROUNDOFF};
use crate::simd::square_add_f32;

/// Centroids whose distances are computed together, which hides the latency of the additions.
const TILE: usize = 4;

/// Centroids in f32, centred and scaled as the blocks of the points are.
pub(super) struct Tiles {
    values: Vec<[f32; TILE]>, // [k / TILE rounded up, dimensions][TILE]
    k: usize,
    dimensions: usize,
}

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
        Self { values, k, dimensions }
    }

    /// The nearest centroid of the points of `block`, whose norm is `norm` at most: [dimensions][LANES].
    ///
    /// The margin allows for rounding. Let u be the unit roundoff. Coordinates and centroids are rounded to f32, which
    /// moves a point x by u |x| and a centroid c by u |c| <= u (|x| + D) at most, D being the distance; differences,
    /// squares, their sum and the root add (dimensions / 2 + 3) u D. Both terms are taken a little larger.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    pub(super) fn nearest<const FMA: bool>(&self, block: &[[f32; LANES]], norm: f32) -> Found {
        let mut nearest =
            Nearest { least: [f32::INFINITY; LANES], second: [f32::INFINITY; LANES], clusters: [0; LANES] };
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

/// The least and the second least squared distance so far.
struct Nearest {
    least: [f32; LANES],
    second: [f32; LANES],
    clusters: [u32; LANES],
}

impl Nearest {
    /// Looks at the first `C` centroids of a tile, numbered from `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn add<const C: usize, const FMA: bool>(
        &mut self,
        block: &[[f32; LANES]],
        tile: &[[f32; TILE]],
        first: u32,
    ) {
        let mut squares = [[0.0_f32; LANES]; C];
        for (coordinates, centroids) in block.iter().zip(tile) {
            for (squares, &centroid) in squares.iter_mut().zip(centroids) {
                for (square, &own) in squares.iter_mut().zip(coordinates) {
                    *square = square_add_f32::<FMA>(own - centroid, *square);
                }
            }
        }
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
