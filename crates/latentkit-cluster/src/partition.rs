//! The clusters of one k, by whatever method.

use latentkit_core::config::Method;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::silhouette::{SampledSilhouette, Silhouette};

/// Points in clusters, none of them empty.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    /// How it was found.
    pub(crate) method: Method,
    /// Number of clusters that were asked for; a mixture may have components that no point belongs to most.
    pub(crate) k: u32,
    /// Cluster of each point, 0 to that of `centroids` less 1: [n].
    pub(crate) clusters: Vec<u32>,
    /// Mean of the points of each cluster, or the mean of its component: [clusters, dimensions].
    pub(crate) centroids: Array2<f64>,
}

impl Partition {
    /// The Euclidean distance of each point to the centroid of its cluster: [n].
    pub(crate) fn distances(&self, points: ArrayView2<'_, f32>) -> Vec<f64> {
        let of = |(point, &cluster): (usize, &u32)| {
            let centroid = self.centroids.row(cluster as usize);
            let squares = points.row(point).into_iter().zip(centroid);
            squares.map(|(&value, centroid)| (f64::from(value) - centroid).powi(2)).sum::<f64>().sqrt()
        };
        self.clusters.par_iter().enumerate().map(of).collect()
    }
}

/// The silhouettes of a clustering: of all points or of a sample.
#[derive(Clone, Debug)]
pub(crate) enum Silhouettes<'a> {
    /// Of all points.
    Exact(Silhouette),
    /// Of the points with these numbers.
    Sampled(&'a [u32], SampledSilhouette),
}

impl Silhouettes<'_> {
    /// The mean.
    pub(crate) fn mean(&self) -> f64 {
        match self {
            Self::Exact(found) => found.mean,
            Self::Sampled(_, found) => found.mean,
        }
    }

    /// The confidence interval of a sampled mean.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        match self {
            Self::Exact(_) => None,
            Self::Sampled(_, found) => Some(found.interval),
        }
    }

    /// The silhouette of each of `count` points, where it is known: [n].
    pub(crate) fn of_points(&self, count: usize) -> Vec<Option<f64>> {
        match self {
            Self::Exact(found) => found.points.iter().map(|&value| Some(value)).collect(),
            Self::Sampled(sample, found) => {
                let mut all = vec![None; count];
                for (&point, &value) in sample.iter().zip(&found.points) {
                    all[point as usize] = Some(value);
                }
                all
            }
        }
    }
}
