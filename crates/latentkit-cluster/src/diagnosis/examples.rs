//! Points that show what a cluster holds.

use latentkit_table::{ExampleKind, ExampleRow, Labels};

use crate::{KMeansClustering, Silhouette};

/// Examples of each cluster and kind.
const EXAMPLES: usize = 10;

/// The points nearest to the centroid of each cluster, and those of the lowest silhouette; of equals, the lower id first.
/// A cluster of fewer points shows all of them.
///
/// What is compared are the f32 values of the table of assignments, so that the same order follows from it.
pub(super) fn examples(
    ids: &[u32],
    clustering: &KMeansClustering,
    silhouette: &Silhouette,
    labels: Option<&Labels>,
) -> Vec<ExampleRow> {
    let distance = |point: usize| clustering.distances[point] as f32;
    let silhouette = |point: usize| silhouette.points[point] as f32;
    let mut rows = Vec::new();
    for (cluster, mut members) in (0..).zip(members(clustering)) {
        for kind in [ExampleKind::Nearest, ExampleKind::LowestSilhouette] {
            members.sort_by(|&a, &b| {
                let order = match kind {
                    ExampleKind::Nearest => distance(a).total_cmp(&distance(b)),
                    ExampleKind::LowestSilhouette => silhouette(a).total_cmp(&silhouette(b)),
                };
                order.then(ids[a].cmp(&ids[b])).then(a.cmp(&b))
            });
            rows.extend((1..).zip(members.iter().take(EXAMPLES)).map(|(rank, &point)| ExampleRow {
                cluster,
                kind,
                rank,
                id: ids[point],
                label_name: labels.map(|labels| labels.names[usize::from(labels.codes[point])].clone()),
                silhouette: silhouette(point),
                distance: distance(point),
            }));
        }
    }
    rows
}

/// The points of each cluster.
fn members(clustering: &KMeansClustering) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); clustering.centroids.nrows()];
    for (point, &cluster) in clustering.clusters.iter().enumerate() {
        members[cluster as usize].push(point);
    }
    members
}
