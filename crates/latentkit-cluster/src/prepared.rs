//! The points as the loops of K-Means and of wide neighbours read them.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::points::Points;

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
    values: Cow<'a, [f32]>,        // [n, dimensions]
    rests: Option<Cow<'a, [f32]>>, // what f32 leaves of them, where it is known: [n, dimensions]
    nothing: Vec<f32>,             // what it leaves otherwise: [dimensions]
    blocks: Vec<[f32; LANES]>,     // [n / LANES rounded up, dimensions][LANES]
    squares: Vec<[f32; LANES]>, // the squared Euclidean norm of each point of the blocks: [n / LANES rounded up][LANES]
    mean: Vec<f64>,             // [dimensions]
    scale: f64,
    spread: f64, // sum of the squared distances of all points to their mean
}

impl<'a> Prepared<'a> {
    /// Prepares `points`, [n, dimensions], of which there is at least one, with one coordinate at least.
    pub(crate) fn new(points: impl Into<Points<'a>>) -> Self {
        let points = points.into();
        let slice = |from: ArrayView2<'a, f32>| match from.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(from.iter().copied().collect()),
        };
        Self::of(slice(points.values()), points.rests().map(slice), points.ncols())
    }

    /// The same of points that it keeps.
    pub(crate) fn owned(points: Array2<f32>) -> Prepared<'static> {
        let dimensions = points.ncols();
        let values = points.into_iter().collect();
        Prepared::of(Cow::Owned(values), None, dimensions)
    }

    fn of(values: Cow<'a, [f32]>, rests: Option<Cow<'a, [f32]>>, dimensions: usize) -> Self {
        let count = values.len() / dimensions;
        let mut mean = vec![0.0; dimensions];
        let rows = rests.iter().flat_map(|rests| rests.chunks_exact(dimensions));
        for row in values.chunks_exact(dimensions).chain(rows) {
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
        Self::with_blocks(values, rests, mean, scale)
    }

    /// Some of the points, by number, centred and scaled as all of them are.
    pub(crate) fn sample(&self, numbers: &[usize]) -> Prepared<'static> {
        let select = |from: &[f32]| {
            let row = |&number: &usize| &from[number * self.dimensions()..(number + 1) * self.dimensions()];
            Cow::Owned(numbers.iter().flat_map(row).copied().collect())
        };
        let rests = self.rests.as_ref().map(|rests| select(rests));
        Prepared::with_blocks(select(&self.values), rests, self.mean.clone(), self.scale)
    }

    fn with_blocks(
        values: Cow<'a, [f32]>,
        rests: Option<Cow<'a, [f32]>>,
        mean: Vec<f64>,
        scale: f64,
    ) -> Self {
        let dimensions = mean.len();
        let count = values.len() / dimensions;
        let nothing = vec![0.0; dimensions];
        let (blocks, squares) = (Vec::new(), Vec::new());
        let prepared = Self { values, rests, nothing, blocks, squares, mean, scale, spread: 0.0 };
        let mut blocks = vec![[0.0; LANES]; count.div_ceil(LANES) * dimensions];
        let mut squares = vec![[0.0; LANES]; count.div_ceil(LANES)];
        let groups = blocks
            .par_chunks_mut(GROUP / LANES * dimensions)
            .zip(squares.par_chunks_mut(GROUP / LANES))
            .enumerate()
            .with_min_len(GROUPS_OF_A_THREAD);
        let spreads = groups.map(|(group, (blocks, squares))| {
            let mut spread = 0.0;
            for (offset, (block, squares)) in blocks.chunks_exact_mut(dimensions).zip(squares).enumerate() {
                let first = group * GROUP + offset * LANES;
                for (lane, point) in (first..count.min(first + LANES)).enumerate() {
                    let mut square = 0.0_f64;
                    for (coordinates, value) in block.iter_mut().zip(prepared.row(point)) {
                        let value = value * scale;
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
        Self { blocks, squares, spread, ..prepared }
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

    /// The coordinates of a point without what f32 leaves of them: [dimensions].
    pub(crate) fn values(&self, point: usize) -> &[f32] {
        &self.values[point * self.dimensions()..(point + 1) * self.dimensions()]
    }

    /// Whether two points are the same.
    pub(crate) fn are_equal(&self, a: usize, b: usize) -> bool {
        self.row(a).eq(self.row(b))
    }

    /// What f32 leaves of the coordinates of a point: [dimensions].
    #[inline]
    fn rests(&self, point: usize) -> &[f32] {
        match &self.rests {
            Some(rests) => &rests[point * self.dimensions()..(point + 1) * self.dimensions()],
            None => &self.nothing,
        }
    }

    /// The coordinates of a point less those of the mean: [dimensions].
    #[inline]
    pub(crate) fn row(&self, point: usize) -> impl Iterator<Item = f64> {
        let coordinates = self.values(point).iter().zip(&self.mean).zip(self.rests(point));
        coordinates.map(|((&value, mean), &rest)| f64::from(value) - mean + f64::from(rest))
    }

    /// The coordinates of a point as the blocks hold them: [dimensions].
    #[inline]
    pub(crate) fn scaled_row(&self, point: usize) -> impl Iterator<Item = f32> {
        self.row(point).map(|value| (value * self.scale) as f32)
    }

    /// All rows: [n, dimensions].
    pub(crate) fn rows(&self) -> Array2<f64> {
        let rows = (0..self.count()).flat_map(|point| self.row(point)).collect();
        Array2::from_shape_vec((self.count(), self.dimensions()), rows).expect("each row has all dimensions")
    }

    /// The squared distance of a point to a centroid that is relative to the mean: [dimensions].
    #[inline]
    pub(crate) fn squared_distance(&self, point: usize, centroid: &[f64]) -> f64 {
        let rows = self.values(point).chunks(SUMS).zip(self.rests(point).chunks(SUMS));
        let rows = rows.zip(self.mean.chunks(SUMS)).zip(centroid.chunks(SUMS));
        let mut sums = [0.0; SUMS];
        for (((values, rests), mean), centroid) in rows {
            let coordinates = values.iter().zip(rests).zip(mean).zip(centroid);
            for (sum, (((&value, &rest), mean), centroid)) in sums.iter_mut().zip(coordinates) {
                let difference = f64::from(value) - mean + f64::from(rest) - centroid;
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
