//! The points, and what clustering asks of them.

use std::collections::HashSet;

use latentkit_core::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Points, [n, dimensions]: coordinates in f32, with what f32 leaves of each of them where that matters.
///
/// Clusters that are tiny beside the distances between them need more digits than an f32 has. A coordinate is then the sum of two
/// f32, which are 48 binary digits.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    values: ArrayView2<'a, f32>,
    rests: Option<ArrayView2<'a, f32>>,
}

impl<'a> From<ArrayView2<'a, f32>> for Points<'a> {
    fn from(values: ArrayView2<'a, f32>) -> Self {
        Self { values, rests: None }
    }
}

impl<'a> Points<'a> {
    /// Coordinates, and what is added to each of them: both [n, dimensions].
    pub fn with_rests(values: ArrayView2<'a, f32>, rests: Option<ArrayView2<'a, f32>>) -> Self {
        Self { values, rests }
    }

    /// The coordinates without what f32 leaves of them.
    pub(crate) fn values(&self) -> ArrayView2<'a, f32> {
        self.values
    }

    /// What f32 leaves of them, where it is known.
    pub(crate) fn rests(&self) -> Option<ArrayView2<'a, f32>> {
        self.rests
    }

    /// The same for a shorter time.
    pub(crate) fn view(&self) -> Points<'_> {
        Points { values: self.values.view(), rests: self.rests.as_ref().map(ArrayView2::view) }
    }

    pub(crate) fn nrows(&self) -> usize {
        self.values.nrows()
    }

    pub(crate) fn ncols(&self) -> usize {
        self.values.ncols()
    }

    /// A coordinate.
    pub(crate) fn at(&self, point: usize, axis: usize) -> f64 {
        f64::from(self.values[[point, axis]])
            + self.rests.map_or(0.0, |rests| f64::from(rests[[point, axis]]))
    }

    /// The coordinates of a point: [dimensions].
    pub(crate) fn row(&self, point: usize) -> impl Iterator<Item = f64> {
        (0..self.ncols()).map(move |axis| self.at(point, axis))
    }

    /// The squared distance of a point to `centroid`, [dimensions].
    pub(crate) fn squared_distance(&self, point: usize, centroid: ArrayView1<'_, f64>) -> f64 {
        let values = self.values.row(point);
        let values = values.iter().map(|&value| f64::from(value)).zip(centroid);
        match self.rests {
            None => values.map(|(value, centroid)| (value - centroid).powi(2)).sum(),
            Some(rests) => values
                .zip(rests.row(point))
                .map(|((value, centroid), &rest)| (value - centroid + f64::from(rest)).powi(2))
                .sum(),
        }
    }
}

/// Points that own their coordinates.
#[derive(Clone, Debug)]
pub(crate) struct OwnedPoints {
    pub(crate) values: Array2<f32>,
    pub(crate) rests: Option<Array2<f32>>,
}

impl From<Array2<f32>> for OwnedPoints {
    fn from(values: Array2<f32>) -> Self {
        Self { values, rests: None }
    }
}

impl OwnedPoints {
    /// Some of the points.
    pub(crate) fn select(points: Points<'_>, rows: &[usize]) -> Self {
        let select = |from: ArrayView2<'_, f32>| from.select(Axis(0), rows);
        Self { values: select(points.values), rests: points.rests.map(select) }
    }

    pub(crate) fn points(&self) -> Points<'_> {
        Points { values: self.values.view(), rests: self.rests.as_ref().map(Array2::view) }
    }
}

/// Fails when the points have no coordinates, or one that is NaN or infinite.
pub(crate) fn check_points<'a>(points: impl Into<Points<'a>>) -> Result<()> {
    let points = points.into().values;
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
pub(crate) fn count_distinct<'a>(points: impl Into<Points<'a>>, limit: usize) -> usize {
    let points = points.into();
    let mut seen = HashSet::new();
    for point in 0..points.nrows() {
        if seen.len() == limit {
            break;
        }
        // Adding 0 makes -0 and 0, which are equal, the same bits.
        seen.insert(points.row(point).map(|value| (value + 0.0).to_bits()).collect::<Vec<_>>());
    }
    seen.len()
}

/// Fails when there are not at least `k` distinct points, so that some cluster would stay empty.
pub(crate) fn check_k<'a>(points: impl Into<Points<'a>>, k: usize) -> Result<()> {
    let points = points.into();
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
