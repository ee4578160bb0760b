//! Names of clusters that do not depend on how they were found.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::clustering::DensityClustering;

/// What is known of a cluster before it has its name.
struct Found {
    size: usize,
    first: usize,
}

impl DensityClustering {
    /// Renames the clusters, whose names may be any: the largest is 0; of clusters of one size, that of the first point
    /// comes first.
    pub(crate) fn named(clusters: &[Option<u32>]) -> Self {
        let mut found: HashMap<u32, Found> = HashMap::new();
        for (point, cluster) in clusters.iter().enumerate() {
            if let Some(cluster) = cluster {
                found.entry(*cluster).or_insert(Found { size: 0, first: point }).size += 1;
            }
        }
        let mut order: Vec<(u32, Found)> = found.into_iter().collect();
        order.sort_unstable_by_key(|(_, found)| (Reverse(found.size), found.first));
        let names: HashMap<u32, u32> = order.iter().map(|&(cluster, _)| cluster).zip(0..).collect();
        Self {
            clusters: clusters.iter().map(|cluster| cluster.map(|cluster| names[&cluster])).collect(),
            count: names.len(),
            noise: clusters.iter().filter(|cluster| cluster.is_none()).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_named_by_size_and_then_by_their_first_points() {
        let found =
            DensityClustering::named(&[Some(7), None, Some(9), Some(4), Some(4), Some(9), None, Some(4)]);
        let clusters = vec![Some(2), None, Some(1), Some(0), Some(0), Some(1), None, Some(0)];
        assert_eq!(found, DensityClustering { clusters, count: 3, noise: 2 });
        assert_eq!(
            DensityClustering::named(&[None]),
            DensityClustering { clusters: vec![None], count: 0, noise: 1 }
        );
    }
}
