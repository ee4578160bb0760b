//! Points scaled before they are clustered, and centroids in the coordinates that the points came in.

use crate::config::Scaling;
use latentkit_core::{Cancellation, Error, Result};
use latentkit_table::Embeddings;
use ndarray::{Array2, ArrayView1, Axis};

/// What leads back to the coordinates of the table.
pub(crate) enum Original {
    /// The points less this: [dimensions].
    Shifted(Vec<f64>),
    /// The points less `mean`, divided by `deviation`, each [dimensions].
    Standardized { mean: Vec<f64>, deviation: Vec<f64> },
    /// Each point divided by its norm: [n].
    Divided(Vec<f64>),
}

/// Scales the points of `embeddings` in place.
///
/// - `none` leaves them.
/// - `standardize` takes the mean from each column and divides it by its population standard deviation; a constant column
///   becomes 0.
/// - `unit-length` divides each point by its Euclidean norm. The squared distance of two such points is
///   2 - 2 cos of the angle between them, so that K-Means becomes spherical K-Means but for its centroids.
///
/// # Errors
/// Of kind input, naming the row, when a point that should get unit length is 0; and when the user interrupts.
pub(crate) fn scale(embeddings: &mut Embeddings, scaling: Scaling, cancel: Cancellation) -> Result<Original> {
    let _entered = tracing::info_span!("scaling").entered();
    let origin = std::mem::take(&mut embeddings.origin);
    let values = &mut embeddings.values;
    match scaling {
        Scaling::None => Ok(Original::Shifted(origin)),
        Scaling::Standardize => {
            let (mut mean, mut deviation) = (origin, vec![0.0; values.ncols()]);
            for ((mut column, mean), deviation) in
                values.columns_mut().into_iter().zip(&mut mean).zip(&mut deviation)
            {
                cancel.check()?;
                let (own, spread) = moments(column.view());
                *deviation = spread;
                *mean += own;
                let divisor = if spread > 0.0 { spread } else { 1.0 };
                column.mapv_inplace(|value| ((f64::from(value) - own) / divisor) as f32);
            }
            Ok(Original::Standardized { mean, deviation })
        }
        Scaling::UnitLength => {
            let mut norms = Vec::with_capacity(values.nrows());
            for (row, mut point) in values.rows_mut().into_iter().enumerate() {
                cancel.check()?;
                let full = |(value, origin): (&f32, &f64)| f64::from(*value) + origin;
                let norm = point.iter().zip(&origin).map(full).map(|value| value * value).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return Err(Error::input(format!(
                        "the point in row {row} (counted from 0) is 0 and cannot get unit length"
                    ))
                    .hint("drop the row, or set `cluster.scaling` to \"none\" or \"standardize\""));
                }
                for (value, origin) in point.iter_mut().zip(&origin) {
                    *value = ((f64::from(*value) + origin) / norm) as f32;
                }
                norms.push(norm);
            }
            Ok(Original::Divided(norms))
        }
    }
}

/// Mean and population standard deviation of a column; the deviation of equal values is exactly 0.
fn moments(column: ArrayView1<'_, f32>) -> (f64, f64) {
    let first = column.first().copied().map_or(0.0, f64::from);
    let count = column.len().max(1) as f64;
    let mean = first + column.iter().map(|&value| f64::from(value) - first).sum::<f64>() / count;
    let square = column.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    (mean, (square / count).sqrt())
}

#[expect(clippy::float_cmp, reason = "asks whether all values are the same number")]
fn is_constant(column: ArrayView1<'_, f32>) -> bool {
    column.iter().all(|value| *value == column[0])
}

/// A sentence about the columns on which all points are equal; none where there are none.
pub(crate) fn constant_columns(embeddings: &Embeddings) -> Option<String> {
    let values = &embeddings.values;
    let constant: Vec<String> = (0..values.ncols())
        .filter(|&axis| is_constant(values.column(axis)))
        .map(|axis| format!("z{axis}"))
        .collect();
    (!constant.is_empty()).then(|| {
        format!(
            "{} of {} columns {} the same value in every row ({}) and {} nothing to any distance",
            constant.len(),
            values.ncols(),
            if constant.len() == 1 { "has" } else { "have" },
            constant.join(", "),
            if constant.len() == 1 { "adds" } else { "add" },
        )
    })
}

impl Original {
    /// The centroids of clusters in the coordinates of the table: the means of their points as they came.
    pub(crate) fn centroids(
        &self,
        points: &Array2<f32>,
        clusters: &[u32],
        centroids: &Array2<f64>,
    ) -> Array2<f64> {
        match self {
            Self::Shifted(origin) => centroids + &ArrayView1::from(origin),
            Self::Standardized { mean, deviation } => {
                centroids * &ArrayView1::from(deviation) + ArrayView1::from(mean)
            }
            Self::Divided(norms) => {
                let mut sums = Array2::<f64>::zeros(centroids.dim());
                let mut counts = vec![0_u32; centroids.nrows()];
                for ((point, &cluster), norm) in points.rows().into_iter().zip(clusters).zip(norms) {
                    counts[cluster as usize] += 1;
                    let mut sum = sums.row_mut(cluster as usize);
                    sum.zip_mut_with(&point, |sum, &value| *sum += f64::from(value) * norm);
                }
                for (mut sum, &count) in sums.axis_iter_mut(Axis(0)).zip(&counts) {
                    sum /= f64::from(count.max(1));
                }
                sums
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::testing::assert_close;

    fn embeddings(values: Array2<f32>, origin: Vec<f64>) -> Embeddings {
        let ids = (0..values.nrows() as u32).collect();
        Embeddings { ids, labels: None, values, origin, warnings: Vec::new() }
    }

    #[test]
    fn nothing_is_scaled_unless_asked() {
        let mut points = embeddings(array![[1.0, 2.0], [3.0, 4.0]], vec![10.0, 0.0]);
        let original = scale(&mut points, Scaling::None, Cancellation::never()).unwrap();
        assert_eq!(points.values, array![[1.0, 2.0], [3.0, 4.0]]);
        let centroids = original.centroids(&points.values, &[0, 0], &array![[2.0, 3.0]]);
        assert_eq!(centroids, array![[12.0, 3.0]]);
    }

    #[test]
    fn standardized_columns_have_mean_0_and_deviation_1() {
        let mut points = embeddings(array![[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]], vec![100.0, 0.5]);
        let original = scale(&mut points, Scaling::Standardize, Cancellation::never()).unwrap();
        // The deviation is the square root of 8 / 3, as NumPy's std of 1, 3, 5.
        let expected = 2.0 / (8.0_f64 / 3.0).sqrt();
        assert_close(f64::from(points.values[[2, 0]]), expected, 1e-7, "last");
        assert_eq!(points.values.column(1), array![0.0, 0.0, 0.0]);
        let centroids = original.centroids(&points.values, &[0, 0, 0], &array![[0.0, 0.0], [expected, 0.0]]);
        assert_eq!(centroids.row(0), array![103.0, 7.5]);
        assert_close(centroids[[1, 0]], 105.0, 1e-12, "back");
    }

    #[test]
    fn points_of_unit_length_keep_their_direction() {
        let mut points = embeddings(array![[3.0, 3.0], [0.0, 1.0]], vec![0.0, 1.0]);
        let original = scale(&mut points, Scaling::UnitLength, Cancellation::never()).unwrap();
        assert_eq!(points.values, array![[0.6, 0.8], [0.0, 1.0]]);
        let centroids = original.centroids(&points.values, &[0, 0], &array![[0.3, 0.9]]);
        assert_close(centroids[[0, 0]], 1.5, 1e-7, "mean of 3 and 0");
        assert_close(centroids[[0, 1]], 3.0, 1e-7, "mean of 4 and 2");
    }

    #[test]
    fn a_point_at_0_has_no_direction() {
        let mut points = embeddings(array![[1.0], [0.0]], vec![0.0]);
        let error = scale(&mut points, Scaling::UnitLength, Cancellation::never()).err().unwrap().to_string();
        assert!(error.contains("row 1 (counted from 0)"), "{error}");
    }

    #[test]
    fn constant_columns_are_named() {
        let found = constant_columns(&embeddings(array![[1.0, 2.0, 0.0], [1.0, 3.0, 0.0]], vec![0.0; 3]));
        assert_eq!(
            found.unwrap(),
            "2 of 3 columns have the same value in every row (z0, z2) and add nothing to any distance"
        );
        assert_eq!(constant_columns(&embeddings(array![[1.0], [2.0]], vec![0.0])), None);
    }
}
