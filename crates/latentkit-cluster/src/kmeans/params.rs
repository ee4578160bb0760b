//! How K-Means runs.

use crate::engine::ClusterEngine;

/// How K-Means runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeansParams {
    /// Number of clusters, at least 1.
    pub k: usize,
    /// Runs from different centroids, at least 1; the one of least inertia is kept.
    pub restarts: u32,
    /// Exchanges of clusters that gain nothing after which no more are tried; 0 for none at all.
    pub exchanges: u32,
    /// Iterations of a run at most.
    pub max_iterations: u32,
    /// A run ends when the sum of the squares of what its centroids move by in an iteration is not above this times the mean
    /// variance of the columns, as scikit-learn's `tol`.
    pub tolerance: f64,
    /// What draws the first centroids.
    pub engine: ClusterEngine,
    /// Points in a mini-batch; without it a restart reads all points in each iteration. Not with linfa.
    pub batch_size: Option<usize>,
}
