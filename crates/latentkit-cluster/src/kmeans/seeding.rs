//! The first centroids of a restart: greedy k-means++.

use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Result};
use ndarray::{Array2, Axis};
use rand::Rng as _;
use rayon::prelude::*;

use crate::prepared::{LANES, Prepared};
use crate::products::squared_distances;
use crate::simd::{Routine, Simd};

/// Points whose squared distances are computed together, so that each block is read once for all of them.
const TILE: usize = 4;

/// Draws `k` of the points as centroids, relative to the mean of all: [k, dimensions].
///
/// k-means++ (D. Arthur and S. Vassilvitskii, SODA 2007) draws each next centroid with a probability proportional to the
/// squared distance of the point to the nearest one so far. Its greedy form, in the same paper, draws 2 + floor(ln k)
/// points instead and takes the one that leaves the least sum of these squares.
///
/// Squares are computed in f32, without fused operations, so that each instruction set draws the same points; their sums
/// in f64, in an order that does not depend on the number of threads.
pub(super) fn draw(
    simd: Simd,
    points: &Prepared<'_>,
    k: usize,
    rng: &mut Rng,
    parallel: bool,
    cancel: Cancellation,
) -> Result<Array2<f64>> {
    let trials = 2 + (k as f64).ln() as usize;
    let mut centroids = Array2::zeros((k, points.dimensions()));
    let mut field = Field::new(simd, points, k, parallel, cancel);
    for (index, mut centroid) in centroids.axis_iter_mut(Axis(0)).enumerate() {
        cancel.check()?;
        let candidates: Vec<usize> = if index == 0 {
            vec![rng.gen_range(0..points.count())]
        } else {
            (0..trials).map(|_| field.draw(rng)).collect()
        };
        // The squares are of no use where there is one centroid.
        let best = if k > 1 { field.best(&candidates) } else { 0 };
        for (coordinate, value) in centroid.iter_mut().zip(points.row(candidates[best])) {
            *coordinate = value;
        }
    }
    cancel.check()?;
    Ok(centroids)
}

/// The squared distance of each point to the nearest centroid so far.
struct Field<'a> {
    simd: Simd,
    points: &'a Prepared<'a>,
    parallel: bool,
    parts: Vec<Part<'a>>,
}

/// What a thread takes at a time.
struct Part<'a> {
    /// Number of the first point.
    first: usize,
    /// The coordinates of the points: [blocks, dimensions][LANES].
    blocks: &'a [[f32; LANES]],
    /// In units of the blocks: [blocks][LANES]. The lanes behind the last point hold 0.
    squares: Vec<[f32; LANES]>,
    /// Their sum.
    sum: f64,
    /// What the squares would be with each candidate as one more centroid, and their sums: [candidates].
    tried: Vec<(Vec<[f32; LANES]>, f64)>,
    /// When the user interrupts, nothing more is computed.
    cancel: Cancellation<'a>,
}

impl<'a> Field<'a> {
    fn new(simd: Simd, points: &'a Prepared<'a>, k: usize, parallel: bool, cancel: Cancellation<'a>) -> Self {
        let part = points.part(k);
        let blocks = points.blocks().chunks(part / LANES * points.dimensions());
        let of = |(index, blocks): (usize, &'a [[f32; LANES]])| {
            let first = index * part;
            let mut squares = vec![[f32::INFINITY; LANES]; blocks.len() / points.dimensions()];
            if let Some(last) = squares.last_mut()
                && first + part >= points.count()
            {
                last[(points.count() - 1) % LANES + 1..].fill(0.0);
            }
            Part { first, blocks, squares, sum: 0.0, tried: Vec::new(), cancel }
        };
        Self { simd, points, parallel, parts: blocks.enumerate().map(of).collect() }
    }

    /// Draws a point with a probability proportional to its square; any point where all squares are 0.
    fn draw(&self, rng: &mut Rng) -> usize {
        let mut left = rng.r#gen::<f64>() * self.parts.iter().map(|part| part.sum).sum::<f64>();
        let mut found = None;
        // Rounding can leave a rest behind the last part, which then belongs to the last one that has a square.
        for part in self.parts.iter().filter(|part| part.sum > 0.0) {
            found = Some((part, left));
            if left < part.sum {
                break;
            }
            left -= part.sum;
        }
        let Some((part, mut left)) = found else { return rng.gen_range(0..self.points.count()) };
        let mut chosen = part.first;
        for (point, &square) in part.squares.iter().flatten().enumerate().filter(|(_, square)| **square > 0.0)
        {
            chosen = part.first + point;
            left -= f64::from(square);
            if left < 0.0 {
                break;
            }
        }
        chosen
    }

    /// Takes the candidate as one more centroid that leaves the least sum of the squares; of equally good ones, the first.
    fn best(&mut self, candidates: &[usize]) -> usize {
        let tiles: Vec<Vec<[f32; TILE]>> = candidates.chunks(TILE).map(|some| self.tile(some)).collect();
        let simd = self.simd;
        let try_all = |part: &mut Part<'_>| {
            part.tried.resize_with(candidates.len(), || (Vec::new(), 0.0));
            for (tile, tried) in tiles.iter().zip(part.tried.chunks_mut(TILE)) {
                if part.cancel.requested() {
                    return;
                }
                simd.call(Lower { blocks: part.blocks, squares: &part.squares, tile, tried });
            }
        };
        if self.parallel {
            self.parts.par_iter_mut().for_each(try_all);
        } else {
            self.parts.iter_mut().for_each(try_all);
        }
        let left = |trial: usize| self.parts.iter().map(|part| part.tried[trial].1).sum::<f64>();
        let left: Vec<f64> = (0..candidates.len()).map(left).collect();
        let best = (1..left.len()).fold(0, |best, trial| if left[trial] < left[best] { trial } else { best });
        for part in &mut self.parts {
            std::mem::swap(&mut part.squares, &mut part.tried[best].0);
            part.sum = part.tried[best].1;
        }
        best
    }

    /// The coordinates of points as the blocks hold them: [dimensions][TILE]. The places behind the last one are not read.
    fn tile(&self, points: &[usize]) -> Vec<[f32; TILE]> {
        let mut tile = vec![[0.0; TILE]; self.points.dimensions()];
        for (place, &point) in points.iter().enumerate() {
            for (tile, coordinates) in tile.iter_mut().zip(self.points.block(point / LANES)) {
                tile[place] = coordinates[point % LANES];
            }
        }
        tile
    }
}

/// Computes what the squares would be with each candidate of a tile, none above what they are, and their sums.
struct Lower<'a> {
    blocks: &'a [[f32; LANES]],
    squares: &'a [[f32; LANES]],
    tile: &'a [[f32; TILE]],
    tried: &'a mut [(Vec<[f32; LANES]>, f64)],
}

impl Routine for Lower<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        match self.tried.len() {
            1 => self.lower::<1>(),
            2 => self.lower::<2>(),
            3 => self.lower::<3>(),
            _ => self.lower::<TILE>(),
        }
    }
}

#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
impl Lower<'_> {
    /// The same of `C` candidates.
    #[inline(always)]
    fn lower<const C: usize>(self) {
        let mut sums = [[0.0_f64; LANES]; C];
        for (tried, _) in &mut *self.tried {
            tried.clear();
            tried.reserve(self.squares.len());
        }
        for (block, squares) in self.blocks.chunks_exact(self.tile.len()).zip(self.squares) {
            // Without fused operations, so that each instruction set draws the same points.
            let lowered = squared_distances::<false, C, TILE>(block, self.tile);
            for ((lowered, sums), (tried, _)) in lowered.iter().zip(&mut sums).zip(&mut *self.tried) {
                let mut least = [0.0_f32; LANES];
                for lane in 0..LANES {
                    least[lane] = if lowered[lane] < squares[lane] { lowered[lane] } else { squares[lane] };
                    sums[lane] += f64::from(least[lane]);
                }
                tried.push(least);
            }
        }
        for ((_, sum), sums) in self.tried.iter_mut().zip(sums) {
            *sum = sums.iter().sum();
        }
    }
}
