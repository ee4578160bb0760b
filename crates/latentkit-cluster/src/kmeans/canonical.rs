//! Names of clusters that do not depend on how they were found.

use std::cmp::Reverse;

use ndarray::Axis;

use super::lloyd::Partition;

/// Renames the clusters: the largest is 0; of clusters of one size, that of the first point comes first.
pub(super) fn relabel(partition: &mut Partition) {
    // None is empty, so that weights decide nothing.
    let order = rename(&mut partition.clusters, &vec![0.0; partition.centroids.nrows()]);
    partition.centroids = partition.centroids.select(Axis(0), &order);
}

/// Renames the clusters of the points in the same way. Clusters without a point come last, by falling weight, [k], and then
/// in the order that they had. Returns the old name of each: [k].
pub(crate) fn rename(clusters: &mut [u32], weights: &[f64]) -> Vec<usize> {
    let k = weights.len();
    let mut sizes = vec![0_usize; k];
    let mut first = vec![usize::MAX; k];
    for (point, &cluster) in clusters.iter().enumerate() {
        sizes[cluster as usize] += 1;
        first[cluster as usize] = first[cluster as usize].min(point);
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&a, &b| {
        let key = |cluster: usize| (Reverse(sizes[cluster]), first[cluster]);
        key(a).cmp(&key(b)).then(weights[b].total_cmp(&weights[a]))
    });
    let mut names = vec![0_u32; k];
    for (name, &cluster) in (0..).zip(&order) {
        names[cluster] = name;
    }
    for cluster in clusters {
        *cluster = names[*cluster as usize];
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_size_then_first_point_then_weight() {
        let mut clusters = [4, 1, 1, 0, 4, 2];
        let order = rename(&mut clusters, &[0.0, 0.0, 0.0, 0.1, 0.0, 0.2]);
        assert_eq!(order, [4, 1, 0, 2, 5, 3]);
        assert_eq!(clusters, [0, 1, 1, 2, 0, 3]);
    }
}
