//! A mixture of Gaussians with full covariances, for each k.

use latentkit_core::Result;
use latentkit_core::rng::generator;

use super::definition::{Definition, Finds, Fit, Information, Options, Partitioning, Task};
use crate::centroids::means;
use crate::clusters::Clusters;
use crate::{MixtureParams, gaussian_mixture};

/// The mixture has converged when the mean log-likelihood of a point grows by less than this, as in scikit-learn.
const TOLERANCE: f64 = 1e-3;

/// What is added to the variances, in units of the standardised points, as in scikit-learn.
const REGULARISATION: f64 = 1e-6;

pub(super) struct GaussianMixture;

impl Definition for GaussianMixture {
    fn name(&self) -> &'static str {
        "gaussian-mixture"
    }

    fn title(&self) -> &'static str {
        "Gaussian mixture"
    }

    fn finds(&self) -> Finds<'_> {
        Finds::Partition(self)
    }
}

impl Partitioning for GaussianMixture {
    fn cluster(&self, task: &Task, seed: u32, k: u32) -> Result<Fit> {
        let rng = generator(u64::from(seed), self.name(), u64::from(k));
        let found = gaussian_mixture(task.points.values(), params(task.options, k), &rng, task.cancel)?;
        // Components that no point belongs to most come last, and are left out.
        let filled = found.clusters.iter().max().map_or(0, |&last| last as usize + 1);
        Ok(Fit {
            // Not the means of the components, which points of other clusters belong to as well: a centroid is the mean of
            // its cluster by every method, and the criteria are defined by those.
            centroids: means(task.points, &found.clusters, filled),
            clusters: Clusters::new(found.clusters.into_iter(), filled),
            inertia: None,
            information: Information { bic: Some(found.bic), aic: Some(found.aic), of_kmeans: false },
            converged: found.converged,
        })
    }

    fn one_cluster(&self, task: &Task, _: f64) -> Result<Information> {
        // One Gaussian has one best fit, whatever the start.
        let params = MixtureParams { restarts: 1, ..params(task.options, 1) };
        let found =
            gaussian_mixture(task.points.values(), params, &generator(0, self.name(), 1), task.cancel)?;
        Ok(Information { bic: Some(found.bic), aic: Some(found.aic), of_kmeans: false })
    }
}

fn params(options: &Options, k: u32) -> MixtureParams {
    MixtureParams {
        k: k as usize,
        restarts: options.restarts,
        max_iterations: options.max_iterations,
        tolerance: TOLERANCE,
        regularisation: REGULARISATION,
        engine: options.engine,
    }
}
