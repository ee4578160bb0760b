//! The inner loop: the distances of a few points to all others, and the nearest of them so far.

use latentkit_core::Cancellation;

use crate::simd::Routine;

/// Points of a block; each has a lane of the vector registers.
pub(super) const LANES: usize = 8;

/// Points whose neighbours are looked for together, so that each block is read once for all of them.
pub(super) const TILE: usize = 4;

/// Coordinates that are read for every tile before the next ones, 16 KiB: they stay in the nearest cache.
const SEGMENT: usize = 4096;

/// Looks for the nearest points of some tiles.
pub(super) struct Search<'a> {
    /// Coordinates of all points: [n / LANES rounded up, dimensions][LANES]. Lanes behind the last point are infinite.
    pub(super) blocks: &'a [[f32; LANES]],
    /// Dimensions of the points, one at least.
    pub(super) dimensions: usize,
    /// What is looked for.
    pub(super) tiles: &'a mut [Tile],
    /// When the user interrupts, the rest is left out.
    pub(super) cancel: Cancellation<'a>,
}

impl Routine for Search<'_> {
    /// Fused operations are left alone, so that the same distances are found on every processor.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let blocks = SEGMENT.div_ceil(LANES * self.dimensions);
        for (index, segment) in self.blocks.chunks(blocks * self.dimensions).enumerate() {
            if self.cancel.requested() {
                return;
            }
            for tile in &mut *self.tiles {
                tile.search(segment, self.dimensions, index * blocks * LANES);
            }
        }
    }
}

/// Some points with the nearest others so far.
pub(super) struct Tile {
    /// Their coordinates: [dimensions][TILE]. The places behind the last point hold zeros.
    coordinates: Vec<[f64; TILE]>,
    nearest: Vec<Nearest>, // [TILE] at most
}

impl Tile {
    /// Starts to look for the `k` nearest others of `queries`, at most `TILE` numbers of points; `row` gives the
    /// coordinates of a point, [dimensions].
    pub(super) fn new<'a>(queries: &[usize], k: usize, row: impl Fn(usize) -> &'a [f32]) -> Self {
        let mut coordinates = vec![[0.0; TILE]; queries.first().map_or(0, |&query| row(query).len())];
        for (place, &query) in queries.iter().enumerate() {
            for (coordinates, &value) in coordinates.iter_mut().zip(row(query)) {
                coordinates[place] = f64::from(value);
            }
        }
        Self { coordinates, nearest: queries.iter().map(|&query| Nearest::new(query, k)).collect() }
    }

    /// The nearest points that were found, those of one point after those of the one before.
    pub(super) fn found(&self) -> impl Iterator<Item = usize> {
        self.nearest.iter().flat_map(|nearest| nearest.points.iter().copied())
    }

    /// Looks at the blocks of the points from number `first` on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn search(&mut self, blocks: &[[f32; LANES]], dimensions: usize, mut first: usize) {
        for block in blocks.chunks_exact(dimensions) {
            for (squares, nearest) in squares(block, &self.coordinates).into_iter().zip(&mut self.nearest) {
                let mut nearer = false;
                for square in squares {
                    nearer |= square < nearest.limit;
                }
                if nearer {
                    nearest.offer(squares, first);
                }
            }
            first += LANES;
        }
    }
}

/// Squared distances of the points of a block, [dimensions][LANES], to those of a tile, [dimensions][TILE].
///
/// A function of its own, whose result nobody else refers to: the compiler keeps it in registers.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn squares(block: &[[f32; LANES]], tile: &[[f64; TILE]]) -> [[f64; LANES]; TILE] {
    let mut squares = [[0.0; LANES]; TILE];
    for (coordinates, queries) in block.iter().zip(tile) {
        let mut others = [0.0; LANES];
        for (other, &coordinate) in others.iter_mut().zip(coordinates) {
            *other = f64::from(coordinate);
        }
        for (squares, &query) in squares.iter_mut().zip(queries) {
            for (square, &other) in squares.iter_mut().zip(&others) {
                let difference: f64 = query - other;
                *square += difference * difference;
            }
        }
    }
    squares
}

/// The points nearest to one, the nearest first; of equally near ones, the first.
struct Nearest {
    own: usize,
    k: usize,
    /// Points have to be nearer than this, squared. Since they come in their order, one that is equally near comes too
    /// late, and many equal points cost nothing.
    limit: f64,
    squares: Vec<f64>,
    points: Vec<usize>,
}

impl Nearest {
    fn new(own: usize, k: usize) -> Self {
        // Room for one more than is kept.
        let (squares, points) = (Vec::with_capacity(k + 1), Vec::with_capacity(k + 1));
        Self { own, k, limit: f64::INFINITY, squares, points }
    }

    /// Looks at the points from number `first` on, whose squared distances these are.
    #[inline(never)]
    fn offer(&mut self, squares: [f64; LANES], first: usize) {
        for (point, square) in (first..).zip(squares) {
            if square < self.limit && point != self.own {
                let place = self.squares.partition_point(|&other| other <= square);
                self.squares.insert(place, square);
                self.points.insert(place, point);
                self.squares.truncate(self.k);
                self.points.truncate(self.k);
                if self.squares.len() == self.k {
                    self.limit = self.squares[self.k - 1];
                }
            }
        }
    }
}
