//! How the points lie around the centroids of their clusters, and the criteria that follow from it.

use ndarray::{Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

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
    pub(crate) fn new(points: ArrayView2<'_, f32>, clusters: &[u32], centroids: &Array2<f64>) -> Self {
        let k = centroids.nrows();
        let zero = || Self { counts: vec![0; k], distances: vec![0.0; k], squares: vec![0.0; k] };
        let parts: Vec<Self> = clusters
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, clusters)| {
                let mut sums = zero();
                for (point, &cluster) in (chunk * CHUNK..).zip(clusters) {
                    let cluster = cluster as usize;
                    let square = squared_distance(points.row(point), centroids.row(cluster));
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

    /// Sum of the squared distances over all clusters, the inertia.
    pub(crate) fn within(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// The Calinski-Harabasz index, (B / (k - 1)) / (W / (n - k)) with W the sum of the squared distances to the centroids
    /// and B = T - W, T being that to the mean of all points. From 0, the higher the better; none where W is 0, k is 1 or
    /// every point is a cluster.
    ///
    /// T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications in Statistics 3 (1974), 1-27.
    pub(crate) fn calinski_harabasz(&self, total: f64) -> Option<f64> {
        let (within, k) = (self.within(), self.counts.len());
        let points: u64 = self.counts.iter().map(|&count| u64::from(count)).sum();
        if within <= 0.0 || k < 2 || points <= k as u64 {
            return None;
        }
        let between = (total - within).max(0.0);
        Some(between / (k - 1) as f64 / (within / (points - k as u64) as f64))
    }

    /// The Davies-Bouldin index, the mean over the clusters i of max over j of (Sᵢ + Sⱼ) / Mᵢⱼ, with Sᵢ the mean
    /// distance of the points of i to its centroid and Mᵢⱼ the distance of both centroids. From 0, the lower the better;
    /// equal centroids count as far apart, as in scikit-learn; none for one cluster.
    ///
    /// D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE Transactions on Pattern Analysis and Machine
    /// Intelligence 1 (1979), 224-227.
    pub(crate) fn davies_bouldin(&self, centroids: &Array2<f64>) -> Option<f64> {
        let k = self.counts.len();
        if k < 2 {
            return None;
        }
        let spread: Vec<f64> =
            self.distances.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count)).collect();
        let likeness = |i: usize, j: usize| {
            let apart =
                centroids.row(i).iter().zip(centroids.row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            if apart > 0.0 { (spread[i] + spread[j]) / apart.sqrt() } else { 0.0 }
        };
        let worst = |i: usize| (0..k).filter(|&j| j != i).map(|j| likeness(i, j)).fold(0.0, f64::max);
        Some((0..k).map(worst).sum::<f64>() / k as f64)
    }
}

/// Sum of the squared distances of `points`, [n, d], to their mean.
pub(crate) fn total_squares(points: ArrayView2<'_, f32>) -> f64 {
    let mut mean = vec![0.0; points.ncols()];
    for point in points.rows() {
        for (sum, &value) in mean.iter_mut().zip(point) {
            *sum += f64::from(value);
        }
    }
    let count = points.nrows().max(1) as f64;
    for sum in &mut mean {
        *sum /= count;
    }
    let mean = Array2::from_shape_vec((1, mean.len()), mean).expect("one row");
    let clusters = vec![0; points.nrows()];
    Dispersion::new(points, &clusters, &mean).within()
}

pub(super) fn squared_distance(point: ArrayView1<'_, f32>, centroid: ArrayView1<'_, f64>) -> f64 {
    point.iter().zip(centroid).map(|(&value, centroid)| (f64::from(value) - centroid).powi(2)).sum()
}
