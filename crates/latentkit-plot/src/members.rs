//! The points of the chosen clusters.

use latentkit_table::{Assignments, Ids};

/// The cluster and the silhouette of every point, for one number of clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Members {
    /// Ids of the points.
    pub(crate) ids: Ids,
    /// Cluster of each point.
    pub(crate) clusters: Vec<u32>,
    /// Silhouette of each point, -1 to 1; of those of a sample only, where silhouettes are sampled.
    pub(crate) silhouettes: Vec<Option<f32>>,
}

impl Members {
    /// The points of a clustering that puts each of them into a cluster.
    pub(crate) fn of(table: Assignments) -> Option<Self> {
        let clusters = table.clusters.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Self { ids: table.ids, clusters, silhouettes: table.silhouettes })
    }
}
