//! The clusters of points that were not clustered: those of the nearest centroids.

use latentkit_core::{Cancellation, Error, Result};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::centroids::means;
use crate::config::Scaling;
use crate::scaling::{Original, scale};
use latentkit_table::Values;

/// Where a new point belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The cluster whose centroid is nearest; of equally near ones, the first.
    pub cluster: u32,
    /// The Euclidean distance to that centroid, in the units in which `assignments.parquet` gives distances.
    pub distance: f64,
    /// The next one, with its distance; none where there is one cluster.
    pub second: Option<(u32, f64)>,
}

/// Centroids to which new points are assigned.
pub struct Centroids {
    original: Original,
    /// Means of the points of each cluster as they were clustered: [k, dimensions].
    values: Array2<f64>,
    /// The distance of each clustered point to the centroid of its cluster: [n].
    distances: Vec<f64>,
}

impl Centroids {
    /// The centroids of points, [n, dimensions], that were scaled so and have these clusters, [n].
    ///
    /// # Errors
    /// When the clusters are those of other points, or some cluster below the highest has no point; those of scaling; and when the
    /// user interrupts.
    pub fn new(points: Values, scaling: Scaling, clusters: &[u32], cancel: Cancellation) -> Result<Self> {
        let count = points.dim().0;
        if clusters.len() != count {
            return Err(Error::input("the clusters are those of other points")
                .expected(format!("the clusters of {count} points"))
                .found(format!("those of {}", clusters.len())));
        }
        let k = clusters.iter().max().map_or(0, |&last| last as usize + 1);
        let (points, original) = scale(points, scaling, cancel)?;
        let values = means(points.points(), clusters, k);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::input("a cluster has no points"));
        }
        let rows = points.values.rows().into_iter().zip(clusters);
        let distances = rows
            .map(|(point, &cluster)| {
                let centroid = values.row(cluster as usize);
                let square = |(&value, centroid): (&f32, &f64)| (f64::from(value) - centroid).powi(2);
                point.iter().zip(centroid).map(square).sum::<f64>().sqrt() * original.unit
            })
            .collect();
        Ok(Self { original, values, distances })
    }

    /// The distance of each clustered point to the centroid of its cluster: [n].
    pub fn distances(&self) -> &[f64] {
        &self.distances
    }

    /// The nearest centroids of points, [m, dimensions], given as the clustered ones were before they were scaled.
    ///
    /// # Errors
    /// When the points have another number of dimensions; of kind input, naming the row, when one is 0 that should get unit length.
    pub fn nearest(&self, points: ArrayView2<'_, f32>) -> Result<Vec<Nearest>> {
        let dimensions = self.values.ncols();
        if points.ncols() != dimensions {
            return Err(Error::input("the points are not in the space of the clusters")
                .expected(format!("{dimensions} dimensions"))
                .found(points.ncols().to_string()));
        }
        let rows: Vec<_> = points.rows().into_iter().enumerate().collect();
        rows.into_par_iter()
            .map(|(row, point)| {
                let point = self.original.place(point).ok_or_else(|| {
                    Error::input(format!("row {row} (counted from 0) is 0 and cannot get unit length"))
                })?;
                Ok(self.nearest_of(&point))
            })
            .collect()
    }

    fn nearest_of(&self, point: &[f32]) -> Nearest {
        let mut nearest = [(0, f64::INFINITY); 2];
        for (cluster, centroid) in (0..).zip(self.values.rows()) {
            let square = |(&value, centroid): (&f32, &f64)| (f64::from(value) - centroid).powi(2);
            let found = (cluster, point.iter().zip(centroid).map(square).sum::<f64>());
            if found.1 < nearest[0].1 {
                nearest = [found, nearest[0]];
            } else if found.1 < nearest[1].1 {
                nearest[1] = found;
            }
        }
        let [first, second] = nearest.map(|(cluster, square)| (cluster, square.sqrt() * self.original.unit));
        Nearest { cluster: first.0, distance: first.1, second: second.1.is_finite().then_some(second) }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn centroids(scaling: Scaling) -> Centroids {
        let points = array![[0.0_f32, 1.0], [0.0, 3.0], [10.0, 2.0], [12.0, 2.0]];
        Centroids::new(Values::Single(points), scaling, &[0, 0, 1, 1], Cancellation::never()).unwrap()
    }

    #[test]
    fn the_nearest_centroid_and_the_next() {
        let found = centroids(Scaling::None).nearest(array![[4.0, 2.0], [11.0, 5.0]].view()).unwrap();
        let expected = [
            Nearest { cluster: 0, distance: 4.0, second: Some((1, 7.0)) },
            Nearest { cluster: 1, distance: 3.0, second: Some((0, f64::sqrt(121.0 + 9.0))) },
        ];
        assert_eq!(found, expected);
        assert_eq!(centroids(Scaling::None).distances(), [1.0; 4]);
    }

    #[test]
    fn new_points_are_scaled_as_the_clustered_ones() {
        // Standardized, the second axis counts as much as the first: its deviation is 0.5^0.5, that of the first 5.55.
        let found = centroids(Scaling::Standardize).nearest(array![[5.5, 2.0], [5.0, 2.0]].view()).unwrap();
        assert_eq!((found[0].cluster, found[1].cluster), (0, 0));
        let (near, far) = (found[0].distance, found[0].second.unwrap().1);
        assert!((near - far).abs() < 1e-6, "{near} {far}");
        // On the circle, only the direction counts.
        let found =
            centroids(Scaling::UnitLength).nearest(array![[1e-3, 1e-3 * 7.0], [5.0, 0.9]].view()).unwrap();
        assert_eq!((found[0].cluster, found[1].cluster), (0, 1));
        let error =
            centroids(Scaling::UnitLength).nearest(array![[1.0, 1.0], [0.0, 0.0]].view()).unwrap_err();
        assert!(error.to_string().contains("row 1"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = centroids(Scaling::None).nearest(array![[1.0]].view()).unwrap_err().to_string();
        assert!(error.contains("expected: 2 dimensions"), "{error}");
        let points = Values::Single(array![[0.0_f32], [1.0]]);
        let error = Centroids::new(points.clone(), Scaling::None, &[0], Cancellation::never()).err().unwrap();
        assert!(error.to_string().contains("of other points"), "{error}");
        let error = Centroids::new(points, Scaling::None, &[0, 2], Cancellation::never()).err().unwrap();
        assert!(error.to_string().contains("has no points"), "{error}");
    }
}
