//! What the clusters of the chosen k are made of.

mod examples;
mod names;
mod pairs;
mod subject;
#[cfg(test)]
mod tests;

use latentkit_core::{Cancellation, Result};
use latentkit_table::{ClusterRow, ContingencyRow, ExampleRow, LabelPairRow};

use crate::contingency::Contingency;
use crate::scaling::Embeddings;
use examples::examples;
use names::cluster_labels;
use pairs::label_pairs;
pub(crate) use subject::Subject;

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

/// Looks into a clustering of `embeddings`.
pub(crate) fn diagnose(
    embeddings: &Embeddings,
    subject: &Subject,
    cancel: Cancellation,
) -> Result<Diagnosis> {
    let _entered = tracing::info_span!("diagnosis").entered();
    let labels = embeddings.labels.as_ref();
    let counts = labels.map(|labels| Contingency::new(subject.clusters, subject.k, labels));
    Ok(Diagnosis {
        clusters: clusters(subject, counts.as_ref()),
        examples: examples(&embeddings.ids, subject, labels, embeddings.paths.as_deref(), cancel)?,
        labels: counts.map(|counts| LabelRows { contingency: counts.rows(), pairs: label_pairs(&counts) }),
    })
}

/// The size and the means of each cluster, and what its labels say.
fn clusters(subject: &Subject, counts: Option<&Contingency>) -> Vec<ClusterRow> {
    let mut rows: Vec<_> = (0..subject.k)
        .map(|cluster| ClusterRow {
            cluster: cluster as u32,
            size: 0,
            silhouette: None,
            distance: 0.0,
            labels: counts.and_then(|counts| cluster_labels(counts, cluster)),
        })
        .collect();
    let mut known = vec![(0.0, 0_u32); subject.k];
    let of_points = subject.silhouettes.iter().zip(subject.distances);
    for (&cluster, (&silhouette, &distance)) in subject.clusters.iter().zip(of_points) {
        let row = &mut rows[cluster as usize];
        row.size += 1;
        row.distance += distance;
        if let Some(silhouette) = silhouette {
            let (sum, count) = &mut known[cluster as usize];
            *sum += f64::from(silhouette);
            *count += 1;
        }
    }
    for (row, (sum, count)) in rows.iter_mut().zip(known) {
        row.distance /= f64::from(row.size);
        row.silhouette = (count > 0).then(|| sum / f64::from(count));
    }
    rows
}
