//! How much a sample of points leaves open which of two k has the higher silhouette.

/// The silhouettes of the points of a sample, for each k of a method, as means over the seeds.
///
/// All k are looked at in the same points. A point that is hard to place has a low silhouette for every k, so that the
/// difference of two k varies much less over the points than their silhouettes do: its error is that of paired
/// differences, and not what the intervals of the two means would give.
pub(crate) struct Paired {
    /// Share of all points that is in the sample, above 0, at most 1.
    share: f64,
    /// Sums over the seeds, and how many of them have a silhouette: [ks], [points of the sample].
    sums: Vec<(Vec<f64>, u32)>,
}

impl Paired {
    /// Of a sample that is this share of all points, for so many k.
    pub(crate) fn new(share: f64, ks: usize) -> Self {
        Self { share, sums: vec![(Vec::new(), 0); ks] }
    }

    /// Adds the silhouettes that a seed has for the k at `index`: [points of the sample].
    pub(crate) fn add(&mut self, index: usize, silhouettes: &[f64]) {
        let (sums, seeds) = &mut self.sums[index];
        sums.resize(silhouettes.len(), 0.0);
        sums.iter_mut().zip(silhouettes).for_each(|(sum, silhouette)| *sum += silhouette);
        *seeds += 1;
    }

    /// Half of the confidence interval of 95 % of the difference of the mean silhouettes of the k at two indices:
    /// 1.96 s sqrt((1 - m / n) / m), with s the standard deviation of the differences over the m points of the sample, of n in
    /// all (W. G. Cochran, "Sampling techniques", 1977, 2.6 to 2.9). 0 where one of them has no silhouettes.
    pub(crate) fn reach(&self, a: usize, b: usize) -> f64 {
        let [(a, seeds_a), (b, seeds_b)] = [&self.sums[a], &self.sums[b]];
        let count = a.len().min(b.len()) as f64;
        if count < 2.0 {
            return 0.0;
        }
        let difference = |(a, b): (&f64, &f64)| a / f64::from(*seeds_a) - b / f64::from(*seeds_b);
        let differences = || a.iter().zip(b).map(difference);
        let mean = differences().sum::<f64>() / count;
        let variance = differences().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        1.96 * (variance * (1.0 - self.share) / count).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_close;

    #[test]
    fn the_error_of_a_difference_is_that_of_the_differences() {
        let mut paired = Paired::new(0.75, 3);
        // Differences over the points of -1, 0, 1 between the first two, of two seeds each; the values themselves vary
        // a hundred times as much.
        for shift in [-5.0, 5.0] {
            paired.add(0, &[100.0 + shift, 200.0 + shift, 300.0 + shift]);
            paired.add(1, &[101.0 + shift, 200.0 + shift, 299.0 + shift]);
        }
        let expected = 1.96 * (1.0 * 0.25 / 3.0_f64).sqrt();
        assert_close(paired.reach(0, 1), expected, 1e-12, "by hand");
        assert_close(paired.reach(1, 0), expected, 1e-12, "either way round");
        assert_close(paired.reach(0, 0), 0.0, 0.0, "itself");
        assert_close(paired.reach(0, 2), 0.0, 0.0, "without silhouettes");
    }

    #[test]
    fn a_sample_of_all_points_leaves_nothing_open() {
        let mut paired = Paired::new(1.0, 2);
        paired.add(0, &[0.5, 0.25]);
        paired.add(1, &[0.125, 0.75]);
        assert_close(paired.reach(0, 1), 0.0, 0.0, "all points");
    }
}
