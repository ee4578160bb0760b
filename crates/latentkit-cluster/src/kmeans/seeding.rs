//! The first centroids of a restart: greedy k-means++.

use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Result};
use ndarray::{Array2, Axis};
use rand::Rng as _;
use rayon::prelude::*;

use crate::prepared::{LANES, Prepared};
use crate::simd::{Routine, Simd};

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
        let chosen = if index == 0 {
            rng.gen_range(0..points.count())
        } else {
            let candidates: Vec<usize> = (0..trials).map(|_| field.draw(rng)).collect();
            let left = field.left_by(&candidates);
            let best = (1..trials).fold(0, |best, trial| if left[trial] < left[best] { trial } else { best });
            candidates[best]
        };
        // The squares are of no use after the last centroid.
        if index + 1 < k {
            field.add(chosen);
        }
        for (coordinate, value) in centroid.iter_mut().zip(points.row(chosen)) {
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
    /// When the user interrupts, parts of the points are left out.
    cancel: Cancellation<'a>,
    part: usize,
    /// In units of the blocks: [n / LANES rounded up][LANES]. The lanes behind the last point hold 0.
    squares: Vec<[f32; LANES]>,
    /// Their sum over each part of the points.
    sums: Vec<f64>,
}

impl<'a> Field<'a> {
    fn new(simd: Simd, points: &'a Prepared<'a>, k: usize, parallel: bool, cancel: Cancellation<'a>) -> Self {
        let mut squares = vec![[f32::INFINITY; LANES]; points.count().div_ceil(LANES)];
        if let Some(last) = squares.last_mut() {
            last[(points.count() - 1) % LANES + 1..].fill(0.0);
        }
        Self { simd, points, parallel, cancel, part: points.part(k), squares, sums: Vec::new() }
    }

    /// Draws a point with a probability proportional to its square; any point where all squares are 0.
    fn draw(&self, rng: &mut Rng) -> usize {
        let mut left = rng.r#gen::<f64>() * self.sums.iter().sum::<f64>();
        let mut found = None;
        for (part, &sum) in self.sums.iter().enumerate() {
            // Rounding can leave a rest behind the last part, which then belongs to the last one that has a square.
            if sum > 0.0 {
                found = Some((part, left));
                if left < sum {
                    break;
                }
                left -= sum;
            }
        }
        let Some((part, mut left)) = found else { return rng.gen_range(0..self.points.count()) };
        let first = part * self.part;
        let squares = self.squares[first / LANES..].iter().flatten().take(self.part).enumerate();
        let mut chosen = first;
        for (point, &square) in squares.filter(|(_, square)| **square > 0.0) {
            chosen = first + point;
            left -= f64::from(square);
            if left < 0.0 {
                break;
            }
        }
        chosen
    }

    /// The sum of the squares that would be left with each of these points as one more centroid.
    fn left_by(&self, candidates: &[usize]) -> Vec<f64> {
        let coordinates = self.coordinates(candidates);
        let sum = |(index, squares): (usize, &[[f32; LANES]])| {
            let mut sums = vec![0.0; candidates.len()];
            if self.cancel.requested() {
                return sums;
            }
            self.simd.call(Left {
                blocks: self.blocks(index),
                squares,
                coordinates: &coordinates,
                sums: &mut sums,
            });
            sums
        };
        let parts: Vec<Vec<f64>> = if self.parallel {
            self.squares.par_chunks(self.part / LANES).enumerate().map(sum).collect()
        } else {
            self.squares.chunks(self.part / LANES).enumerate().map(sum).collect()
        };
        (0..candidates.len()).map(|trial| parts.iter().map(|part| part[trial]).sum()).collect()
    }

    /// Takes a point as one more centroid.
    fn add(&mut self, point: usize) {
        let (simd, points, part, cancel) = (self.simd, self.points, self.part, self.cancel);
        let coordinates = self.coordinates(&[point]);
        let add = |(index, squares): (usize, &mut [[f32; LANES]])| {
            let mut sum = 0.0;
            if cancel.requested() {
                return sum;
            }
            let blocks = &points.blocks()[index * part / LANES * points.dimensions()..];
            simd.call(Lower { blocks, squares, coordinates: &coordinates, sum: &mut sum });
            sum
        };
        self.sums = if self.parallel {
            self.squares.par_chunks_mut(part / LANES).enumerate().map(add).collect()
        } else {
            self.squares.chunks_mut(part / LANES).enumerate().map(add).collect()
        };
    }

    /// The blocks from those of a part on.
    fn blocks(&self, part: usize) -> &[[f32; LANES]] {
        &self.points.blocks()[part * self.part / LANES * self.points.dimensions()..]
    }

    /// The coordinates of points as the blocks hold them: [points, dimensions].
    fn coordinates(&self, points: &[usize]) -> Vec<f32> {
        let of_point = |&point: &usize| {
            self.points.block(point / LANES).iter().map(move |coordinates| coordinates[point % LANES])
        };
        points.iter().flat_map(of_point).collect()
    }
}

/// The squares of one block, none above what they were.
#[inline(always)]
#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
fn lowered(block: &[[f32; LANES]], squares: &[f32; LANES], centroid: &[f32]) -> [f32; LANES] {
    let mut lowered = [0.0_f32; LANES];
    for (coordinates, &centroid) in block.iter().zip(centroid) {
        for (square, &own) in lowered.iter_mut().zip(coordinates) {
            *square += (own - centroid) * (own - centroid);
        }
    }
    for (lowered, &square) in lowered.iter_mut().zip(squares) {
        *lowered = if *lowered < square { *lowered } else { square };
    }
    lowered
}

/// Sums what each candidate would leave of the squares of a part.
struct Left<'a> {
    blocks: &'a [[f32; LANES]],
    squares: &'a [[f32; LANES]],
    coordinates: &'a [f32],
    sums: &'a mut [f64],
}

impl Routine for Left<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.coordinates.len() / self.sums.len();
        let mut lanes = vec![[0.0_f64; LANES]; self.sums.len()];
        for (block, squares) in self.blocks.chunks_exact(dimensions).zip(self.squares) {
            for (lanes, candidate) in lanes.iter_mut().zip(self.coordinates.chunks_exact(dimensions)) {
                let lowered = lowered(block, squares, candidate);
                for (sum, square) in lanes.iter_mut().zip(lowered) {
                    *sum += f64::from(square);
                }
            }
        }
        for (sum, lanes) in self.sums.iter_mut().zip(lanes) {
            *sum = lanes.iter().sum();
        }
    }
}

/// Lowers the squares of a part to those of one more centroid, and sums them.
struct Lower<'a> {
    blocks: &'a [[f32; LANES]],
    squares: &'a mut [[f32; LANES]],
    coordinates: &'a [f32],
    sum: &'a mut f64,
}

impl Routine for Lower<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let mut lanes = [0.0_f64; LANES];
        for (block, squares) in self.blocks.chunks_exact(self.coordinates.len()).zip(self.squares) {
            *squares = lowered(block, squares, self.coordinates);
            for (sum, &square) in lanes.iter_mut().zip(squares.iter()) {
                *sum += f64::from(square);
            }
        }
        *self.sum = lanes.iter().sum();
    }
}
