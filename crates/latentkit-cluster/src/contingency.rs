//! How the labels are spread over the clusters.

use latentkit_table::{ContingencyRow, Labels};
use ndarray::{Array2, ArrayView1};

/// The points of each pair of a cluster and a label that some point has.
pub(crate) struct Contingency<'a> {
    /// The labels that some point has, ascending.
    labels: Vec<u32>,
    names: &'a [String],
    /// Points of each pair: [k, labels].
    counts: Array2<u32>,
}

impl<'a> Contingency<'a> {
    /// Counts the points that have a label; the clusters go from 0 to `k` - 1.
    pub(crate) fn new(clusters: &[u32], k: usize, labels: &'a Labels) -> Self {
        let mut occurring: Vec<u32> = labels.codes.iter().copied().flatten().collect();
        occurring.sort_unstable();
        occurring.dedup();
        let mut counts = Array2::zeros((k, occurring.len()));
        let labelled =
            clusters.iter().zip(&labels.codes).filter_map(|(&cluster, label)| Some((cluster, (*label)?)));
        for (cluster, label) in labelled {
            counts[[cluster as usize, occurring.partition_point(|&other| other < label)]] += 1;
        }
        Self { labels: occurring, names: &labels.names, counts }
    }

    /// The labels that some point has, ascending.
    pub(crate) fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The name of a label.
    pub(crate) fn name(&self, label: u32) -> &'a str {
        &self.names[label as usize]
    }

    /// The points of a cluster by label, in the order of [`Contingency::labels`].
    pub(crate) fn of_cluster(&self, cluster: usize) -> ArrayView1<'_, u32> {
        self.counts.row(cluster)
    }

    /// The points of the label at `place` of [`Contingency::labels`] by cluster.
    pub(crate) fn of_label(&self, place: usize) -> ArrayView1<'_, u32> {
        self.counts.column(place)
    }

    /// A row for every pair, clusters first, those of no points included.
    pub(crate) fn rows(&self) -> Vec<ContingencyRow> {
        let row = |((cluster, place), &count): ((usize, usize), &u32)| ContingencyRow {
            cluster: cluster as u32,
            label: self.labels[place],
            label_name: self.name(self.labels[place]).to_owned(),
            count,
        };
        self.counts.indexed_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_row() {
        let labels =
            Labels { codes: [0, 1, 1, 0, 1].map(Some).into(), names: vec!["cat".into(), "dog".into()] };
        let rows = Contingency::new(&[0, 0, 0, 1, 0], 2, &labels).rows();
        let found: Vec<_> =
            rows.iter().map(|row| (row.cluster, row.label, row.label_name.as_str(), row.count)).collect();
        assert_eq!(found, [(0, 0, "cat", 1), (0, 1, "dog", 3), (1, 0, "cat", 1), (1, 1, "dog", 0)]);
    }

    #[test]
    fn a_label_of_no_point_has_no_row() {
        let names: Vec<String> = (0..=255).map(|label| label.to_string()).collect();
        let of = |codes: Vec<u32>| {
            let clusters = vec![0; codes.len()];
            let rows = Contingency::new(
                &clusters,
                1,
                &Labels { codes: codes.into_iter().map(Some).collect(), names: names.clone() },
            )
            .rows();
            rows.into_iter().map(|row| (row.label, row.label_name, row.count)).collect::<Vec<_>>()
        };
        assert_eq!(of(vec![255, 255]), [(255, "255".to_owned(), 2)]);
        assert_eq!(
            of(vec![3, 1, 2, 3]),
            [(1, "1".to_owned(), 1), (2, "2".to_owned(), 1), (3, "3".to_owned(), 2)]
        );
    }
}
