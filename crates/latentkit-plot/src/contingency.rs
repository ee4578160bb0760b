//! Labels counted by cluster.

use std::collections::{BTreeMap, BTreeSet};

use latentkit_table::ContingencyRow;

/// How many points of each label are in each cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contingency {
    /// Clusters, ascending.
    pub(crate) clusters: Vec<u32>,
    /// Codes of the labels, ascending.
    pub(crate) codes: Vec<u32>,
    /// Names of the labels, in the order of their codes.
    pub(crate) labels: Vec<String>,
    /// Points, by cluster and label.
    counts: Vec<Vec<usize>>,
}

impl Contingency {
    /// None where there are no rows. A pair without a row has no points.
    pub(crate) fn new(rows: &[ContingencyRow]) -> Option<Self> {
        let clusters: Vec<u32> =
            rows.iter().map(|row| row.cluster).collect::<BTreeSet<_>>().into_iter().collect();
        let names: BTreeMap<u32, &str> =
            rows.iter().map(|row| (row.label, row.label_name.as_str())).collect();
        let mut counts = vec![vec![0; names.len()]; clusters.len()];
        for row in rows {
            let cluster = clusters.binary_search(&row.cluster).ok()?;
            counts[cluster][names.range(..row.label).count()] += row.count as usize;
        }
        let codes = names.keys().copied().collect();
        let labels = names.into_values().map(str::to_owned).collect();
        (!rows.is_empty()).then_some(Self { clusters, codes, labels, counts })
    }

    /// Each cluster with its points by label.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &[usize])> {
        self.clusters.iter().copied().zip(self.counts.iter().map(Vec::as_slice))
    }

    /// All points.
    pub(crate) fn points(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Share of the points whose label is the most frequent one of their cluster.
    pub(crate) fn purity(&self) -> f64 {
        let dominant: usize = self.counts.iter().filter_map(|counts| counts.iter().max()).sum();
        dominant as f64 / self.points().max(1) as f64
    }

    /// Points of a label.
    pub(crate) fn of_label(&self, label: usize) -> usize {
        self.counts.iter().map(|counts| counts[label]).sum()
    }

    /// Share of a label's points that are in each cluster.
    pub(crate) fn spread(&self, label: usize) -> Vec<f64> {
        let points = self.of_label(label).max(1) as f64;
        self.counts.iter().map(|counts| counts[label] as f64 / points).collect()
    }

    /// Probability that two random points of a label are in the same cluster.
    pub(crate) fn own_share(&self, label: usize) -> f64 {
        self.spread(label).iter().map(|share| share * share).sum()
    }

    /// Probability that two random points, whatever their labels, are in the same cluster.
    pub(crate) fn chance(&self) -> f64 {
        let points = self.points().max(1) as f64;
        self.counts.iter().map(|counts| (counts.iter().sum::<usize>() as f64 / points).powi(2)).sum()
    }

    /// Points of the largest cluster.
    pub(crate) fn largest_cluster(&self) -> usize {
        self.counts.iter().map(|counts| counts.iter().sum()).max().unwrap_or(0)
    }

    /// Points of the largest pair of a cluster and a label.
    pub(crate) fn largest_count(&self) -> usize {
        self.counts.iter().flatten().copied().max().unwrap_or(0)
    }
}

/// The most frequent label of a cluster, the first one of several; none where the cluster is empty.
pub(crate) fn dominant(counts: &[usize]) -> Option<usize> {
    let largest = *counts.iter().max()?;
    if largest == 0 { None } else { counts.iter().position(|&count| count == largest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cluster: u32, label: u32, count: u32) -> ContingencyRow {
        ContingencyRow { cluster, label, label_name: format!("label {label}"), count }
    }

    #[test]
    fn pairs_without_a_row_are_empty() {
        let table = Contingency::new(&[row(1, 7, 3), row(0, 2, 5), row(1, 2, 1)]).unwrap();
        assert_eq!(
            (table.labels.join(", "), table.codes.as_slice()),
            ("label 2, label 7".to_owned(), &[2, 7][..])
        );
        assert_eq!(table.rows().collect::<Vec<_>>(), [(0, &[5, 0][..]), (1, &[1, 3])]);
        assert_eq!((table.points(), table.largest_cluster(), table.largest_count()), (9, 5, 5));
        assert!((table.purity() - 8.0 / 9.0).abs() < 1e-12);
        assert_eq!((table.of_label(0), table.spread(0)), (6, vec![5.0 / 6.0, 1.0 / 6.0]));
        assert!((table.own_share(0) - 26.0 / 36.0).abs() < 1e-12);
        assert!((table.chance() - 41.0 / 81.0).abs() < 1e-12);
        assert_eq!(Contingency::new(&[]), None);
    }

    #[test]
    fn the_dominant_label_is_the_first_of_the_most_frequent() {
        assert_eq!(dominant(&[1, 4, 4]), Some(1));
        assert_eq!(dominant(&[0, 0]), None);
    }
}
