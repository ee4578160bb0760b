//! How the labels of neighbours agree.

use latentkit_core::summary::LabelAgreement;
use ndarray::ArrayView2;

/// How the labels of the `k` nearest of `neighbours`, [queries, k or more], agree with those of `queries`; `labels` are of
/// all points.
pub(super) fn agreement(
    neighbours: ArrayView2<'_, usize>,
    queries: &[usize],
    labels: &[u8],
    k: usize,
) -> LabelAgreement {
    // Sums of whole numbers, which no order of the points changes.
    let (mut same, mut squares, mut right) = (0_u64, 0_u64, 0_u64);
    for (neighbours, &query) in neighbours.rows().into_iter().zip(queries) {
        let nearest: Vec<u8> = neighbours.iter().take(k).map(|&point| labels[point]).collect();
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
fn vote(labels: &[u8]) -> Option<u8> {
    let mut counts = [0_u32; 256];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    let most = counts.into_iter().max()?;
    labels.iter().copied().find(|&label| counts[usize::from(label)] == most)
}

/// The probability that two points drawn at random have the same label, Σ p² over the shares of the labels.
pub(super) fn chance(labels: &[u8]) -> f64 {
    let mut counts = [0_u64; 256];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    let pairs: u64 = counts.iter().map(|count| count * count).sum();
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
