//! The points of the chosen clusters.

use latentkit_table::Assignments;

/// The cluster and the silhouette of every point, for one number of clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Members {
    /// Ids of the points.
    pub(crate) ids: Vec<u32>,
    /// Cluster of each point.
    pub(crate) clusters: Vec<u32>,
    /// Silhouette of each point, -1 to 1.
    pub(crate) silhouettes: Vec<f32>,
}

impl Members {
    /// The points of the clusters of one `k`; none where the table has no such k.
    pub(crate) fn of(table: &Assignments, k: usize) -> Option<Self> {
        let rows: Vec<usize> = (0..table.k.len()).filter(|&row| table.k[row] as usize == k).collect();
        (!rows.is_empty()).then(|| Self {
            ids: rows.iter().map(|&row| table.ids[row]).collect(),
            clusters: rows.iter().map(|&row| table.clusters[row]).collect(),
            silhouettes: rows.iter().map(|&row| table.silhouettes[row]).collect(),
        })
    }
}
