//! The tables that the stage writes.

use std::path::Path;

use latentkit_core::layout::{
    ASSIGNMENTS, CENTROIDS, CLUSTERS, CONTINGENCY, CRITERIA, DENSITY, EXAMPLES, LABEL_PAIRS, PROJECTION,
    SWEEP,
};
use latentkit_core::summary::{CriterionFigure, SilhouetteKind};
use latentkit_core::{Cancellation, Result};
use latentkit_table::{
    Assignments, Centroids, Metadata, Projection, write_assignments, write_centroids, write_clusters,
    write_contingency, write_criteria, write_density, write_examples, write_label_pairs, write_projection,
    write_sweep,
};
use ndarray::{Array2, Axis, concatenate};

use crate::densities::Density;
use crate::diagnosis::Diagnosis;
use crate::projection::Principal;
use crate::scaling::{Embeddings, Original};
use crate::sweep::Sweep;

/// What the tables are made from.
pub(crate) struct Outputs<'a> {
    pub(crate) embeddings: &'a Embeddings,
    pub(crate) original: &'a Original,
    pub(crate) kind: SilhouetteKind,
    pub(crate) sweep: &'a Sweep<'a>,
    pub(crate) criteria: &'a [CriterionFigure],
    pub(crate) densities: &'a [Density],
    pub(crate) diagnosis: &'a Diagnosis,
    pub(crate) metadata: &'a Metadata,
}

impl Outputs<'_> {
    /// Writes every table into `folder`; those about labels where there are labels.
    pub(crate) fn write(&self, folder: &Path, principal: Principal, cancel: Cancellation) -> Result<()> {
        let Self { embeddings, kind, sweep, diagnosis, metadata, .. } = *self;
        write_sweep(&folder.join(SWEEP), &sweep.rows, metadata)?;
        write_criteria(&folder.join(CRITERIA), self.criteria, metadata)?;
        self.write_assignments(&folder.join(ASSIGNMENTS), cancel)?;
        if !self.densities.is_empty() {
            let rows: Vec<_> = self.densities.iter().map(|found| found.row.clone()).collect();
            write_density(&folder.join(DENSITY), &rows, kind, metadata)?;
        }
        write_centroids(&folder.join(CENTROIDS), &self.centroids(), metadata)?;
        write_clusters(&folder.join(CLUSTERS), &diagnosis.clusters, kind, metadata)?;
        write_examples(&folder.join(EXAMPLES), &diagnosis.examples, kind, metadata)?;
        if let Some(labels) = &diagnosis.labels {
            write_contingency(&folder.join(CONTINGENCY), &labels.contingency, metadata)?;
            write_label_pairs(&folder.join(LABEL_PAIRS), &labels.pairs, metadata)?;
        }
        let projection =
            Projection { ids: embeddings.ids.clone(), pc1: principal.first, pc2: principal.second };
        write_projection(&folder.join(PROJECTION), &projection, metadata)
    }

    /// The clusters of each method and k, then those of the methods that find the number themselves.
    fn write_assignments(&self, path: &Path, cancel: Cancellation) -> Result<()> {
        let (partitions, silhouettes) = (&self.sweep.partitions, &self.sweep.silhouettes);
        let of_density = |found: &Density| (found.method, found.row.clusters);
        let names = partitions.iter().map(|partition| (partition.method, partition.k));
        let names = names.chain(self.densities.iter().map(of_density));
        let names: Vec<_> = names.map(|(method, k)| (method.name().to_owned(), k)).collect();
        let (ids, points) = (&self.embeddings.ids, self.embeddings.points.points());
        let unit = self.original.unit;
        let paths = self.embeddings.paths.as_deref();
        write_assignments(path, &names, self.kind, paths, self.metadata, cancel, |index| {
            let (method, k) = names[index].clone();
            let Some(partition) = partitions.get(index) else {
                let found = &self.densities[index - partitions.len()];
                return Ok(Assignments {
                    method,
                    k,
                    ids: ids.clone(),
                    clusters: found.clusters.clone(),
                    silhouettes: narrow(found.silhouettes.clone()),
                    distances: found.distances.iter().map(|at| at.map(|at| (at * unit) as f32)).collect(),
                });
            };
            Ok(Assignments {
                method,
                k,
                ids: ids.clone(),
                clusters: partition.clusters.iter().map(Some).collect(),
                silhouettes: match &silhouettes[index] {
                    None => vec![None; ids.len()],
                    Some(found) => found.of_points(ids.len()),
                },
                distances: partition
                    .distances(points)
                    .into_iter()
                    .map(|distance| Some((distance * unit) as f32))
                    .collect(),
            })
        })
    }

    /// The centroids of the first method in the coordinates of the table that the points came from.
    fn centroids(&self) -> Centroids {
        let first = self.sweep.partitions[0].method;
        let (mut k, mut clusters, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for partition in self.sweep.partitions.iter().filter(|partition| partition.method == first) {
            let count = partition.centroids.nrows() as u32;
            k.extend((0..count).map(|_| partition.k));
            clusters.extend(0..count);
            let points = &self.embeddings.points.values;
            values.push(self.original.centroids(points, &partition.clusters.to_vec(), &partition.centroids));
        }
        let views: Vec<_> = values.iter().map(Array2::view).collect();
        let values = concatenate(Axis(0), &views).expect("all centroids have the dimensions of the points");
        Centroids { k, clusters, values }
    }
}

fn narrow(values: Vec<Option<f64>>) -> Vec<Option<f32>> {
    values.into_iter().map(|value| value.map(|value| value as f32)).collect()
}
