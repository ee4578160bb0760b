//! The radius of DBSCAN, where the user gives none.

/// The knee of the curve of sorted distances: the last value before they begin to rise steeply.
///
/// As in Kneedle (Satopää et al., 2011), without smoothing: the curve is scaled to the unit square, and the knee is its
/// point farthest below the chord from the first to the last. Zeros, which are distances of points that have enough equal
/// ones, say nothing of the scale and are left out. Where all distances are equal, the knee is that distance; where all
/// are 0, it is 0.
pub(super) fn knee(mut distances: Vec<f64>) -> f64 {
    distances.retain(|&distance| distance > 0.0);
    distances.sort_unstable_by(f64::total_cmp);
    let (Some(&first), Some(&last)) = (distances.first(), distances.last()) else { return 0.0 };
    if first >= last {
        return first;
    }
    let steps = (distances.len() - 1) as f64;
    let (mut knee, mut farthest) = (first, f64::NEG_INFINITY);
    for (index, &distance) in distances.iter().enumerate() {
        // The distance to the chord is this difference, but for the factor of the square root of 1/2.
        let below = index as f64 / steps - (distance - first) / (last - first);
        // Of points as far, the last: more than one is on a straight part, whose end is the knee.
        if below >= farthest {
            (knee, farthest) = (distance, below);
        }
    }
    knee
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the results are values of the curve")]
mod tests {
    use super::*;

    #[test]
    fn the_knee_is_where_a_curve_leaves_its_flat_part() {
        let flat: Vec<f64> = (0..90).map(|index| 1.0 + f64::from(index) / 900.0).collect();
        let steep = (1..=10).map(|index| 1.1 + f64::from(index));
        let curve: Vec<f64> = steep.chain(flat.iter().copied()).collect();
        assert_eq!(knee(curve.clone()), flat[89]);
        assert_eq!(knee([curve, vec![0.0; 500]].concat()), flat[89], "equal points say nothing");
        // y = x² is farthest below y = x at x = 1/2.
        let square = (0..=100).map(|index| 3.0 + (f64::from(index) / 100.0).powi(2)).collect();
        assert!((knee(square) - 3.25).abs() < 0.02);
    }

    #[test]
    fn a_curve_without_a_knee_has_its_value() {
        assert_eq!(knee(vec![2.5; 7]), 2.5);
        assert_eq!(knee(vec![0.0, 0.0, 4.0]), 4.0);
        assert_eq!(knee(vec![0.0; 3]), 0.0);
        assert_eq!(knee(Vec::new()), 0.0);
    }
}
