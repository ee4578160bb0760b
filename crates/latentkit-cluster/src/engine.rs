//! Which engine clusters.

use serde::{Deserialize, Serialize};

/// What draws the first centroids of a run of K-Means, and what fits a Gaussian mixture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterEngine {
    /// Greedy k-means++, and the expectation-maximisation of latentkit-cluster.
    #[default]
    Native,
    /// k-means++ of linfa and the first iteration, and linfa's Gaussian mixture.
    Linfa,
}

impl ClusterEngine {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Linfa => "linfa",
        }
    }
}
