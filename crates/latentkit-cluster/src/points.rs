//! What both K-Means and the silhouette ask of the points.

use std::collections::HashSet;

use latentkit_core::{Error, Result};
use ndarray::ArrayView2;

/// Fails when the points have no coordinates, or one that is NaN or infinite.
pub(crate) fn check_points(points: ArrayView2<'_, f32>) -> Result<()> {
    if points.ncols() == 0 {
        return Err(Error::input("the points have no coordinates"));
    }
    if points.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    match points.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((point, axis), value)) => {
            Err(Error::input(format!("coordinate {axis} of point {point} is not a finite number"))
                .found(value.to_string()))
        }
    }
}

/// The number of distinct points, counted up to `limit`.
pub(crate) fn count_distinct(points: ArrayView2<'_, f32>, limit: usize) -> usize {
    let mut seen = HashSet::new();
    for point in points.rows() {
        if seen.len() == limit {
            break;
        }
        // Adding 0 makes -0 and 0, which are equal, the same bits.
        seen.insert(point.iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<_>>());
    }
    seen.len()
}

/// Fails when there are not at least `k` distinct points, so that some cluster would stay empty.
pub(crate) fn check_k(points: ArrayView2<'_, f32>, k: usize) -> Result<()> {
    let count = points.nrows();
    if k > count {
        return Err(Error::config("cluster.k", format!("k = {k} is above the {count} points")));
    }
    let distinct = count_distinct(points, k);
    if k > distinct {
        return Err(Error::config("cluster.k", format!("k = {k} is above the {distinct} distinct points"))
            .hint("many points are equal: look whether the latents have collapsed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn points_must_have_finite_coordinates() {
        assert!(check_points(array![[0.0, 1.0]].view()).is_ok());
        let error = check_points(array![[0.0, 1.0], [2.0, f32::NAN]].view()).unwrap_err().to_string();
        assert!(error.contains("coordinate 1 of point 1"), "{error}");
        assert!(check_points(Array2::zeros((3, 0)).view()).is_err());
    }

    #[test]
    fn equal_points_count_once() {
        let points = array![[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [0.0, 1.0]];
        assert_eq!(count_distinct(points.view(), 4), 2);
        assert_eq!(count_distinct(points.view(), 1), 1);
    }
}
