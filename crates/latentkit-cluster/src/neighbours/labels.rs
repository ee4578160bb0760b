//! How the labels of neighbours agree.

use latentkit_core::summary::LabelAgreement;
use ndarray::ArrayView2;

/// How the labels of the `k` nearest of `neighbours`, [queries, k or more], agree with those of `queries`; `labels` are of
/// all points.
pub(super) fn agreement(
    neighbours: ArrayView2<'_, usize>,
    queries: &[usize],
    labels: &[u32],
    k: usize,
) -> LabelAgreement {
    // Sums of whole numbers, which no order of the points changes.
    let (mut same, mut squares, mut right) = (0_u64, 0_u64, 0_u64);
    for (neighbours, &query) in neighbours.rows().into_iter().zip(queries) {
        let nearest: Vec<u32> = neighbours.iter().take(k).map(|&point| labels[point]).collect();
        let own: u64 = nearest.iter().map(|&label| u64::from(label == labels[query])).sum();
        same += own;
        squares += own * own;
        right += u64::from(vote(&nearest) == Some(labels[query]));
    }
    let (count, k) = (queries.len() as f64, k as f64);
    let share = same as f64 / (k * count);
    // n Σ x² - (Σ x)² of the numbers x of neighbours with the same label.
    let spread = (queries.len() as u64 * squares - same * same) as f64;
    let variance = if queries.len() > 1 { spread / (count * (count - 1.0)) } else { 0.0 };
    LabelAgreement {
        share,
        standard_error: (variance / count).sqrt() / k,
        knn_accuracy: right as f64 / count,
    }
}

/// The most frequent of labels, of equally frequent ones the one that comes first; none of no labels.
fn vote(labels: &[u32]) -> Option<u32> {
    let count = |label: u32| labels.iter().filter(|&&other| other == label).count();
    let most = labels.iter().map(|&label| count(label)).max()?;
    labels.iter().copied().find(|&label| count(label) == most)
}

/// The probability that two points drawn at random have the same label, Σ p² over the shares of the labels.
pub(super) fn chance(labels: &[u32]) -> f64 {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    let pairs: u64 = sorted.chunk_by(u32::eq).map(|equal| (equal.len() as u64).pow(2)).sum();
    pairs as f64 / (labels.len() as f64 * labels.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_equally_frequent_labels_wins() {
        assert_eq!(vote(&[7, 3, 3, 7]), Some(7));
        assert_eq!(vote(&[1, 3, 7, 7, 3]), Some(3));
        assert_eq!(vote(&[1, 3, 3]), Some(3));
        assert_eq!(vote(&[255]), Some(255));
        assert_eq!(vote(&[]), None);
    }
}
