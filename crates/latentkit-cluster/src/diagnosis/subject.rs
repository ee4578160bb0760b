//! A clustering to look into.

/// A clustering to look into.
pub(crate) struct Subject<'a> {
    /// Number of clusters, none of them empty.
    pub(crate) k: usize,
    /// Cluster of each point: [n].
    pub(crate) clusters: &'a [u32],
    /// Distance of each point to the centroid of its cluster: [n].
    pub(crate) distances: &'a [f64],
    /// Silhouette of each point, where it is known: [n].
    pub(crate) silhouettes: &'a [Option<f32>],
}
