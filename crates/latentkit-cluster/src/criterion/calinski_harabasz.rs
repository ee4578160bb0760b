//! The Calinski-Harabasz index.

use super::definition::{Clustered, Definition, OfClusters, Source};
use super::dispersion::Dispersion;
use crate::select_k::Rule;

pub(super) struct CalinskiHarabasz;

impl Definition for CalinskiHarabasz {
    fn column(&self) -> &'static str {
        "calinski_harabasz"
    }

    fn key(&self) -> &'static str {
        "calinski-harabasz"
    }

    fn title(&self) -> &'static str {
        "Calinski-Harabasz"
    }

    fn heading(&self) -> &'static str {
        "Calinski-Harabasz"
    }

    fn explanation(&self) -> &'static str {
        "highest ratio of the variance between clusters to that within"
    }

    fn source(&self) -> Source<'_> {
        Source::Clusters(self)
    }
}

impl OfClusters for CalinskiHarabasz {
    fn rule(&self) -> Rule {
        Rule::Highest
    }

    fn value(&self, clustered: &Clustered) -> Option<f64> {
        calinski_harabasz(clustered.dispersion(), clustered.spread)
    }
}

/// The Calinski-Harabasz index, (B / (k - 1)) / (W / (n - k)) with W the sum of the squared distances to the centroids
/// and B = T - W, T being that to the mean of all points. From 0, the higher the better; none where W is 0, k is 1 or
/// every point is a cluster.
///
/// T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications in Statistics 3 (1974), 1-27.
pub(super) fn calinski_harabasz(dispersion: &Dispersion, total: f64) -> Option<f64> {
    let (within, k) = (dispersion.within(), dispersion.counts().len());
    let points: u64 = dispersion.counts().iter().map(|&count| u64::from(count)).sum();
    if within <= 0.0 || k < 2 || points <= k as u64 {
        return None;
    }
    let between = (total - within).max(0.0);
    Some(between / (k - 1) as f64 / (within / (points - k as u64) as f64))
}
