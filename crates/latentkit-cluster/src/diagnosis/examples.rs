//! Points that show what a cluster holds.

use latentkit_core::{Cancellation, Result};
use latentkit_table::{ExampleKind, ExampleRow, Ids, Labels};

use super::subject::Subject;

/// Examples of each cluster and kind.
const EXAMPLES: usize = 10;

/// The points nearest to the centroid of each cluster, and those of the lowest silhouette; of equals, the lower id first.
/// A cluster of fewer points shows all of them; one of the second kind has a silhouette that is known.
///
/// What is compared are the f32 values of the table of assignments, so that the same order follows from it.
pub(super) fn examples(
    ids: &Ids,
    subject: &Subject,
    labels: Option<&Labels>,
    paths: Option<&[Option<String>]>,
    cancel: Cancellation,
) -> Result<Vec<ExampleRow>> {
    let distance = |point: usize| subject.distances[point] as f32;
    let silhouette = |point: usize| subject.silhouettes[point];
    let lowest = |point: usize| silhouette(point).unwrap_or(f32::INFINITY);
    let mut rows = Vec::new();
    for (cluster, mut members) in (0..).zip(members(subject)) {
        for kind in [ExampleKind::Nearest, ExampleKind::LowestSilhouette] {
            cancel.check()?;
            if kind == ExampleKind::LowestSilhouette {
                members.retain(|&point| silhouette(point).is_some());
            }
            members.sort_by(|&a, &b| {
                let order = match kind {
                    ExampleKind::Nearest => distance(a).total_cmp(&distance(b)),
                    ExampleKind::LowestSilhouette => lowest(a).total_cmp(&lowest(b)),
                };
                order.then_with(|| ids.compare(a, b)).then(a.cmp(&b))
            });
            rows.extend((1..).zip(members.iter().take(EXAMPLES)).map(|(rank, &point)| ExampleRow {
                cluster,
                kind,
                rank,
                id: ids.of(point),
                label_name: labels.and_then(|labels| labels.name(point)).map(str::to_owned),
                path: paths.and_then(|paths| paths[point].clone()),
                silhouette: silhouette(point),
                distance: distance(point),
            }));
        }
    }
    Ok(rows)
}

/// The points of each cluster.
fn members(subject: &Subject) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); subject.k];
    for (point, &cluster) in subject.clusters.iter().enumerate() {
        members[cluster as usize].push(point);
    }
    members
}
