//! The mixture by linfa.

use latentkit_core::rng::Rng;
use latentkit_core::{Error, Result};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::GaussianMixtureModel;
use ndarray::ArrayView2;

use super::parameters::Parameters;
use super::params::MixtureParams;

/// Fits a mixture to standardised points, [n, columns], once.
///
/// linfa takes exponentials of log-densities without dividing the largest out, so that points far from every component
/// become NaN, which it then says in one way or another; and it takes it as a failure when the iterations do not
/// suffice. Its further runs go on from the end of the first, so that each is a call of its own here.
pub(super) fn fit(points: ArrayView2<'_, f64>, params: MixtureParams, rng: Rng) -> Result<Parameters> {
    let failed = |what: String| {
        Error::failed(format!("linfa cannot fit the mixture of {}: {what}", params.k))
            .hint("set the engine to \"native\", which has no such limits")
    };
    let model = GaussianMixtureModel::params_with_rng(params.k, rng)
        .n_runs(1)
        .max_n_iterations(u64::from(params.max_iterations.max(1)))
        .tolerance(params.tolerance)
        .reg_covariance(params.regularisation)
        .fit(&DatasetBase::from(points))
        .map_err(|error| failed(error.to_string()))?;
    let parameters = Parameters {
        weights: model.weights().to_vec(),
        means: model.means().clone(),
        covariances: model.covariances().clone(),
    };
    if !parameters.is_finite() {
        return Err(failed("its parameters are not finite".to_owned()));
    }
    Ok(parameters)
}
