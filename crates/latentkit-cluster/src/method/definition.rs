//! What a clustering method is.

use latentkit_core::config::{Section, SectionType};
use latentkit_core::{Cancellation, Result};
use ndarray::Array2;
use toml::Table;

use crate::DensityClustering;
use crate::clusters::Clusters;
use crate::engine::ClusterEngine;
use crate::points::Points;

/// A clustering method: its names, its keys in the config and its work.
pub(crate) trait Definition: Sync {
    /// The name in the config and in tables.
    fn name(&self) -> &'static str;

    /// The name in a sentence.
    fn title(&self) -> &'static str;

    /// The table `[cluster.NAME]` of the config, where the method has keys of its own.
    fn table(&self) -> Option<SectionType> {
        None
    }

    /// What it finds.
    fn finds(&self) -> Finds<'_>;
}

/// What a method finds.
pub(crate) enum Finds<'a> {
    /// Clusters for a given k.
    Partition(&'a dyn Partitioning),
    /// Clusters and their number, and noise.
    Density(&'a dyn Density),
}

/// A method that is run for each k of the sweep.
pub(crate) trait Partitioning: Sync {
    /// Clusters the points; `seed` is one of those of the sweep.
    fn cluster(&self, task: &Task, seed: u32, k: u32) -> Result<Fit>;

    /// What it makes of all points as one cluster, `spread` being the sum of their squared distances to their mean.
    fn one_cluster(&self, task: &Task, spread: f64) -> Result<Information>;

    /// Whether the criteria that cluster other points than the given ones speak for it.
    fn is_resampled(&self) -> bool {
        false
    }
}

/// A method that finds the number of clusters itself.
pub(crate) trait Density: Sync {
    /// The most points that it takes.
    fn most_points(&self) -> usize;

    /// Clusters the points.
    fn cluster(&self, task: &Task) -> Result<DensityFit>;
}

/// What a method clusters, and how.
pub(crate) struct Task<'a> {
    pub(crate) points: Points<'a>, // [n, dimensions]
    pub(crate) options: &'a Options<'a>,
    pub(crate) cancel: Cancellation<'a>,
}

/// The keys of `[cluster]` that methods share, and the tables with their own.
pub(crate) struct Options<'a> {
    pub(crate) restarts: u32,
    pub(crate) max_iterations: u32,
    pub(crate) tolerance: f64,
    /// What a distance of 1 between the points is in the units of the table.
    pub(crate) unit: f64,
    pub(crate) engine: ClusterEngine,
    pub(crate) batch_size: Option<usize>,
    pub(crate) tables: &'a Table,
}

impl Options<'_> {
    /// The table of a method, its defaults where the config has none.
    pub(crate) fn table<S: Section>(&self) -> S {
        let name = S::NAME.rsplit('.').next().unwrap_or_default();
        let table = self.tables.get(name).cloned().unwrap_or_else(|| Table::new().into());
        table.try_into().expect("the table was checked when it was read, and every key has a default")
    }
}

/// What a method found for a k.
pub(crate) struct Fit {
    /// Cluster of each point: [n].
    pub(crate) clusters: Clusters,
    /// Mean of the points of each cluster: [clusters, dimensions].
    pub(crate) centroids: Array2<f64>,
    /// Sum of the squared distances to the centroids, where the method has it.
    pub(crate) inertia: Option<f64>,
    /// What a likelihood tells, where the method has one.
    pub(crate) information: Information,
    /// Whether the iterations sufficed.
    pub(crate) converged: bool,
}

/// Information criteria of a method with a likelihood of its own, the lower the better.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Information {
    pub(crate) bic: Option<f64>,
    pub(crate) aic: Option<f64>,
    /// Whether the likelihood is that of K-Means, which follows from the clusters.
    pub(crate) of_kmeans: bool,
}

/// What a method found that finds the number of clusters itself, and with which parameters.
pub(crate) struct DensityFit {
    pub(crate) found: DensityClustering,
    /// The distance up to which points are neighbours, where there is one.
    pub(crate) radius: Option<f64>,
    /// Neighbours that make a point part of a core, itself included.
    pub(crate) min_points: usize,
    /// Points of a cluster at least, where the method asks.
    pub(crate) min_cluster_size: Option<usize>,
}

/// Points at most of a method that compares all pairs of them several times.
pub(super) const MOST_POINTS: usize = 500_000;

/// Neighbours of a point where the config does not say: twice the number of columns.
pub(super) fn default_min_points(points: Points<'_>) -> usize {
    (2 * points.ncols()).min(points.nrows())
}

/// Points of a cluster at least where the config does not say: a hundredth of the points, 5 at least.
pub(super) fn default_min_cluster_size(points: Points<'_>) -> usize {
    (points.nrows() / 100).max(5)
}
