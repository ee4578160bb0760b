//! Names of clusters.

use std::cmp::Reverse;

use latentkit_table::ClusterLabels;

use crate::contingency::Contingency;

/// Labels of a name at most.
const LONGEST: usize = 4;

/// Names a cluster after its dominant labels; none where none of its points has a label.
///
/// These are the most frequent label and those at least half as frequent as it that have a tenth of the points or more;
/// the most frequent first, of equals the lower label; at most four. The half is relative, so that a cluster that two or
/// three labels share bears all their names and one that a label rules bears one; the tenth keeps labels that are merely
/// scattered out of the name of a cluster in which none is frequent.
pub(super) fn cluster_labels(counts: &Contingency, cluster: usize) -> Option<ClusterLabels> {
    let mut labels: Vec<(u32, u32)> =
        counts.labels().iter().copied().zip(counts.of_cluster(cluster).iter().copied()).collect();
    labels.sort_by_key(|&(label, count)| (Reverse(count), label));
    let size: u64 = labels.iter().map(|&(_, count)| u64::from(count)).sum();
    let most = labels.first().map_or(0, |&(_, count)| u64::from(count));
    let dominant = |count: u64| count == most || 2 * count >= most && 10 * count >= size;
    let names: Vec<_> = labels
        .iter()
        .take(LONGEST)
        .take_while(|&&(_, count)| dominant(u64::from(count)))
        .map(|&(label, _)| counts.name(label))
        .collect();
    (size > 0).then(|| ClusterLabels { name: names.join(" + "), purity: most as f64 / size as f64 })
}
