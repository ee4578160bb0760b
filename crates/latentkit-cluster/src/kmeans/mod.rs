//! K-Means: centroids whose nearest points they are the means of.

mod assign;
mod canonical;
mod lloyd;
mod start;
#[cfg(test)]
mod tests;

use latentkit_core::rng::Rng;
use latentkit_core::{Error, Observer, Result};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::points::{check_k, check_points};
use crate::simd::Simd;
use assign::Centred;
use lloyd::Stop;

/// How K-Means runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansParams {
    /// Number of clusters, at least 1.
    pub k: usize,
    /// Runs from different centroids, at least 1; the one of least inertia is kept.
    pub restarts: u32,
    /// Iterations of a run at most.
    pub max_iterations: u32,
    /// A run ends when its centroids move less than this between two iterations (Euclidean norm over all coordinates of
    /// all centroids, in units of the points).
    pub tolerance: f64,
}

/// A partition of the points.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansClustering {
    /// Cluster of each point, 0 to k - 1, none empty: [n]. Cluster 0 is the largest; of clusters of one size, that of
    /// the first point comes first.
    pub clusters: Vec<u32>,
    /// Mean of the points of each cluster: [k, dimensions].
    pub centroids: Array2<f64>,
    /// Euclidean distance of each point to the centroid of its cluster: [n].
    pub distances: Vec<f64>,
    /// Sum of the squared distances.
    pub inertia: f64,
    /// Whether no point is nearer to another centroid. False when `max_iterations` ended the work before.
    pub converged: bool,
}

/// Clusters `points`, [n, dimensions], by K-Means: looks for the k centroids of least inertia, the sum over the points of
/// the squared Euclidean distance to the nearest centroid.
///
/// Each restart draws its first centroids by k-means++ (Arthur and Vassilvitskii, 2007), which linfa does together with
/// the first iterations, and then repeats Lloyd's two steps in f64: assign each point to its nearest centroid, move each
/// centroid to the mean of its points. A centroid that loses all its points takes the point farthest from its own. The
/// restart of least inertia goes on until no point changes its cluster. Memory is proportional to n and to the number of
/// threads, not to that of restarts.
///
/// The result is a function of the arguments alone, whatever the number of threads; `rng` gives restart i the stream of
/// i jumps.
///
/// # Errors
/// Of kind config, about `cluster.k`, when there are fewer distinct points than clusters; of kind input when a
/// coordinate is not finite; and when the user interrupts.
///
/// # Reference
/// S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982), 129-137.
///
/// ```
/// use latentkit_cluster::{KMeansParams, kmeans};
/// use latentkit_core::{Observer, rng};
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [10.0], [12.0], [14.0]];
/// let params = KMeansParams { k: 2, restarts: 10, max_iterations: 300, tolerance: 1e-4 };
/// let found = kmeans(points.view(), params, &rng::generator(42, "k-means", 2), Observer::silent())?;
/// assert_eq!(found.clusters, [1, 1, 0, 0, 0]);
/// assert_eq!(found.centroids, array![[12.0], [0.5]]);
/// assert_eq!(found.inertia, 8.5);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn kmeans(
    points: ArrayView2<'_, f32>,
    params: KMeansParams,
    rng: &Rng,
    observer: Observer,
) -> Result<KMeansClustering> {
    kmeans_with(Simd::best(), points, params, rng, observer)
}

/// As [`kmeans`], with a given instruction set.
pub(crate) fn kmeans_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    params: KMeansParams,
    rng: &Rng,
    observer: Observer,
) -> Result<KMeansClustering> {
    if params.k == 0 {
        return Err(Error::config("cluster.k", "k = 0: there is at least one cluster"));
    }
    check_points(points)?;
    check_k(points, params.k)?;
    let points = Centred::new(points);

    // A bridge gives each thread one restart after the other, so that no more partitions than threads are alive.
    let best = streams(rng)
        .zip(0..params.restarts.max(1))
        .par_bridge()
        .map(|(stream, index)| -> Result<Restart> {
            observer.check()?;
            let start = start::centroids(&points, params, stream)?;
            let stop = Stop { max_iterations: params.max_iterations, tolerance: Some(params.tolerance) };
            let partition = lloyd::iterate(simd, &points, start, stop, observer)?;
            Ok(Restart { index, inertia: partition.inertia(), centroids: partition.centroids })
        })
        .try_reduce_with(|a, b| Ok(a.better(b)))
        .ok_or_else(|| Error::failed("K-Means did not run"))??;

    let stop = Stop { max_iterations: params.max_iterations, tolerance: None };
    let mut partition = lloyd::iterate(simd, &points, best.centroids, stop, observer)?;
    canonical::relabel(&mut partition);
    Ok(KMeansClustering {
        inertia: partition.inertia(),
        converged: partition.converged,
        distances: partition.squared_distances.iter().map(|squared| squared.sqrt()).collect(),
        centroids: partition.centroids + points.mean(),
        clusters: partition.clusters,
    })
}

/// What is kept of a restart.
struct Restart {
    index: u32,
    inertia: f64,
    /// [k, dimensions].
    centroids: Array2<f64>,
}

impl Restart {
    /// The one of less inertia, the first of equals, so that the order of the restarts decides and not that of the
    /// threads.
    fn better(self, other: Self) -> Self {
        let order = self.inertia.total_cmp(&other.inertia).then(self.index.cmp(&other.index));
        if order.is_le() { self } else { other }
    }
}

/// The generators of the restarts: 2^128 numbers apart, so that no two draw the same.
fn streams(rng: &Rng) -> impl Iterator<Item = Rng> + Send {
    std::iter::successors(Some(rng.clone()), |stream| {
        let mut next = stream.clone();
        next.jump();
        Some(next)
    })
}
