//! Lloyd's iterations, exact.

use latentkit_core::{Observer, Result};
use ndarray::{Array2, Axis};

use super::assign::{Centred, Sums, assign};
use crate::simd::Simd;

/// When the iterations end, other than when no point changes its cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// After this many.
    pub(super) max_iterations: u32,
    /// When the centroids move less than this.
    pub(super) tolerance: Option<f64>,
}

/// The points divided into clusters, none of them empty.
pub(super) struct Partition {
    /// Cluster of each point: [n].
    pub(super) clusters: Vec<u32>,
    /// Mean of the points of each cluster: [k, dimensions].
    pub(super) centroids: Array2<f64>,
    /// Squared distance of each point to the centroid of its cluster: [n].
    pub(super) squared_distances: Vec<f64>,
    /// Whether no point would change its cluster.
    pub(super) converged: bool,
}

impl Partition {
    /// The sum of the squared distances.
    pub(super) fn inertia(&self) -> f64 {
        self.squared_distances.iter().sum()
    }
}

/// Assigns each point to its nearest centroid and moves the centroids to the means, again and again.
pub(super) fn iterate(
    simd: Simd,
    points: &Centred,
    mut centroids: Array2<f64>,
    stop: Stop,
    observer: Observer,
) -> Result<Partition> {
    let count = points.rows().nrows();
    let (mut clusters, mut squared_distances) = (vec![0; count], vec![0.0; count]);
    let mut before = vec![u32::MAX; count];
    let mut converged = false;
    for _ in 0..stop.max_iterations.max(1) {
        observer.check()?;
        let mut sums = assign(simd, points, &centroids, &mut clusters, &mut squared_distances);
        fill_empty_clusters(points, &mut sums, &mut clusters, &mut squared_distances);
        let means = means(sums);
        let moved = (&means - &centroids).mapv(|difference| difference * difference).sum().sqrt();
        centroids = means;
        converged = clusters == before;
        if converged || stop.tolerance.is_some_and(|tolerance| moved < tolerance) {
            break;
        }
        before.copy_from_slice(&clusters);
    }
    for ((squared, row), &cluster) in squared_distances.iter_mut().zip(points.rows().rows()).zip(&clusters) {
        let centroid = centroids.row(cluster as usize);
        *squared = row.iter().zip(centroid).map(|(a, b)| (a - b) * (a - b)).sum();
    }
    Ok(Partition { clusters, centroids, squared_distances, converged })
}

/// Gives each empty cluster the point farthest from its centroid, the first of equally far ones, out of those whose
/// cluster has others.
fn fill_empty_clusters(
    points: &Centred,
    sums: &mut Sums,
    clusters: &mut [u32],
    squared_distances: &mut [f64],
) {
    for empty in 0..sums.counts.len() {
        if sums.counts[empty] > 0 {
            continue;
        }
        let farthest = (0..clusters.len())
            .filter(|&point| sums.counts[clusters[point] as usize] > 1)
            .max_by(|&a, &b| squared_distances[a].total_cmp(&squared_distances[b]).then(b.cmp(&a)));
        let Some(point) = farthest else { return };
        let left = clusters[point] as usize;
        let row = points.rows().row(point).to_owned();
        let mut sum = sums.coordinates.row_mut(left);
        sum -= &row;
        sums.counts[left] -= 1;
        sums.coordinates.row_mut(empty).assign(&row);
        sums.counts[empty] = 1;
        clusters[point] = empty as u32;
        squared_distances[point] = 0.0;
    }
}

/// The mean of each cluster: [k, dimensions].
fn means(sums: Sums) -> Array2<f64> {
    let mut means = sums.coordinates;
    for (mut mean, &count) in means.axis_iter_mut(Axis(0)).zip(&sums.counts) {
        mean /= f64::from(count);
    }
    means
}
