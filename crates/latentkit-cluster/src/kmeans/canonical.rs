//! Names of clusters that do not depend on how they were found.

use std::cmp::Reverse;

use ndarray::Axis;

use super::lloyd::Partition;

/// Renames the clusters: the largest is 0; of clusters of one size, that of the first point comes first.
pub(super) fn relabel(partition: &mut Partition) {
    let k = partition.centroids.nrows();
    let mut sizes = vec![0_usize; k];
    let mut first = vec![usize::MAX; k];
    for (point, &cluster) in partition.clusters.iter().enumerate() {
        sizes[cluster as usize] += 1;
        first[cluster as usize] = first[cluster as usize].min(point);
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_unstable_by_key(|&cluster| (Reverse(sizes[cluster]), first[cluster]));
    let mut names = vec![0_u32; k];
    for (name, &cluster) in (0..).zip(&order) {
        names[cluster] = name;
    }
    for cluster in &mut partition.clusters {
        *cluster = names[*cluster as usize];
    }
    partition.centroids = partition.centroids.select(Axis(0), &order);
}
