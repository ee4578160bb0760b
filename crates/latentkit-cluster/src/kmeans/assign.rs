//! The nearest centroid of each point.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use crate::simd::{Routine, Simd, square_add_f64};

/// Points of a block; each has a lane of every vector register.
const LANES: usize = 16;

/// Points that one thread takes at a time, a multiple of [`LANES`]. Fixed, so that sums are added in the same order
/// whatever the number of threads.
const CHUNK: usize = 2048;

/// The points in f64, their mean subtracted, so that squares lose no digits to a common offset.
pub(super) struct Centred {
    rows: Array2<f64>,         // [n, dimensions]
    blocks: Vec<[f64; LANES]>, // [n / LANES rounded up, dimensions][LANES]
    mean: Array1<f64>,         // [dimensions]
}

impl Centred {
    pub(super) fn new(points: ArrayView2<'_, f32>) -> Self {
        // Built from an iterator, the rows are contiguous even where those of `points` are not.
        let values = points.iter().map(|&value| f64::from(value)).collect();
        let mut rows = Array2::from_shape_vec(points.dim(), values).expect("as many values as there were");
        let mean = rows.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(points.ncols()));
        rows -= &mean;
        let blocks = rows
            .axis_chunks_iter(Axis(0), LANES)
            .flat_map(|block| {
                let coordinates = block
                    .columns()
                    .into_iter()
                    .map(|column| std::array::from_fn(|lane| column.get(lane).copied().unwrap_or(0.0)));
                coordinates.collect::<Vec<_>>()
            })
            .collect();
        Self { rows, blocks, mean }
    }

    /// The points: [n, dimensions].
    pub(super) fn rows(&self) -> ArrayView2<'_, f64> {
        self.rows.view()
    }

    /// The coordinates of the points from number `first` on, row by row.
    fn values_from(&self, first: usize) -> &[f64] {
        let values = self.rows.as_slice().expect("the rows are contiguous");
        &values[first * self.rows.ncols()..]
    }

    /// The mean of the points as they came: [dimensions].
    pub(super) fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }
}

/// Sums over the points of each cluster.
pub(super) struct Sums {
    /// Of the coordinates: [k, dimensions].
    pub(super) coordinates: Array2<f64>,
    /// Of the points.
    pub(super) counts: Vec<u32>,
}

/// Writes the nearest of `centroids`, [k, dimensions], of every point and the squared distance to it; of equally near
/// ones, the first. Returns the sums of the clusters so found.
pub(super) fn assign(
    simd: Simd,
    points: &Centred,
    centroids: &Array2<f64>,
    clusters: &mut [u32],
    squared_distances: &mut [f64],
) -> Sums {
    let (k, dimensions) = centroids.dim();
    let parts: Vec<(Vec<f64>, Vec<u32>)> = clusters
        .par_chunks_mut(CHUNK)
        .zip(squared_distances.par_chunks_mut(CHUNK))
        .zip(points.blocks.par_chunks(CHUNK / LANES * dimensions))
        .enumerate()
        .map(|(chunk, ((clusters, squared_distances), blocks))| {
            simd.call(Nearest { blocks, centroids, clusters, squared_distances });
            let (mut coordinates, mut counts) = (vec![0.0; k * dimensions], vec![0; k]);
            let rows = points.values_from(chunk * CHUNK).chunks_exact(dimensions);
            for (row, &cluster) in rows.zip(clusters.iter()) {
                let cluster = cluster as usize;
                counts[cluster] += 1;
                let sum = &mut coordinates[cluster * dimensions..(cluster + 1) * dimensions];
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            (coordinates, counts)
        })
        .collect();
    let mut sums = Sums { coordinates: Array2::zeros((k, dimensions)), counts: vec![0; k] };
    for (coordinates, counts) in parts {
        for (sum, part) in sums.coordinates.iter_mut().zip(coordinates) {
            *sum += part;
        }
        for (count, part) in sums.counts.iter_mut().zip(counts) {
            *count += part;
        }
    }
    sums
}

/// The nearest centroid of the points of some blocks.
struct Nearest<'a> {
    blocks: &'a [[f64; LANES]],
    centroids: &'a Array2<f64>,
    clusters: &'a mut [u32],
    squared_distances: &'a mut [f64],
}

impl Routine for Nearest<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        let dimensions = self.centroids.ncols();
        let blocks = self.blocks.chunks_exact(dimensions);
        let found = self.clusters.chunks_mut(LANES).zip(self.squared_distances.chunks_mut(LANES));
        for (block, (clusters, squared_distances)) in blocks.zip(found) {
            let mut least = [f64::INFINITY; LANES];
            let mut nearest = [0_u64; LANES]; // as wide as a distance, so that both are chosen by one mask
            for (cluster, centroid) in (0..).zip(self.centroids.rows()) {
                let mut squares = [0.0_f64; LANES];
                for (coordinates, &coordinate) in block.iter().zip(centroid) {
                    for (square, &own) in squares.iter_mut().zip(coordinates) {
                        *square = square_add_f64::<FMA>(own - coordinate, *square);
                    }
                }
                for ((least, nearest), square) in least.iter_mut().zip(&mut nearest).zip(squares) {
                    let nearer = square < *least;
                    *least = if nearer { square } else { *least };
                    *nearest = if nearer { cluster } else { *nearest };
                }
            }
            for (cluster, nearest) in clusters.iter_mut().zip(nearest) {
                *cluster = nearest as u32;
            }
            for (squared, least) in squared_distances.iter_mut().zip(least) {
                *squared = least;
            }
        }
    }
}
