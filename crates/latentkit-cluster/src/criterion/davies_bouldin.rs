//! The Davies-Bouldin index.

use ndarray::Array2;

use super::definition::{Clustered, Definition, OfClusters, Source};
use super::dispersion::Dispersion;
use crate::select_k::Rule;

pub(super) struct DaviesBouldin;

impl Definition for DaviesBouldin {
    fn column(&self) -> &'static str {
        "davies_bouldin"
    }

    fn key(&self) -> &'static str {
        "davies-bouldin"
    }

    fn title(&self) -> &'static str {
        "Davies-Bouldin"
    }

    fn heading(&self) -> &'static str {
        "Davies-Bouldin (less is better)"
    }

    fn explanation(&self) -> &'static str {
        "lowest mean likeness of a cluster to the one most like it"
    }

    fn source(&self) -> Source<'_> {
        Source::Clusters(self)
    }
}

impl OfClusters for DaviesBouldin {
    fn rule(&self) -> Rule {
        Rule::Lowest
    }

    fn value(&self, clustered: &Clustered) -> Option<f64> {
        davies_bouldin(clustered.dispersion(), clustered.centroids)
    }
}

/// The Davies-Bouldin index, the mean over the clusters i of max over j of (Sᵢ + Sⱼ) / Mᵢⱼ, with Sᵢ the mean
/// distance of the points of i to its centroid and Mᵢⱼ the distance of both centroids. From 0, the lower the better;
/// equal centroids count as far apart, as in scikit-learn; none for one cluster.
///
/// D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE Transactions on Pattern Analysis and Machine
/// Intelligence 1 (1979), 224-227.
pub(super) fn davies_bouldin(dispersion: &Dispersion, centroids: &Array2<f64>) -> Option<f64> {
    let (counts, distances) = (dispersion.counts(), dispersion.distances());
    let k = counts.len();
    if k < 2 {
        return None;
    }
    let spread: Vec<f64> = distances.iter().zip(counts).map(|(sum, &count)| sum / f64::from(count)).collect();
    let likeness = |i: usize, j: usize| {
        let apart = centroids.row(i).iter().zip(centroids.row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        if apart > 0.0 { (spread[i] + spread[j]) / apart.sqrt() } else { 0.0 }
    };
    let worst = |i: usize| (0..k).filter(|&j| j != i).map(|j| likeness(i, j)).fold(0.0, f64::max);
    Some((0..k).map(worst).sum::<f64>() / k as f64)
}
