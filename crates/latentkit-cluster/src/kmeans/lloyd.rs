//! Lloyd's iterations, exact.

use latentkit_core::{Cancellation, Result};
use ndarray::Array2;

use super::assignment::Assignment;
use crate::prepared::Prepared;
use crate::simd::Simd;

/// When the iterations end, other than when no point changes its cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// After this many.
    pub(super) max_iterations: u32,
    /// When the sum of the squares of what the centroids move by is not above this. With it the inertia follows from the means,
    /// at the cost of some digits.
    pub(super) tolerance: Option<f64>,
}

/// The points divided into clusters, none of them empty.
pub(super) struct Partition {
    /// Cluster of each point: [n].
    pub(super) clusters: Vec<u32>,
    /// Mean of the points of each cluster, relative to the mean of all: [k, dimensions].
    pub(super) centroids: Array2<f64>,
    /// Sum of the squared distances of the points to the centroids of their clusters.
    pub(super) inertia: f64,
    /// Whether no point would change its cluster.
    pub(super) converged: bool,
}

/// Assigns each point to its nearest centroid and moves the centroids to the means, again and again. `parallel` says
/// whether several threads work on it, which changes nothing in the result.
pub(super) fn iterate(
    simd: Simd,
    points: &Prepared<'_>,
    mut centroids: Array2<f64>,
    stop: Stop,
    parallel: bool,
    cancel: Cancellation,
) -> Result<Partition> {
    let mut assignment = Assignment::new(simd, points, centroids.nrows(), parallel, cancel);
    let mut converged = false;
    for iteration in 0..stop.max_iterations.max(1) {
        cancel.check()?;
        let changed = assignment.update(&centroids);
        cancel.check()?;
        if iteration == 0 {
            assignment.recount();
        }
        assignment.fill_empty_clusters(&centroids);
        // When nothing changes any more, the means are computed once from all points; only if nothing changes with
        // these either has it converged.
        converged = !changed && !assignment.recount();
        if converged {
            break;
        }
        let means = assignment.means();
        let moved = (&means - &centroids).mapv(|difference| difference * difference).sum();
        assignment.move_centroids(&centroids, &means);
        centroids = means;
        if stop.tolerance.is_some_and(|tolerance| moved <= tolerance) {
            break;
        }
    }
    if assignment.recount() {
        centroids = assignment.means();
    }
    let inertia = match stop.tolerance {
        Some(_) => assignment.inertia_of_means(&centroids),
        None => assignment.inertia(&centroids),
    };
    cancel.check()?;
    Ok(Partition { inertia, clusters: assignment.into_clusters(), centroids, converged })
}
