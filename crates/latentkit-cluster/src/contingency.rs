//! How the labels are spread over the clusters.

use latentkit_table::{ContingencyRow, Labels};

/// Counts the points of every pair of a cluster and a label that some point has, clusters first, those of no points
/// included.
pub(crate) fn contingency(clusters: &[u32], k: usize, labels: &Labels) -> Vec<ContingencyRow> {
    let mut occurring = labels.codes.clone();
    occurring.sort_unstable();
    occurring.dedup();
    let mut counts = vec![[0_u32; 256]; k];
    for (&cluster, &label) in clusters.iter().zip(&labels.codes) {
        counts[cluster as usize][usize::from(label)] += 1;
    }
    let row = |cluster: usize, label: u8| ContingencyRow {
        cluster: cluster as u32,
        label,
        label_name: labels.names[usize::from(label)].clone(),
        count: counts[cluster][usize::from(label)],
    };
    (0..k)
        .flat_map(|cluster| occurring.iter().map(move |&label| (cluster, label)))
        .map(|(cluster, label)| row(cluster, label))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_row() {
        let labels = Labels { codes: vec![0, 1, 1, 0, 1], names: vec!["cat".into(), "dog".into()] };
        let rows = contingency(&[0, 0, 0, 1, 0], 2, &labels);
        let found: Vec<_> =
            rows.iter().map(|row| (row.cluster, row.label, row.label_name.as_str(), row.count)).collect();
        assert_eq!(found, [(0, 0, "cat", 1), (0, 1, "dog", 3), (1, 0, "cat", 1), (1, 1, "dog", 0)]);
    }

    #[test]
    fn a_label_of_no_point_has_no_row() {
        let names: Vec<String> = (0..=255).map(|label| label.to_string()).collect();
        let of = |codes: Vec<u8>| {
            let clusters = vec![0; codes.len()];
            let rows = contingency(&clusters, 1, &Labels { codes, names: names.clone() });
            rows.into_iter().map(|row| (row.label, row.label_name, row.count)).collect::<Vec<_>>()
        };
        assert_eq!(of(vec![255, 255]), [(255, "255".to_owned(), 2)]);
        assert_eq!(
            of(vec![3, 1, 2, 3]),
            [(1, "1".to_owned(), 1), (2, "2".to_owned(), 1), (3, "3".to_owned(), 2)]
        );
    }
}
