//! K-Means, for each k.

use latentkit_core::Result;
use latentkit_core::rng::generator;

use super::definition::{Definition, Finds, Fit, Information, Partitioning, Task};
use crate::clusters::Clusters;
use crate::{KMeansParams, kmeans};

pub(super) struct KMeans;

/// Exchanges of clusters that gain nothing after which no more are tried.
const EXCHANGES: u32 = 3;

impl Definition for KMeans {
    fn name(&self) -> &'static str {
        "k-means"
    }

    fn title(&self) -> &'static str {
        "K-Means"
    }

    fn finds(&self) -> Finds<'_> {
        Finds::Partition(self)
    }
}

impl Partitioning for KMeans {
    fn cluster(&self, task: &Task, seed: u32, k: u32) -> Result<Fit> {
        let options = task.options;
        let params = KMeansParams {
            k: k as usize,
            restarts: options.restarts,
            exchanges: EXCHANGES,
            max_iterations: options.max_iterations,
            tolerance: options.tolerance,
            engine: options.engine,
            batch_size: options.batch_size,
        };
        let rng = generator(u64::from(seed), self.name(), u64::from(k));
        let found = kmeans(task.points, params, &rng, task.cancel)?;
        Ok(Fit {
            clusters: Clusters::new(found.clusters.into_iter(), k as usize),
            centroids: found.centroids,
            inertia: Some(found.inertia),
            information: Information { of_kmeans: true, ..Information::default() },
            // Mini-batches end otherwise.
            converged: found.converged || params.batch_size.is_some(),
        })
    }

    fn one_cluster(&self, _: &Task, _: f64) -> Result<Information> {
        Ok(Information { of_kmeans: true, ..Information::default() })
    }

    fn is_resampled(&self) -> bool {
        true
    }
}
