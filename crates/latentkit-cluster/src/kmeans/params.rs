//! How K-Means runs.

use crate::engine::ClusterEngine;

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
    /// What draws the first centroids.
    pub engine: ClusterEngine,
    /// Points in a mini-batch; without it a restart reads all points in each iteration. Not with linfa.
    pub batch_size: Option<usize>,
}
