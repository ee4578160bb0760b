//! The clusters of one k, by whatever method.

use ndarray::Array2;
use rayon::prelude::*;

use crate::clusters::Clusters;
use crate::method::Method;
use crate::points::Points;

/// Points in clusters, none of them empty.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    /// How it was found.
    pub(crate) method: Method,
    /// Number of clusters that were asked for; a mixture may have components that no point belongs to most.
    pub(crate) k: u32,
    /// Cluster of each point, 0 to that of `centroids` less 1: [n].
    pub(crate) clusters: Clusters,
    /// Mean of the points of each cluster: [clusters, dimensions].
    pub(crate) centroids: Array2<f64>,
}

impl Partition {
    /// The Euclidean distance of each point to the centroid of its cluster: [n].
    pub(crate) fn distances(&self, points: Points<'_>) -> Vec<f64> {
        let of = |point: usize| {
            let centroid = self.centroids.row(self.clusters.of(point) as usize);
            points.squared_distance(point, centroid).sqrt()
        };
        (0..points.nrows()).into_par_iter().map(of).collect()
    }
}

/// The silhouettes of the points of a clustering: of all of them or of a sample.
#[derive(Clone, Debug)]
pub(crate) enum Silhouettes<'a> {
    /// Of all points: [n].
    Exact(Vec<f32>),
    /// Of the points with these numbers.
    Sampled(&'a [u32], Vec<f32>),
}

impl Silhouettes<'_> {
    /// The silhouette of each of `count` points, where it is known: [n].
    pub(crate) fn of_points(&self, count: usize) -> Vec<Option<f32>> {
        match self {
            Self::Exact(values) => values.iter().map(|&value| Some(value)).collect(),
            Self::Sampled(sample, values) => {
                let mut all = vec![None; count];
                for (&point, &value) in sample.iter().zip(values) {
                    all[point as usize] = Some(value);
                }
                all
            }
        }
    }
}
