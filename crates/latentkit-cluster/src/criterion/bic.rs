//! The Bayesian information criterion.

use super::definition::{Clustered, Definition, OfClusters, Source};
use crate::select_k::Rule;

pub(super) struct Bic;

impl Definition for Bic {
    fn column(&self) -> &'static str {
        "bic"
    }

    fn key(&self) -> &'static str {
        "bic"
    }

    fn title(&self) -> &'static str {
        "BIC"
    }

    fn heading(&self) -> &'static str {
        "BIC (less is better)"
    }

    fn explanation(&self) -> &'static str {
        "lowest"
    }

    fn source(&self) -> Source<'_> {
        Source::Clusters(self)
    }
}

impl OfClusters for Bic {
    fn rule(&self) -> Rule {
        Rule::Lowest
    }

    fn knows_one_cluster(&self) -> bool {
        true
    }

    fn value(&self, clustered: &Clustered) -> Option<f64> {
        let information = clustered.information;
        if information.of_kmeans {
            kmeans_bic(clustered.dispersion().counts(), clustered.inertia(), clustered.points.ncols())
        } else {
            information.bic
        }
    }
}

/// The Bayesian information criterion of K-Means, p ln n - 2 ln L, the lower the better.
///
/// K-Means is the limit of a mixture of Gaussians of one variance v in every direction, each point belonging to one of them;
/// L is the likelihood of the points with their clusters:
///
/// ln L = Σ over the clusters of nᵢ ln(nᵢ / n) - n d / 2 (ln(2 π v) + 1), v = W / (n d),
///
/// with nᵢ the points of a cluster, W the inertia and v its maximum-likelihood estimate; p = k d + k counts the coordinates
/// of the centroids, the k - 1 shares and v. None where W is 0, which has no finite likelihood.
///
/// D. Pelleg and A. W. Moore, "X-means: extending K-means with efficient estimation of the number of clusters", ICML 2000,
/// 727-734, who estimate v without bias; G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (1978),
/// 461-464.
pub(crate) fn kmeans_bic(counts: &[u32], within: f64, dimensions: usize) -> Option<f64> {
    let points: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    if within <= 0.0 {
        return None;
    }
    let (k, d) = (counts.len() as f64, dimensions as f64);
    let shares: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) * (f64::from(count) / points).ln())
        .sum();
    let variance = within / (points * d);
    let likelihood = shares - points * d / 2.0 * ((std::f64::consts::TAU * variance).ln() + 1.0);
    Some((k * d + k) * points.ln() - 2.0 * likelihood)
}
