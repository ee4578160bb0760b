//! The points as the loops of K-Means and of wide neighbours read them.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Points of a block; each has a lane of every vector register.
pub(crate) const LANES: usize = 16;

/// Points of a group, a multiple of [`LANES`]: what the loops look at in one go.
pub(crate) const GROUP: usize = 256;

/// Groups that a thread is woken for: with fewer, that takes as long as the work.
const GROUPS_OF_A_THREAD: usize = 64;

/// Parts at most that the points are divided into; threads beyond that many have no work.
const PARTS: usize = 64;

/// Sums into which a sum of squares is divided, so that additions need not wait for each other.
const SUMS: usize = 8;

/// The unit roundoff of f32: what rounding changes a number by at most, relatively.
pub(crate) const ROUNDOFF: f32 = f32::EPSILON / 2.0;

/// The points: as they came, and once more as blocks of f32 for vector instructions.
///
/// The blocks hold `scale` times the distance of each coordinate from the mean, so that f32 loses no digits to a common
/// offset and no square of it overflows. `scale` is a power of two; the largest coordinate lies between 1 and 2.
pub(crate) struct Prepared<'a> {
    values: Cow<'a, [f32]>,     // [n, dimensions]
    blocks: Vec<[f32; LANES]>,  // [n / LANES rounded up, dimensions][LANES]
    squares: Vec<[f32; LANES]>, // the squared Euclidean norm of each point of the blocks: [n / LANES rounded up][LANES]
    mean: Vec<f64>,             // [dimensions]
    scale: f64,
    spread: f64, // sum of the squared distances of all points to their mean
}

impl<'a> Prepared<'a> {
    /// Prepares `points`, [n, dimensions], of which there is at least one, with one coordinate at least.
    pub(crate) fn new(points: ArrayView2<'a, f32>) -> Self {
        let values = match points.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(points.iter().copied().collect()),
        };
        Self::of(values, points.ncols())
    }

    /// The same of points that it keeps.
    pub(crate) fn owned(points: Array2<f32>) -> Prepared<'static> {
        let dimensions = points.ncols();
        let values = points.into_iter().collect();
        Prepared::of(Cow::Owned(values), dimensions)
    }

    fn of(values: Cow<'a, [f32]>, dimensions: usize) -> Self {
        let count = values.len() / dimensions;
        let mut mean = vec![0.0; dimensions];
        for row in values.chunks_exact(dimensions) {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        for sum in &mut mean {
            *sum /= count as f64;
        }
        let largest = values.chunks_exact(dimensions).flat_map(|row| row.iter().zip(&mean));
        let largest = largest.map(|(&value, mean)| (f64::from(value) - mean).abs()).fold(0.0, f64::max);
        let scale = if largest > 0.0 { (-largest.log2().floor()).exp2() } else { 1.0 };
        Self::with_blocks(values, mean, scale)
    }

    /// Some of the points, by number, centred and scaled as all of them are.
    pub(crate) fn sample(&self, numbers: &[usize]) -> Prepared<'static> {
        let values = numbers.iter().flat_map(|&number| self.values(number)).copied().collect();
        Prepared::with_blocks(Cow::Owned(values), self.mean.clone(), self.scale)
    }

    fn with_blocks(values: Cow<'a, [f32]>, mean: Vec<f64>, scale: f64) -> Self {
        let dimensions = mean.len();
        let count = values.len() / dimensions;
        let mut blocks = vec![[0.0; LANES]; count.div_ceil(LANES) * dimensions];
        let mut squares = vec![[0.0; LANES]; count.div_ceil(LANES)];
        let blocks_of_points = blocks
            .par_chunks_mut(GROUP / LANES * dimensions)
            .zip(squares.par_chunks_mut(GROUP / LANES))
            .zip(values.par_chunks(GROUP * dimensions))
            .with_min_len(GROUPS_OF_A_THREAD);
        let spreads = blocks_of_points.map(|((blocks, squares), values)| {
            let mut spread = 0.0;
            let rows_of_blocks = values.chunks(LANES * dimensions);
            for ((block, squares), rows) in
                blocks.chunks_exact_mut(dimensions).zip(squares).zip(rows_of_blocks)
            {
                for (lane, row) in rows.chunks_exact(dimensions).enumerate() {
                    let mut square = 0.0_f64;
                    for ((coordinates, &value), mean) in block.iter_mut().zip(row).zip(&mean) {
                        let value = (f64::from(value) - mean) * scale;
                        coordinates[lane] = value as f32;
                        square += value * value;
                    }
                    squares[lane] = square as f32;
                    spread += square;
                }
            }
            spread
        });
        let spreads: Vec<f64> = spreads.collect();
        let spread = spreads.iter().sum::<f64>() / scale / scale;
        Self { values, blocks, squares, mean, scale, spread }
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.dimensions()
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.mean.len()
    }

    /// The mean of the points as they came: [dimensions].
    pub(crate) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What the coordinates of the blocks are multiplied by.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// The coordinates of all blocks: [n / LANES rounded up, dimensions][LANES].
    pub(crate) fn blocks(&self) -> &[[f32; LANES]] {
        &self.blocks
    }

    /// The coordinates of one block: [dimensions][LANES].
    pub(crate) fn block(&self, block: usize) -> &[[f32; LANES]] {
        &self.blocks[block * self.dimensions()..(block + 1) * self.dimensions()]
    }

    /// The squared norm of each point of a block, in units of the blocks.
    pub(crate) fn squares(&self, block: usize) -> &[f32; LANES] {
        &self.squares[block]
    }

    /// Sum of the squared distances of all points to their mean; of a sample, to that of the points that it is of.
    pub(crate) fn spread(&self) -> f64 {
        self.spread
    }

    pub(crate) fn values(&self, point: usize) -> &[f32] {
        &self.values[point * self.dimensions()..(point + 1) * self.dimensions()]
    }

    /// The coordinates of a point less those of the mean: [dimensions].
    #[inline]
    pub(crate) fn row(&self, point: usize) -> impl Iterator<Item = f64> {
        self.values(point).iter().zip(&self.mean).map(|(&value, mean)| f64::from(value) - mean)
    }

    /// All rows: [n, dimensions].
    pub(crate) fn rows(&self) -> Array2<f64> {
        let rows = (0..self.count()).flat_map(|point| self.row(point)).collect();
        Array2::from_shape_vec((self.count(), self.dimensions()), rows).expect("each row has all dimensions")
    }

    /// The squared distance of a point to a centroid that is relative to the mean: [dimensions].
    #[inline]
    pub(crate) fn squared_distance(&self, point: usize, centroid: &[f64]) -> f64 {
        let rows = self.values(point).chunks(SUMS).zip(self.mean.chunks(SUMS)).zip(centroid.chunks(SUMS));
        let mut sums = [0.0; SUMS];
        for ((values, mean), centroid) in rows {
            for (((sum, &value), mean), centroid) in sums.iter_mut().zip(values).zip(mean).zip(centroid) {
                let difference = f64::from(value) - mean - centroid;
                *sum += difference * difference;
            }
        }
        sums.iter().sum()
    }

    /// The distance of each point to the centroid of its cluster, both in f64: [n].
    pub(crate) fn distances(&self, clusters: &[u32], centroids: &Array2<f64>) -> Vec<f64> {
        let centroids: Vec<_> = centroids.rows().into_iter().map(|centroid| centroid.to_vec()).collect();
        let distance = |(point, &cluster): (usize, &u32)| {
            self.squared_distance(point, &centroids[cluster as usize]).sqrt()
        };
        clusters.par_iter().enumerate().map(distance).collect()
    }

    /// Points that one thread takes at a time. It depends on the shapes alone, so that sums are added in the same order
    /// whatever the number of threads; and with many clusters parts are large, so that adding the sums of the parts is
    /// little beside the work on the points.
    pub(crate) fn part(&self, k: usize) -> usize {
        self.count().div_ceil(PARTS).max(4 * k).max(4096).next_multiple_of(GROUP)
    }
}
