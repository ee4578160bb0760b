//! The first centroids of a restart, by linfa.

use latentkit_core::rng::Rng;
use latentkit_core::{Error, Result};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::KMeans;
use ndarray::{Array2, ArrayView2};

use super::params::KMeansParams;

/// Iterations that linfa does before the exact ones take over. linfa counts the old centroid as one more point of its
/// cluster in each update, which near the start does no harm, and takes many times as long for each.
const ITERATIONS: u32 = 1;

/// Draws centroids by k-means++ and improves them a little: [k, dimensions]. `points` are [n, dimensions].
///
/// Only the centroids of linfa's model are used: its counts are of the last run and its inertia is the mean of the
/// squared distances before the last update.
pub(super) fn start(points: ArrayView2<'_, f64>, params: KMeansParams, rng: Rng) -> Result<Array2<f64>> {
    let records = DatasetBase::from(points);
    let model = KMeans::params_with_rng(params.k, rng)
        .n_runs(1)
        .max_n_iterations(u64::from(params.max_iterations.clamp(1, ITERATIONS)))
        .tolerance(params.tolerance)
        .fit(&records)
        .map_err(|error| Error::failed(format!("K-Means of {} clusters failed: {error}", params.k)))?;
    Ok(model.centroids().clone())
}
