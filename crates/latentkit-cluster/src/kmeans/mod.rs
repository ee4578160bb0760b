//! K-Means: centroids whose nearest points they are the means of.

mod assignment;
mod batches;
pub(crate) mod canonical;
mod exchange;
mod linfa;
mod lloyd;
mod nearest;
mod params;
mod restarts;
mod seeding;
#[cfg(test)]
mod tests;

use crate::engine::ClusterEngine;
use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Error, Result};
use ndarray::{Array2, ArrayView1};

use crate::points::{Points, check_k, check_points};
use crate::prepared::Prepared;
use crate::simd::Simd;
use assignment::Assignment;
use lloyd::Stop;
pub use params::KMeansParams;
use restarts::Work;
pub(crate) use restarts::streams;

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
    /// Whether no point is nearer to another centroid. False when `max_iterations` ended the work before, and after
    /// mini-batches.
    pub converged: bool,
}

/// Clusters `points`, [n, dimensions], by K-Means: looks for the k centroids of least inertia, the sum over the points of
/// the squared Euclidean distance to the nearest centroid.
///
/// Each restart draws its first centroids by greedy k-means++ (Arthur and Vassilvitskii, 2007) and then repeats Lloyd's
/// two steps: assign each point to its nearest centroid, move each centroid to the mean of its points. A centroid that
/// loses all its points takes the point farthest from its own. The restart of least inertia goes on until no point
/// changes its cluster. Then two of its clusters are joined and another one is divided, and the iterations go on, as long as
/// that lowers the inertia: what no restart finds, where blobs share clusters.
///
/// Distances are computed in f32, with a bound of what rounding does to them; where it leaves open which centroid is
/// nearest, the distances of that point are computed in f64. Points that the triangle inequality shows to stay in their
/// clusters (Hamerly, 2010) are skipped. So the assignment is that of f64, whatever is skipped; means and inertia are
/// computed in f64. Memory is one copy of the points and 8 bytes a point for each thread.
///
/// With `engine` linfa, linfa draws the first centroids and does the first iteration. With `batch_size`, the restarts
/// are mini-batch K-Means (Sculley, 2010); each ends with one of Lloyd's iterations over all points, and the best one has
/// one more, so that centroids are the means of their clusters and the inertia is exact here too.
///
/// The result is a function of the arguments alone, the same bits whatever the number of threads and the instruction set;
/// `rng` gives restart i the stream of i jumps.
///
/// # Errors
/// Of kind config, about `cluster.k`, when there are fewer distinct points than clusters, and about `cluster.batch-size`
/// when linfa should run on mini-batches; of kind input when a coordinate is not finite; and when the user interrupts.
///
/// # References
/// - S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28 (1982), 129-137.
/// - D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, 1027-1035.
/// - G. Hamerly, "Making k-means even faster", SIAM SDM 2010, 130-140.
/// - D. Sculley, "Web-scale k-means clustering", WWW 2010, 1177-1178.
///
/// ```
/// use latentkit_cluster::{KMeansParams, kmeans};
/// use latentkit_cluster::config::ClusterEngine;
/// use latentkit_core::{Cancellation, rng};
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [10.0], [12.0], [14.0]];
/// let params = KMeansParams {
///     k: 2,
///     restarts: 10,
///     exchanges: 3,
///     max_iterations: 300,
///     tolerance: 1e-4,
///     engine: ClusterEngine::Native,
///     batch_size: None,
/// };
/// let found = kmeans(points.view(), params, &rng::generator(42, "k-means", 2), Cancellation::never())?;
/// assert_eq!(found.clusters, [1, 1, 0, 0, 0]);
/// assert_eq!(found.centroids, array![[12.0], [0.5]]);
/// assert_eq!(found.inertia, 8.5);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn kmeans<'a>(
    points: impl Into<Points<'a>>,
    params: KMeansParams,
    rng: &Rng,
    cancel: Cancellation,
) -> Result<KMeansClustering> {
    kmeans_with(Simd::best(), points, params, rng, cancel)
}

/// As [`kmeans`], with a given instruction set.
pub(crate) fn kmeans_with<'a>(
    simd: Simd,
    points: impl Into<Points<'a>>,
    params: KMeansParams,
    rng: &Rng,
    cancel: Cancellation,
) -> Result<KMeansClustering> {
    if params.k == 0 {
        return Err(Error::config("cluster.k", "k = 0: there is at least one cluster"));
    }
    if params.engine == ClusterEngine::Linfa && params.batch_size.is_some() {
        return Err(Error::config("cluster.batch-size", "linfa does not run on mini-batches here")
            .hint("leave out `cluster.batch-size`, or set `cluster.engine` to \"native\""));
    }
    let points = points.into();
    check_points(points)?;
    check_k(points, params.k)?;
    let points = Prepared::new(points);
    let rows = (params.engine == ClusterEngine::Linfa).then(|| points.rows());
    let work = Work { simd, points: &points, rows, params, cancel };
    let best = work.best_restart(rng)?;
    let mut partition = lloyd::iterate(simd, &points, best.centroids, work.stop(), true, cancel)?;
    if partition.converged && params.batch_size.is_none() {
        let streams = streams(rng).skip(params.restarts.max(1) as usize);
        partition = exchange::improve(&work, partition, streams)?;
    }
    canonical::relabel(&mut partition);
    Ok(KMeansClustering {
        inertia: partition.inertia,
        converged: partition.converged,
        distances: points.distances(&partition.clusters, &partition.centroids),
        centroids: partition.centroids + ArrayView1::from(points.mean()),
        clusters: partition.clusters,
    })
}

/// K-Means that is less work, for criteria that cluster many samples: the restarts end by ten times the tolerance, the best one
/// goes on to the tolerance, and nothing follows. `points` have `params.k` distinct ones.
pub(crate) fn roughly(
    points: &Prepared<'_>,
    params: KMeansParams,
    rng: &Rng,
    cancel: Cancellation,
) -> Result<Rough> {
    let simd = Simd::best();
    let rough = KMeansParams { tolerance: 10.0 * params.tolerance, ..params };
    let best = Work { simd, points, rows: None, params: rough, cancel }.best_restart(rng)?;
    let work = Work { simd, points, rows: None, params, cancel };
    let stop = Stop { tolerance: Some(work.tolerance()), ..work.stop() };
    let found = lloyd::iterate(simd, points, best.centroids, stop, false, cancel)?;
    Ok(Rough { inertia: found.inertia, centroids: found.centroids + ArrayView1::from(points.mean()) })
}

/// What [`roughly`] finds.
pub(crate) struct Rough {
    /// Sum of the squared distances of the points to the means of their clusters.
    pub(crate) inertia: f64,
    /// These means: [k, dimensions].
    pub(crate) centroids: Array2<f64>,
}

/// The nearest of `centroids`, [k, dimensions], of each point, [n]; of equally near ones, the first.
pub(crate) fn assign(
    points: &Prepared<'_>,
    centroids: &Array2<f64>,
    cancel: Cancellation,
) -> Result<Vec<u32>> {
    let centroids = centroids - &ArrayView1::from(points.mean());
    let mut assignment = Assignment::new(Simd::best(), points, centroids.nrows(), false, cancel);
    assignment.update(&centroids);
    cancel.check()?;
    Ok(assignment.into_clusters())
}
