//! How many points each pair of cluster and label has.

use ndarray::Array2;

/// The contingency table of clusters and labels. Only those that occur count, so no row and no column is empty.
pub(super) struct Counts {
    /// Points of each pair: [clusters, labels].
    pub(super) pairs: Array2<usize>,
    /// Points of each cluster: [clusters].
    pub(super) cluster_sizes: Vec<usize>,
    /// Points of each label: [labels].
    pub(super) label_sizes: Vec<usize>,
    /// All points.
    pub(super) points: usize,
}

impl Counts {
    /// Counts the points of two vectors of equal length, whatever numbers they name the clusters and the labels by.
    pub(super) fn new<T: Copy + Ord>(clusters: &[u32], labels: &[T]) -> Self {
        let (cluster_names, label_names) = (distinct(clusters), distinct(labels));
        let mut pairs = Array2::zeros((cluster_names.len(), label_names.len()));
        for (&cluster, &label) in clusters.iter().zip(labels) {
            pairs[[place(&cluster_names, cluster), place(&label_names, label)]] += 1;
        }
        Self {
            cluster_sizes: pairs.rows().into_iter().map(|row| row.sum()).collect(),
            label_sizes: pairs.columns().into_iter().map(|column| column.sum()).collect(),
            pairs,
            points: clusters.len(),
        }
    }

    /// The pairs that have points: how many, and how many their cluster and their label have.
    pub(super) fn shared(&self) -> impl Iterator<Item = Shared> {
        self.pairs.indexed_iter().filter(|&(_, &both)| both > 0).map(|((cluster, label), &both)| Shared {
            both,
            in_cluster: self.cluster_sizes[cluster],
            in_label: self.label_sizes[label],
        })
    }

    /// Whether the clusters are the labels under other names.
    pub(super) fn is_renaming(&self) -> bool {
        self.shared().all(|shared| shared.both == shared.in_cluster && shared.both == shared.in_label)
    }
}

/// The points of a cluster and a label that have some in common.
pub(super) struct Shared {
    pub(super) both: usize,
    pub(super) in_cluster: usize,
    pub(super) in_label: usize,
}

/// The names that occur, ascending.
fn distinct<T: Copy + Ord>(names: &[T]) -> Vec<T> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

/// The place of a name among all.
fn place<T: Copy + Ord>(names: &[T], name: T) -> usize {
    names.partition_point(|other| *other < name)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn gaps_leave_no_empty_row_or_column() {
        let counts = Counts::new(&[u32::MAX, 7, 7, 0, 7], &[255, 3, 255, 3, 255]);
        assert_eq!(counts.pairs, array![[1, 0], [1, 2], [0, 1]]);
        assert_eq!(counts.cluster_sizes, [1, 3, 1]);
        assert_eq!(counts.label_sizes, [2, 3]);
        assert_eq!(counts.points, 5);
    }

    #[test]
    fn a_renaming_pairs_each_cluster_with_one_label() {
        assert!(Counts::new(&[4, 4, 9, 0], &[1, 1, 0, 7]).is_renaming());
        assert!(Counts::new(&[3], &[3]).is_renaming());
        assert!(!Counts::new(&[0, 0, 1], &[0, 0, 0]).is_renaming());
        assert!(!Counts::new(&[0, 0, 0], &[0, 0, 1]).is_renaming());
        assert!(!Counts::new(&[0, 0, 1, 1], &[0, 1, 1, 1]).is_renaming());
    }
}
