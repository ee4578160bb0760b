//! How the labels are spread over the clusters.

use latentkit_table::{ContingencyRow, Labels};

/// Counts the points of every pair of cluster and label, clusters first, those of no points included.
pub(crate) fn contingency(clusters: &[u32], k: usize, labels: &Labels) -> Vec<ContingencyRow> {
    let names = labels.names.len();
    let mut counts = vec![0_u32; k * names];
    for (&cluster, &label) in clusters.iter().zip(&labels.codes) {
        counts[cluster as usize * names + label as usize] += 1;
    }
    counts
        .into_iter()
        .enumerate()
        .map(|(pair, count)| ContingencyRow {
            cluster: (pair / names) as u32,
            label: (pair % names) as u8,
            label_name: labels.names[pair % names].clone(),
            count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_row() {
        let labels =
            Labels { codes: vec![0, 1, 1, 0, 1], names: vec!["cat".into(), "dog".into(), "cow".into()] };
        let rows = contingency(&[0, 0, 0, 1, 0], 2, &labels);
        let found: Vec<_> =
            rows.iter().map(|row| (row.cluster, row.label, row.label_name.as_str(), row.count)).collect();
        assert_eq!(
            found,
            [
                (0, 0, "cat", 1),
                (0, 1, "dog", 3),
                (0, 2, "cow", 0),
                (1, 0, "cat", 1),
                (1, 1, "dog", 0),
                (1, 2, "cow", 0)
            ]
        );
    }
}
