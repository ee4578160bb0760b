//! HDBSCAN*: density clusters of all radii, and those that last longest.

use latentkit_core::{Cancellation, Error, Result};
use ndarray::ArrayView2;

use super::clustering::{DensityClustering, check_min_points};
use super::hierarchy;
use super::neighbours::kth_squares;
use super::spanning::spanning_tree;
use crate::points::check_points;
use crate::simd::Simd;
use crate::tree::Tree;

/// How HDBSCAN runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HdbscanParams {
    /// Points that make a cluster, at least 2. Groups of fewer are noise.
    pub min_cluster_size: usize,
    /// The core distance of a point is that to its `min_points`-th nearest, itself included, as `min_samples` of
    /// scikit-learn's HDBSCAN; from 1 to n.
    pub min_points: usize,
}

/// Clusters `points`, [n, dimensions], by HDBSCAN*.
///
/// The mutual reachability distance of two points is the largest of their distance and their two core distances. Points
/// joined by such distances up to d are the core points and clusters of DBSCAN of the radius d; from d = infinity down to
/// 0, clusters split into clusters and lose points, since parts of fewer than `min_cluster_size` points are no
/// clusters. With the density 1/d, the stability of a cluster is the sum over its points of the density at which they leave
/// it, less that at which it appears. The result is the set of clusters, none within another, of the largest total
/// stability (the excess of mass). All points together are never a cluster: where they do not split, all are noise.
/// Points that have left every selected cluster before it appears are noise.
///
/// These are the clusters of scikit-learn's `HDBSCAN` with its default options, but for ties. Ties are common, since the
/// distances of a point to all points within its core distance are the same one: a point that joins two clusters at its
/// core distance is as near to the one as to the other. Distances of the same length are removed at once here, as Campello
/// et al. define it, and such a point is noise. scikit-learn removes them one by one in the order of an unstable sort,
/// which gives the point to either, depending on the order of the points and the processor.
///
/// Distances are computed in f64 from the differences of the coordinates. The result is a function of the points and the
/// parameters alone, whatever the number of threads and the instruction set, and does not depend on the order of the
/// points. Memory is one copy of the points and some 200 bytes for each.
///
/// # Errors
/// Of kind config, about `cluster.hdbscan.min-cluster-size` when that is below 2, and about `cluster.hdbscan.min-points` when that is 0 or
/// above n; of kind input when a coordinate is not finite; and when the user interrupts.
///
/// # References
/// - R. J. G. B. Campello, D. Moulavi and J. Sander, "Density-based clustering based on hierarchical density estimates",
///   PAKDD 2013, 160-172.
/// - L. McInnes and J. Healy, "Accelerated hierarchical density based clustering", ICDM Workshops 2017, 33-42.
///
/// ```
/// use latentkit_cluster::{HdbscanParams, hdbscan};
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [13.0], [99.0]];
/// let params = HdbscanParams { min_cluster_size: 3, min_points: 2 };
/// let found = hdbscan(points.view(), params, Cancellation::never())?;
/// let clusters = [Some(1), Some(1), Some(1), Some(0), Some(0), Some(0), Some(0), None];
/// assert_eq!(found.clusters, clusters);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn hdbscan(
    points: ArrayView2<'_, f32>,
    params: HdbscanParams,
    cancel: Cancellation,
) -> Result<DensityClustering> {
    hdbscan_with(Simd::best(), points, params, cancel)
}

/// As [`hdbscan`], with a given instruction set.
pub(super) fn hdbscan_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    params: HdbscanParams,
    cancel: Cancellation,
) -> Result<DensityClustering> {
    let HdbscanParams { min_cluster_size, min_points } = params;
    if min_cluster_size < 2 {
        let message = format!("min-cluster-size = {min_cluster_size}: a cluster has two points at least");
        return Err(Error::config("cluster.hdbscan.min-cluster-size", message));
    }
    check_points(points)?;
    check_min_points("cluster.hdbscan.min-points", min_points, points.nrows())?;
    let tree = Tree::new(points, cancel)?;
    let core = kth_squares(&tree, simd, min_points, cancel)?;
    let edges = spanning_tree(&tree, simd, &core, cancel)?;
    Ok(DensityClustering::named(&hierarchy::clusters(points.nrows(), edges, min_cluster_size)))
}
