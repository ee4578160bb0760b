//! Entropies, the mutual information, and what chance makes of it; all in nats.

use super::counts::Counts;

/// Terms whose probability is below e to this power are left out: together they are far below the rounding.
const NEGLIGIBLE: f64 = -100.0;

/// The entropy of a partition into parts of these sizes, -Σ aᵢ/n ln aᵢ/n.
pub(super) fn entropy(sizes: &[usize], points: usize) -> f64 {
    surprise(sizes.iter().map(|&size| (size, points)), points)
}

/// The entropy that the labels keep within the clusters, H(L|C) = -Σ nᵢⱼ/n ln nᵢⱼ/aᵢ.
pub(super) fn entropy_within_clusters(counts: &Counts) -> f64 {
    surprise(counts.shared().map(|shared| (shared.both, shared.in_cluster)), counts.points)
}

/// The entropy that the clusters keep within the labels, H(C|L) = -Σ nᵢⱼ/n ln nᵢⱼ/bⱼ.
pub(super) fn entropy_within_labels(counts: &Counts) -> f64 {
    surprise(counts.shared().map(|shared| (shared.both, shared.in_label)), counts.points)
}

/// The sum of part/n ln whole/part over parts of wholes: 0 exactly where every part is its whole.
fn surprise(parts: impl Iterator<Item = (usize, usize)>, points: usize) -> f64 {
    parts.map(|(part, whole)| part as f64 / points as f64 * (whole as f64 / part as f64).ln()).sum()
}

/// The mutual information of clusters and labels, Σ nᵢⱼ/n ln(n nᵢⱼ / (aᵢ bⱼ)): 0 exactly where they are independent.
pub(super) fn mutual_information(counts: &Counts) -> f64 {
    let points = counts.points as f64;
    let sum: f64 = counts
        .shared()
        .map(|shared| {
            let both = shared.both as f64;
            both / points * (points * both / (shared.in_cluster as f64 * shared.in_label as f64)).ln()
        })
        .sum();
    sum.max(0.0)
}

/// The mean of the mutual information over all ways to deal the labels to the points, the sizes being as they are.
///
/// A cluster of a points and a label of b share m of them with the hypergeometric probability
/// a! b! (n - a)! (n - b)! / (n! m! (a - m)! (b - m)! (n - a - b + m)!), so that
/// E = Σ over the pairs and over m from max(1, a + b - n) to min(a, b) of m/n ln(n m / (a b)) times it.
///
/// At most n times the smaller number of clusters and labels terms, which cost little where they are negligible.
///
/// # Reference
/// N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison: variants, properties,
/// normalization and correction for chance", Journal of Machine Learning Research 11 (2010), 2837-2854.
pub(super) fn expected_mutual_information(counts: &Counts) -> f64 {
    let points = counts.points;
    let ln_factorial = ln_factorials(points);
    let mut expected = 0.0;
    for &in_cluster in &counts.cluster_sizes {
        for &in_label in &counts.label_sizes {
            let independent = in_cluster as f64 * in_label as f64 / points as f64;
            let ln_sizes = (ln_factorial[in_cluster] + ln_factorial[points - in_cluster]
                - ln_factorial[points])
                + (ln_factorial[in_label] + ln_factorial[points - in_label]);
            let least = (in_cluster + in_label).saturating_sub(points).max(1);
            for both in least..=in_cluster.min(in_label) {
                let ln_probability = ln_sizes
                    - ln_factorial[both]
                    - ln_factorial[in_cluster - both]
                    - ln_factorial[in_label - both]
                    - ln_factorial[points + both - in_cluster - in_label];
                if ln_probability > NEGLIGIBLE {
                    let both = both as f64;
                    expected += both / points as f64 * (both / independent).ln() * ln_probability.exp();
                }
            }
        }
    }
    expected
}

/// ln 0! to ln n!: [n + 1]. Kahan's summation makes each as exact as an f64 can be, where a plain sum would drift.
fn ln_factorials(n: usize) -> Vec<f64> {
    let mut table = Vec::with_capacity(n + 1);
    table.push(0.0);
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for factor in 1..=n {
        let term = (factor as f64).ln() - lost;
        let next = sum + term;
        lost = (next - sum) - term;
        sum = next;
        table.push(sum);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::testing::assert_close;

    #[test]
    fn factorials_equal_products_and_the_series_of_stirling() {
        let table = ln_factorials(1_000_000);
        let mut product = 1_u64;
        for n in 1..=20 {
            product *= n;
            assert_close(table[n as usize], (product as f64).ln(), 1e-14, &format!("{n}!"));
        }
        for n in [100, 70_000, 1_000_000] {
            let x = n as f64;
            let series =
                x * x.ln() - x + (2.0 * PI * x).ln() / 2.0 + (12.0 * x).recip() - (360.0 * x.powi(3)).recip();
            assert_close(table[n] / series, 1.0, 1e-15, &format!("{n}!"));
        }
    }

    #[test]
    fn independent_halves_share_nothing() {
        let counts = Counts::new(&[0, 0, 1, 1], &[0, 1, 0, 1]);
        assert_close(mutual_information(&counts), 0.0, 0.0, "mutual information");
        assert_close(entropy_within_clusters(&counts), 2.0_f64.ln(), 1e-15, "labels within clusters");
        assert_close(entropy_within_labels(&counts), 2.0_f64.ln(), 1e-15, "clusters within labels");
        assert_close(entropy(&counts.label_sizes, counts.points), 2.0_f64.ln(), 1e-15, "labels");
    }

    #[test]
    fn the_expectation_is_the_mean_over_all_orders() {
        for (clusters, labels) in [
            ([0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1, 2]),
            ([0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1, 1]),
            ([0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1, 1]),
            ([0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 2, 3]),
        ] {
            let mut found = Vec::new();
            in_all_orders(&mut labels.clone(), 0, &mut |labels: &[u8]| {
                found.push(mutual_information(&Counts::new(&clusters, labels)));
            });
            assert_eq!(found.len(), 5040);
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            let expected = expected_mutual_information(&Counts::new(&clusters, &labels));
            assert_close(expected, mean, 1e-12, &format!("{clusters:?} {labels:?}"));
        }
    }

    /// Calls `visit` with every order of `values` that keeps the first `fixed` of them.
    fn in_all_orders(values: &mut [u8], fixed: usize, visit: &mut impl FnMut(&[u8])) {
        if fixed == values.len() {
            visit(values);
        }
        for other in fixed..values.len() {
            values.swap(fixed, other);
            in_all_orders(values, fixed + 1, visit);
            values.swap(fixed, other);
        }
    }
}
