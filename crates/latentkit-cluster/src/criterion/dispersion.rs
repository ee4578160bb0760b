//! How points lie around the centroids of their clusters.

use ndarray::Array2;
use rayon::prelude::*;

use crate::centroids::means;
use crate::points::Points;

/// Points that one thread takes at a time; fixed, so that sums are added in the same order for any number of threads.
const CHUNK: usize = 8192;

/// Sums over the points of each cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dispersion {
    /// Points: [k].
    counts: Vec<u32>,
    /// Sum of the Euclidean distances to the centroid: [k].
    distances: Vec<f64>,
    /// Sum of the squared distances: [k].
    squares: Vec<f64>,
}

impl Dispersion {
    /// Of `points`, [n, d], in `clusters`, [n], with `centroids`, [k, d].
    pub(crate) fn new<'a>(points: impl Into<Points<'a>>, clusters: &[u32], centroids: &Array2<f64>) -> Self {
        let points = points.into();
        let k = centroids.nrows();
        let zero = || Self { counts: vec![0; k], distances: vec![0.0; k], squares: vec![0.0; k] };
        let parts: Vec<Self> = clusters
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, clusters)| {
                let mut sums = zero();
                for (point, &cluster) in (chunk * CHUNK..).zip(clusters) {
                    let cluster = cluster as usize;
                    let square = points.squared_distance(point, centroids.row(cluster));
                    sums.counts[cluster] += 1;
                    sums.distances[cluster] += square.sqrt();
                    sums.squares[cluster] += square;
                }
                sums
            })
            .collect();
        let mut sums = zero();
        for part in parts {
            for cluster in 0..k {
                sums.counts[cluster] += part.counts[cluster];
                sums.distances[cluster] += part.distances[cluster];
                sums.squares[cluster] += part.squares[cluster];
            }
        }
        sums
    }

    /// Points of each cluster: [k].
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Sum of the distances of the points of each cluster to its centroid: [k].
    pub(super) fn distances(&self) -> &[f64] {
        &self.distances
    }

    /// Sum of the squared distances over all clusters, the inertia.
    pub(crate) fn within(&self) -> f64 {
        self.squares.iter().sum()
    }
}

/// Sum of the squared distances of `points`, [n, d], to their mean.
pub(crate) fn total_squares<'a>(points: impl Into<Points<'a>>) -> f64 {
    let points = points.into();
    let clusters = vec![0; points.nrows()];
    Dispersion::new(points, &clusters, &means(points, &clusters, 1)).within()
}
