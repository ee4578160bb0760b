//! Mixtures of Gaussians: clusters of any elliptic shape, and a likelihood that models can be compared by.

mod components;
mod em;
mod functions;
mod linfa;
mod parameters;
mod params;
mod pass;
mod standardised;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::engine::ClusterEngine;
use latentkit_core::rng::Rng;
use latentkit_core::{Cancellation, Error, Result};
use ndarray::{Array2, Array3, ArrayView2, Axis};

use crate::kmeans::{KMeansParams, canonical, kmeans_with, streams};
use crate::points::{check_k, check_points};
use crate::simd::Simd;
use em::{Em, Fit};
use parameters::{Parameters, triangle};
pub use params::MixtureParams;
use standardised::Standardised;

/// A mixture of Gaussians with full covariances, and how the points fall to its components.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    /// The most probable component of each point, 0 to k - 1: [n]. Component 0 has the most points; of components of as
    /// many, that of the first point comes first; those of no point come last, by falling weight.
    pub clusters: Vec<u32>,
    /// Share of each component, 0 to 1, their sum being 1: [k].
    pub weights: Vec<f64>,
    /// Mean of each component, in the coordinates of the points: [k, dimensions].
    pub means: Array2<f64>,
    /// Covariance of each component, the regularisation included, in the squared units of the points: [k, dimensions,
    /// dimensions]. 0 for constant columns.
    pub covariances: Array3<f64>,
    /// Natural logarithm of the density, in the coordinates of the points, summed over the points.
    pub log_likelihood: f64,
    /// Free parameters: with d columns that vary, k - 1 weights, k d means and k d (d + 1) / 2 covariances.
    pub parameters: usize,
    /// Bayesian information criterion, parameters ln n - 2 ln L; the lower, the better.
    pub bic: f64,
    /// Akaike's information criterion, 2 parameters - 2 ln L; the lower, the better.
    pub aic: f64,
    /// Whether the tolerance ended the iterations, and not their number.
    pub converged: bool,
}

/// Fits a mixture of k Gaussians to `points`, [n, dimensions]: looks for the weights w, means m and covariances C of the
/// greatest likelihood L = product over the points x of sum over the components of w N(x; m, C).
///
/// Each restart starts from the clusters of a run of K-Means, and repeats the two steps of expectation-maximisation
/// (Dempster, Laird and Rubin, 1977): responsibilities, the probability of each component given the point, follow from the
/// densities; then weights, means and covariances are those of the points counted by their responsibilities. As in
/// scikit-learn, restarts are compared by the log-likelihood before their last step, and responsibilities are computed
/// from logarithms, so that no density overflows.
///
/// The points are standardised before, each column by its mean and standard deviation, so that neither offset nor scale of a
/// column changes anything; all is computed in f64. Multiplying a column by s takes n ln |s| from the log-likelihood.
///
/// Where many points share a coordinate, such as the zeros of a ReLU, the likelihood has no maximum: a component that has
/// only those grows without bound as its variance shrinks. The regularisation then bounds it, and log-likelihood, BIC and
/// AIC depend on it: with 1e-6 such a coordinate adds about ln(1000) to the log-density of such a point. Compare mixtures of
/// one regularisation only.
///
/// A column that is the same number in all points has no density. It is left out: log-likelihood, parameters, BIC and AIC are
/// those of the other columns, each component has that number for its mean and 0 for its covariances. When all points
/// are equal, nothing is left, and the log-likelihood is 0.
///
/// With `engine` linfa, linfa fits each restart from its own K-Means; clusters, log-likelihood and criteria are computed here.
/// Restarts that linfa fails in are left out with a warning.
///
/// Memory is that of four copies of the points, and up to 64 MiB for the sums of parts of the points. The result is a
/// function of the arguments alone; with the native engine the same bits whatever the number of threads and the
/// instruction set. `rng` gives restart i the stream of i jumps.
///
/// # Errors
/// Of kind config, about `cluster.k`, when there are fewer distinct points than components, also where an outlier is so far
/// that f32 does not tell the others apart in units of the deviation; of kind input when a coordinate is not finite; of kind
/// failed when a covariance becomes singular, which a positive regularisation prevents, and when linfa fails in every
/// restart; and when the user interrupts.
///
/// # References
/// - A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM algorithm", Journal of
///   the Royal Statistical Society B 39 (1977), 1-38.
/// - G. Schwarz, "Estimating the dimension of a model", The Annals of Statistics 6 (1978), 461-464.
/// - H. Akaike, "A new look at the statistical model identification", IEEE Transactions on Automatic Control 19 (1974),
///   716-723.
///
/// ```
/// use latentkit_cluster::{MixtureParams, gaussian_mixture};
/// use latentkit_cluster::config::ClusterEngine;
/// use latentkit_core::{Cancellation, rng};
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [10.0], [12.0], [14.0]];
/// let params = MixtureParams {
///     k: 2,
///     restarts: 3,
///     max_iterations: 100,
///     tolerance: 1e-3,
///     regularisation: 1e-6,
///     engine: ClusterEngine::Native,
/// };
/// let found = gaussian_mixture(points.view(), params, &rng::generator(42, "mixture", 2), Cancellation::never())?;
/// assert_eq!(found.clusters, [1, 1, 0, 0, 0]);
/// assert_eq!(found.parameters, 5);
/// assert!((found.weights[0] - 0.6).abs() < 1e-9 && (found.means[[0, 0]] - 12.0).abs() < 1e-9);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn gaussian_mixture(
    points: ArrayView2<'_, f32>,
    params: MixtureParams,
    rng: &Rng,
    cancel: Cancellation,
) -> Result<GaussianMixture> {
    gaussian_mixture_with(Simd::best(), points, params, rng, cancel)
}

/// As [`gaussian_mixture`], with a given instruction set.
fn gaussian_mixture_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    params: MixtureParams,
    rng: &Rng,
    cancel: Cancellation,
) -> Result<GaussianMixture> {
    if params.k == 0 {
        return Err(Error::config("cluster.k", "k = 0: there is at least one component"));
    }
    check_points(points)?;
    check_k(points, params.k)?;
    let points = Standardised::new(points);
    let em = Em { simd, points: &points, params, cancel };
    // linfa has nothing to fit without a column.
    let best = match params.engine {
        ClusterEngine::Linfa if !points.columns().is_empty() => best_of_linfa(&em, rng)?,
        _ => best_native(&em, rng)?,
    };
    let (clusters, log_likelihood) = em.assign(&best.parameters)?;
    Ok(in_coordinates(&points, best, clusters, log_likelihood))
}

/// The best restart of our own.
fn best_native(em: &Em<'_>, rng: &Rng) -> Result<Fit> {
    let rows = em.points.narrow_rows();
    let mut best: Option<Fit> = None;
    for rng in streams(rng).take(em.params.restarts.max(1) as usize) {
        let start = if rows.ncols() == 0 {
            em.start(&vec![0; rows.nrows()], Array2::zeros((1, 0)).view())
        } else {
            let params = KMeansParams {
                k: em.params.k,
                restarts: 1,
                exchanges: 0,
                max_iterations: 300,
                tolerance: 1e-4,
                engine: ClusterEngine::Native,
                batch_size: None,
            };
            let found = kmeans_with(em.simd, rows.view(), params, &rng, em.cancel)?;
            em.start(&found.clusters, found.centroids.view())
        };
        let fit = em.fit(start)?;
        if best.as_ref().is_none_or(|best| fit.log_likelihood > best.log_likelihood) {
            best = Some(fit);
        }
    }
    best.ok_or_else(|| Error::failed("the mixture was not fitted"))
}

/// The best restart of linfa.
fn best_of_linfa(em: &Em<'_>, rng: &Rng) -> Result<Fit> {
    let rows = Arc::new(em.points.rows());
    let restarts = em.params.restarts.max(1) as usize;
    let mut best: Option<Fit> = None;
    let mut failures = Vec::new();
    for rng in streams(rng).take(restarts) {
        let (rows, params) = (Arc::clone(&rows), em.params);
        let fit = em.cancel.wait_for(move || linfa::fit(rows.view(), params, rng))?.and_then(|parameters| {
            let (_, log_likelihood) = em.assign(&parameters)?;
            // linfa fails where the iterations do not suffice.
            Ok(Fit { parameters, log_likelihood, converged: true })
        });
        match fit {
            Err(error) => failures.push(error),
            Ok(fit) if best.as_ref().is_none_or(|best| fit.log_likelihood > best.log_likelihood) => {
                best = Some(fit);
            }
            Ok(_) => {}
        }
    }
    let failed = failures.len();
    match (best, failures.pop()) {
        (Some(best), None) => Ok(best),
        (Some(best), Some(error)) => {
            tracing::warn!("{failed} of {restarts} restarts failed: {error}");
            Ok(best)
        }
        (None, error) => Err(error.unwrap_or_else(|| Error::failed("the mixture was not fitted"))),
    }
}

/// The mixture in the coordinates of the points, with canonical names and the criteria.
fn in_coordinates(
    points: &Standardised,
    best: Fit,
    mut clusters: Vec<u32>,
    log_likelihood: f64,
) -> GaussianMixture {
    let Parameters { weights, means, covariances } = best.parameters;
    let k = weights.len();
    let order = canonical::rename(&mut clusters, &weights);
    let (columns, deviation) = (points.columns(), points.deviation());
    let (means, covariances) = (means.select(Axis(0), &order), covariances.select(Axis(0), &order));
    let dimensions = deviation.len();
    let mut own_means = Array2::from_shape_fn((k, dimensions), |(_, axis)| points.mean()[axis]);
    for ((component, column), &mean) in means.indexed_iter() {
        let axis = columns[column];
        own_means[[component, axis]] += deviation[axis] * mean;
    }
    let mut own_covariances = Array3::zeros((k, dimensions, dimensions));
    for ((component, row, column), &covariance) in covariances.indexed_iter() {
        let (row, column) = (columns[row], columns[column]);
        own_covariances[[component, row, column]] = deviation[row] * deviation[column] * covariance;
    }
    let count = points.count() as f64;
    let log_likelihood = log_likelihood - count * points.log_scale();
    let parameters = k * columns.len() + k * triangle(columns.len()) + k - 1;
    GaussianMixture {
        clusters,
        weights: order.iter().map(|&component| weights[component]).collect(),
        means: own_means,
        covariances: own_covariances,
        log_likelihood,
        parameters,
        bic: parameters as f64 * functions::ln(count) - 2.0 * log_likelihood,
        aic: 2.0 * parameters as f64 - 2.0 * log_likelihood,
        converged: best.converged,
    }
}
