//! How often two labels share a cluster.

use latentkit_table::LabelPairRow;

use crate::contingency::Contingency;

/// Labels whose pairs are listed, at most.
const MOST: usize = 1000;

/// The probability that a random point of one label and a random point of another are in the same cluster,
/// Σ n(c, a) n(c, b) / (n(a) n(b)) over the clusters c, for every two labels that occur; the highest first, of equals the
/// lower labels. None where there are more than [`MOST`] labels.
pub(super) fn label_pairs(counts: &Contingency) -> Vec<LabelPairRow> {
    let labels = counts.labels();
    if labels.len() > MOST {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (first, &first_label) in labels.iter().enumerate() {
        for (second, &second_label) in labels.iter().enumerate().skip(first + 1) {
            rows.push(LabelPairRow {
                first: first_label,
                first_name: counts.name(first_label).to_owned(),
                second: second_label,
                second_name: counts.name(second_label).to_owned(),
                share: share(counts, first, second),
            });
        }
    }
    rows.sort_by(|a, b| b.share.total_cmp(&a.share)); // keeps the order of equals
    rows
}

/// The share of the labels at two places.
fn share(counts: &Contingency, first: usize, second: usize) -> f64 {
    let total = |label: usize| counts.of_label(label).iter().map(|&count| u64::from(count)).sum::<u64>();
    let both = counts.of_label(first).into_iter().zip(counts.of_label(second));
    let together: u64 = both.map(|(&a, &b)| u64::from(a) * u64::from(b)).sum();
    together as f64 / (total(first) as f64 * total(second) as f64)
}
