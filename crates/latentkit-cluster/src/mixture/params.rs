//! How a mixture of Gaussians is fitted.

use crate::engine::ClusterEngine;

/// How a mixture of Gaussians is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureParams {
    /// Number of components, at least 1.
    pub k: usize,
    /// Runs from different clusterings, at least 1; the one of the highest log-likelihood is kept.
    pub restarts: u32,
    /// Iterations of a run at most.
    pub max_iterations: u32,
    /// A run ends when the mean log-likelihood of a point changes by less than this between two iterations.
    pub tolerance: f64,
    /// Added to the variances of the components, in units of the variance of the column; 0 or more, 1e-6 as a rule.
    pub regularisation: f64,
    /// What fits the mixture.
    pub engine: ClusterEngine,
}
