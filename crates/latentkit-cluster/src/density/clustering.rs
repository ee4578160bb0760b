//! What density methods find, and what they share.

use latentkit_core::{Error, Result};

/// Clusters and noise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DensityClustering {
    /// Cluster of each point, 0 to `count` - 1, none empty; without one the point is noise: [n]. Cluster 0 is the
    /// largest; of clusters of one size, that of the first point comes first.
    pub clusters: Vec<Option<u32>>,
    /// Number of clusters, which may be 0.
    pub count: usize,
    /// Number of points that are noise.
    pub noise: usize,
}

/// Fails when a point cannot have `min_points` points around it; the error is about `key`.
pub(super) fn check_min_points(key: &str, min_points: usize, count: usize) -> Result<()> {
    if min_points == 0 {
        return Err(Error::config(key, "min-points = 0: a point itself is one"));
    }
    if min_points > count {
        let message = format!("min-points = {min_points} is above the {count} points");
        return Err(Error::config(key, message));
    }
    Ok(())
}
