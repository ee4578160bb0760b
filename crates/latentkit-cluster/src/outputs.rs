//! The tables that the stage writes.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::stage::{
    ASSIGNMENTS, CENTROIDS, CLUSTERS, CONTINGENCY, EXAMPLES, LABEL_PAIRS, PROJECTION, SWEEP,
};
use latentkit_table::{
    Assignments, Centroids, Embeddings, Metadata, Projection, write_assignments, write_centroids,
    write_clusters, write_contingency, write_examples, write_label_pairs, write_projection, write_sweep,
};
use ndarray::{ArrayView1, Axis, concatenate};

use crate::KMeansClustering;
use crate::diagnosis::Diagnosis;
use crate::projection::Principal;
use crate::sweep::Sweep;

/// Writes every table into `folder`; those about labels where there are labels.
pub(crate) fn write(
    folder: &Path,
    embeddings: &Embeddings,
    sweep: &Sweep,
    diagnosis: &Diagnosis,
    principal: Principal,
    metadata: &Metadata,
) -> Result<()> {
    write_sweep(&folder.join(SWEEP), &sweep.rows, metadata)?;
    write_assignments(&folder.join(ASSIGNMENTS), assignments(&embeddings.ids, sweep), metadata)?;
    write_centroids(&folder.join(CENTROIDS), &centroids(&sweep.clusterings, &embeddings.origin), metadata)?;
    write_clusters(&folder.join(CLUSTERS), &diagnosis.clusters, metadata)?;
    write_examples(&folder.join(EXAMPLES), &diagnosis.examples, metadata)?;
    if let Some(labels) = &diagnosis.labels {
        write_contingency(&folder.join(CONTINGENCY), &labels.contingency, metadata)?;
        write_label_pairs(&folder.join(LABEL_PAIRS), &labels.pairs, metadata)?;
    }
    let projection = Projection { ids: embeddings.ids.clone(), pc1: principal.first, pc2: principal.second };
    write_projection(&folder.join(PROJECTION), &projection, metadata)
}

fn assignments(ids: &[u32], sweep: &Sweep) -> Assignments {
    // The largest table: growing step by step, it would take twice its size.
    let rows = ids.len() * sweep.clusterings.len();
    let mut table = Assignments {
        ids: Vec::with_capacity(rows),
        k: Vec::with_capacity(rows),
        clusters: Vec::with_capacity(rows),
        silhouettes: Vec::with_capacity(rows),
        distances: Vec::with_capacity(rows),
    };
    for (clustering, silhouette) in sweep.clusterings.iter().zip(&sweep.silhouettes) {
        table.ids.extend(ids);
        table.k.extend(ids.iter().map(|_| clustering.centroids.nrows() as u32));
        table.clusters.extend(&clustering.clusters);
        table.silhouettes.extend(silhouette.points.iter().map(|&value| value as f32));
        table.distances.extend(clustering.distances.iter().map(|&value| value as f32));
    }
    table
}

/// The centroids, which are relative to `origin`, in the coordinates of the table that the points came from.
fn centroids(clusterings: &[KMeansClustering], origin: &[f64]) -> Centroids {
    let (mut k, mut clusters) = (Vec::new(), Vec::new());
    for clustering in clusterings {
        let count = clustering.centroids.nrows() as u32;
        k.extend((0..count).map(|_| count));
        clusters.extend(0..count);
    }
    let values: Vec<_> = clusterings.iter().map(|clustering| clustering.centroids.view()).collect();
    let values = concatenate(Axis(0), &values).expect("all centroids have the dimensions of the points");
    Centroids { k, clusters, values: values + ArrayView1::from(origin) }
}
