//! What a criterion is.

use std::cell::OnceCell;

use latentkit_core::{Cancellation, Result};
use ndarray::Array2;

use super::dispersion::Dispersion;
use crate::method::definition::Information;
use crate::points::Points;
use crate::select_k::Rule;

/// A criterion that suggests a number of clusters: its names, and its values.
pub(crate) trait Definition: Sync {
    /// Its column in tables, and its name in sentences of the log.
    fn column(&self) -> &'static str;

    /// The name in `cluster.criteria` that asks for it.
    fn key(&self) -> &'static str;

    /// Whether it is asked where the config does not say which are.
    fn is_default(&self) -> bool {
        true
    }

    /// Its name in a sentence.
    fn title(&self) -> &'static str;

    /// Its name above a chart.
    fn heading(&self) -> &'static str;

    /// How its suggestion comes about, in a few words.
    fn explanation(&self) -> &'static str;

    /// Whether it counts for the verdict.
    fn votes(&self) -> bool {
        true
    }

    /// What its values follow from.
    fn source(&self) -> Source<'_>;
}

/// What the values of a criterion follow from.
pub(crate) enum Source<'a> {
    /// The clusters of each method, seed and k.
    Clusters(&'a dyn OfClusters),
    /// The points, clustered in another way.
    Points(&'a dyn OfPoints),
}

/// A criterion of given clusters.
pub(crate) trait OfClusters: Sync {
    fn rule(&self) -> Rule;

    /// Whether it is defined for one cluster.
    fn knows_one_cluster(&self) -> bool {
        false
    }

    /// Its value; none where it is not defined.
    fn value(&self, clustered: &Clustered) -> Option<f64>;
}

/// A criterion that clusters samples of the points by K-Means.
pub(crate) trait OfPoints: Sync {
    /// Its values for ascending k, and the rule that they follow; none where no k has one.
    fn curve(&self, task: &Resampled) -> Result<Curve>;
}

/// Clusters, and what criteria need of them.
pub(crate) struct Clustered<'a> {
    pub(crate) points: Points<'a>, // [n, dimensions]
    /// Cluster of each point: [n].
    pub(crate) clusters: &'a [u32],
    /// Mean of the points of each cluster: [clusters, dimensions].
    pub(crate) centroids: &'a Array2<f64>,
    /// Sum of the squared distances of all points to their mean.
    pub(crate) spread: f64,
    pub(crate) information: Information,
    /// Sum of the squared distances to the centroids, where the method has it.
    inertia: Option<f64>,
    dispersion: OnceCell<Dispersion>,
}

impl<'a> Clustered<'a> {
    pub(crate) fn new(
        points: Points<'a>,
        clusters: &'a [u32],
        centroids: &'a Array2<f64>,
        spread: f64,
        inertia: Option<f64>,
        information: Information,
    ) -> Self {
        Self { points, clusters, centroids, spread, information, inertia, dispersion: OnceCell::new() }
    }

    /// How the points lie around the centroids.
    pub(crate) fn dispersion(&self) -> &Dispersion {
        self.dispersion.get_or_init(|| Dispersion::new(self.points.view(), self.clusters, self.centroids))
    }

    /// Sum of the squared distances to the centroids.
    pub(crate) fn inertia(&self) -> f64 {
        self.inertia.unwrap_or_else(|| self.dispersion().within())
    }
}

/// The points, and how they are resampled.
pub(crate) struct Resampled<'a> {
    pub(crate) points: Points<'a>, // [n, dimensions]
    /// The values of k, ascending.
    pub(crate) ks: &'a [u32],
    pub(crate) seed: u32,
    /// Points of a sample at most, as the config says.
    pub(crate) sample_size: usize,
    /// Reference sets of the gap statistic.
    pub(crate) gap_references: usize,
    /// Pairs of resamples of the stability.
    pub(crate) stability_resamples: usize,
    pub(crate) cancel: Cancellation<'a>,
}

/// The values of a criterion that has a standard error for each k: k, value and error.
pub(crate) struct Curve {
    pub(crate) values: Vec<(u32, f64, f64)>,
    pub(crate) rule: Rule,
}
