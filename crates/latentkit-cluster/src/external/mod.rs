//! The external quality of a clustering: how well it agrees with labels that it has not seen.

mod counts;
mod hungarian;
mod information;
#[cfg(test)]
mod tests;

use latentkit_core::{Error, Result};
use latentkit_table::External;

use counts::Counts;
use hungarian::heaviest_matching;
use information::{
    entropy, entropy_within_clusters, entropy_within_labels, expected_mutual_information, mutual_information,
};

/// That of clusters that are the labels under other names. NMI, ARI and AMI are 0 / 0 for some of those.
const PERFECT: External = External {
    accuracy: 1.0,
    nmi: 1.0,
    ari: 1.0,
    ami: 1.0,
    homogeneity: 1.0,
    completeness: 1.0,
    v_measure: 1.0,
    purity: 1.0,
};

/// Measures how well clusters agree with labels.
///
/// `clusters` and `labels` name the cluster and the label of every point, [n] each, by any numbers; only those that
/// occur count. Memory is proportional to n and to the clusters times the labels.
///
/// # Errors
/// When there are no points, or not as many labels as clusters.
///
/// ```
/// use latentkit_cluster::external_quality;
///
/// let found = external_quality(&[0, 0, 1, 1], &[7, 7, 8, 9])?;
/// // Cluster 1 is either label 8 or label 9, so one point of four is wrong.
/// assert_eq!(found.accuracy, 0.75);
/// // Each label is in one cluster, but a bit of 1.5 is known of it: h = 2/3, c = 1.
/// assert!((found.homogeneity - 2.0 / 3.0).abs() < 1e-12 && found.completeness == 1.0);
/// assert!((found.v_measure - 0.8).abs() < 1e-12 && (found.nmi - 0.8).abs() < 1e-12);
/// // R = 1, A = 2, B = 1 and 6 pairs: (1 - 1/3) / (3/2 - 1/3).
/// assert!((found.ari - 4.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn external_quality<T: Copy + Ord>(clusters: &[u32], labels: &[T]) -> Result<External> {
    let counts = counts(clusters, labels)?;
    if counts.is_renaming() {
        return Ok(PERFECT);
    }

    let of_clusters = entropy(&counts.cluster_sizes, counts.points);
    let of_labels = entropy(&counts.label_sizes, counts.points);
    let mean = f64::midpoint(of_clusters, of_labels);
    let mutual = mutual_information(&counts);
    let expected = expected_mutual_information(&counts);
    let homogeneity = explained(of_labels, entropy_within_clusters(&counts));
    let completeness = explained(of_clusters, entropy_within_labels(&counts));
    Ok(External {
        accuracy: accuracy(&counts),
        // The mean is 0 only for one cluster of one label, and equals the expectation only there or where every point
        // is a cluster and a label; both are renamings.
        nmi: (mutual / mean).min(1.0),
        ari: rand_index(&counts),
        ami: (mutual - expected) / (mean - expected),
        homogeneity,
        completeness,
        v_measure: harmonic_mean(homogeneity, completeness),
        purity: purity(&counts),
    })
}

/// As [`external_quality`] of those points that have a label; none where none has.
pub(crate) fn quality_of_labelled(clusters: &[u32], labels: &[Option<u32>]) -> Result<Option<External>> {
    let labelled = clusters.iter().zip(labels).filter_map(|(&cluster, label)| Some((cluster, (*label)?)));
    let (clusters, labels): (Vec<u32>, Vec<u32>) = labelled.unzip();
    (!clusters.is_empty()).then(|| external_quality(&clusters, &labels)).transpose()
}

/// The adjusted Rand index of two clusterings of the same points, [n] each, by any names; see [`External::ari`].
///
/// # Errors
/// When there are no points, or not as many of one as of the other.
pub fn adjusted_rand_index(first: &[u32], second: &[u32]) -> Result<f64> {
    let counts = counts(first, second)?;
    Ok(if counts.is_renaming() { PERFECT.ari } else { rand_index(&counts) })
}

fn counts<T: Copy + Ord>(clusters: &[u32], labels: &[T]) -> Result<Counts> {
    if clusters.len() != labels.len() {
        return Err(Error::failed("cannot compare clusters with the labels of other points")
            .expected(format!("the labels of {} points", clusters.len()))
            .found(format!("those of {}", labels.len())));
    }
    if clusters.is_empty() {
        return Err(Error::failed("cannot compare the clusters and the labels of no points"));
    }
    Ok(Counts::new(clusters, labels))
}

/// The share of an entropy that is gone when only `left` of it is left.
fn explained(entropy: f64, left: f64) -> f64 {
    if entropy > 0.0 { (1.0 - left / entropy).clamp(0.0, 1.0) } else { 1.0 }
}

fn harmonic_mean(a: f64, b: f64) -> f64 {
    if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 }
}

fn accuracy(counts: &Counts) -> f64 {
    let matched: usize =
        heaviest_matching(counts.pairs.view()).into_iter().map(|pair| counts.pairs[pair]).sum();
    matched as f64 / counts.points as f64
}

fn purity(counts: &Counts) -> f64 {
    let most: usize = counts.pairs.rows().into_iter().filter_map(|row| row.into_iter().max()).sum();
    most as f64 / counts.points as f64
}

/// In whole numbers, which hold up to 2³¹ points, and with one rounding at the end: near 0 the difference of two
/// large products is what matters.
fn rand_index(counts: &Counts) -> f64 {
    let pairs = |points: usize| points as i128 * (points as i128 - 1) / 2;
    let sum = |sizes: &[usize]| sizes.iter().map(|&size| pairs(size)).sum::<i128>();
    let together = counts.shared().map(|shared| pairs(shared.both)).sum::<i128>();
    let (in_clusters, in_labels) = (sum(&counts.cluster_sizes), sum(&counts.label_sizes));
    let all = pairs(counts.points);
    let chance = in_clusters * in_labels;
    // Both are 2 pairs(n) times those of the definition. The second is 0 only if the clusters are the labels.
    let above_chance = 2 * (together * all - chance);
    let at_most = (in_clusters + in_labels) * all - 2 * chance;
    above_chance as f64 / at_most as f64
}
