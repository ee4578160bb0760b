//! The tables that the stage writes.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::stage::{
    ASSIGNMENTS, CENTROIDS, CLUSTERS, CONTINGENCY, EXAMPLES, LABEL_PAIRS, PROJECTION, SWEEP,
};
use latentkit_table::{
    Assignments, Centroids, Metadata, Projection, write_assignments, write_centroids, write_clusters,
    write_contingency, write_examples, write_label_pairs, write_projection, write_sweep,
};
use ndarray::{Axis, concatenate};

use crate::KMeansClustering;
use crate::diagnosis::Diagnosis;
use crate::projection::Principal;
use crate::sweep::Sweep;

/// Writes every table into `folder`; those about labels where there are labels.
pub(crate) fn write(
    folder: &Path,
    ids: &[u32],
    sweep: &Sweep,
    diagnosis: &Diagnosis,
    principal: Principal,
    metadata: &Metadata,
) -> Result<()> {
    write_sweep(&folder.join(SWEEP), &sweep.rows, metadata)?;
    write_assignments(&folder.join(ASSIGNMENTS), &assignments(ids, sweep), metadata)?;
    write_centroids(&folder.join(CENTROIDS), &centroids(&sweep.clusterings), metadata)?;
    write_clusters(&folder.join(CLUSTERS), &diagnosis.clusters, metadata)?;
    write_examples(&folder.join(EXAMPLES), &diagnosis.examples, metadata)?;
    if let Some(labels) = &diagnosis.labels {
        write_contingency(&folder.join(CONTINGENCY), &labels.contingency, metadata)?;
        write_label_pairs(&folder.join(LABEL_PAIRS), &labels.pairs, metadata)?;
    }
    let projection = Projection { ids: ids.to_vec(), pc1: principal.first, pc2: principal.second };
    write_projection(&folder.join(PROJECTION), &projection, metadata)
}

fn assignments(ids: &[u32], sweep: &Sweep) -> Assignments {
    let mut table = Assignments::default();
    for (clustering, silhouette) in sweep.clusterings.iter().zip(&sweep.silhouettes) {
        table.ids.extend(ids);
        table.k.extend(ids.iter().map(|_| clustering.centroids.nrows() as u32));
        table.clusters.extend(&clustering.clusters);
        table.silhouettes.extend(silhouette.points.iter().map(|&value| value as f32));
        table.distances.extend(clustering.distances.iter().map(|&value| value as f32));
    }
    table
}

fn centroids(clusterings: &[KMeansClustering]) -> Centroids {
    let (mut k, mut clusters) = (Vec::new(), Vec::new());
    for clustering in clusterings {
        let count = clustering.centroids.nrows() as u32;
        k.extend((0..count).map(|_| count));
        clusters.extend(0..count);
    }
    let values: Vec<_> = clusterings.iter().map(|clustering| clustering.centroids.view()).collect();
    let values = concatenate(Axis(0), &values).expect("all centroids have the dimensions of the points");
    Centroids { k, clusters, values }
}
