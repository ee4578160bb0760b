//! What the clusters of the chosen k are made of.

mod examples;
mod names;
mod pairs;
#[cfg(test)]
mod tests;

use latentkit_table::{ClusterRow, ContingencyRow, Embeddings, ExampleRow, LabelPairRow};

use crate::contingency::Contingency;
use crate::{KMeansClustering, Silhouette};
use examples::examples;
use names::cluster_labels;
use pairs::label_pairs;

/// The rows of the tables about one clustering.
pub(crate) struct Diagnosis {
    /// One a cluster.
    pub(crate) clusters: Vec<ClusterRow>,
    /// Some points of each cluster.
    pub(crate) examples: Vec<ExampleRow>,
    /// What the labels say, where there are labels.
    pub(crate) labels: Option<LabelRows>,
}

/// The rows of the tables that need labels.
pub(crate) struct LabelRows {
    /// One for each pair of a cluster and a label.
    pub(crate) contingency: Vec<ContingencyRow>,
    /// One for each pair of labels, the highest share first.
    pub(crate) pairs: Vec<LabelPairRow>,
}

/// Looks into a clustering of `embeddings` whose silhouette is known.
pub(crate) fn diagnose(
    embeddings: &Embeddings,
    clustering: &KMeansClustering,
    silhouette: &Silhouette,
) -> Diagnosis {
    let labels = embeddings.labels.as_ref();
    let counts =
        labels.map(|labels| Contingency::new(&clustering.clusters, clustering.centroids.nrows(), labels));
    Diagnosis {
        clusters: clusters(clustering, silhouette, counts.as_ref()),
        examples: examples(&embeddings.ids, clustering, silhouette, labels),
        labels: counts.map(|counts| LabelRows { contingency: counts.rows(), pairs: label_pairs(&counts) }),
    }
}

/// The size and the means of each cluster, none of which is empty, and what its labels say.
fn clusters(
    clustering: &KMeansClustering,
    silhouette: &Silhouette,
    counts: Option<&Contingency>,
) -> Vec<ClusterRow> {
    let mut rows: Vec<_> = (0..clustering.centroids.nrows())
        .map(|cluster| ClusterRow {
            cluster: cluster as u32,
            size: 0,
            silhouette: 0.0,
            distance: 0.0,
            labels: counts.map(|counts| cluster_labels(counts, cluster)),
        })
        .collect();
    let of_points = silhouette.points.iter().zip(&clustering.distances);
    for (&cluster, (silhouette, distance)) in clustering.clusters.iter().zip(of_points) {
        let row = &mut rows[cluster as usize];
        row.size += 1;
        row.silhouette += silhouette;
        row.distance += distance;
    }
    for row in &mut rows {
        row.silhouette /= f64::from(row.size);
        row.distance /= f64::from(row.size);
    }
    rows
}
