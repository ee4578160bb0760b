//! The points seen from the two directions in which they vary most.

use latentkit_core::{Cancellation, Error, Result};
use linfa_linalg::eigh::{EigSort, EighInto};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::points::check_points;

/// Points of which one thread sums the products at a time. Fixed, and so is the order in which their sums are added,
/// whatever the number of threads.
const CHUNK: usize = 1024;

/// Chunks whose sums, a matrix each, are in memory at once.
const CHUNKS: usize = 16;

/// Points on their first two principal components.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Principal {
    /// Coordinates on the first: [n].
    pub(crate) first: Vec<f32>,
    /// Coordinates on the second, all 0 where the points have one dimension: [n].
    pub(crate) second: Vec<f32>,
    /// Share of the variance on each, 0 to 1.
    pub(crate) explained_variance: [f64; 2],
}

/// Projects `points`, [n, dimensions], on their first two principal components: the eigenvectors of the covariance of the
/// two largest eigenvalues. The points are centred and not scaled.
///
/// A component is known up to its sign; its entry of largest absolute value, the first of equals, is made positive. The
/// result does not depend on the number of threads.
///
/// The eigenvectors come from linfa's linear algebra, which its K-Means needs anyway. linfa's own PCA would bring two
/// crates more, finds the components by a random iteration to a tolerance, and keeps no variance but theirs, so that
/// their shares of all of it cannot be told.
///
/// # Errors
/// Of kind input when a coordinate is not finite or there is none; and when the user interrupts.
///
/// # Reference
/// K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2 (1901),
/// 559-572.
pub(crate) fn project(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Principal> {
    let mean = mean(points);
    let Axes { total, values, vectors } = axes(points, mean.view(), cancel)?;

    let component = |index: usize| (index < values.len()).then(|| oriented(vectors.column(index)));
    let share = |index: usize| match values.get(index) {
        Some(value) if total > 0.0 => (value / total).clamp(0.0, 1.0),
        _ => 0.0,
    };
    let coordinates = |component: Option<Array1<f64>>| match component {
        Some(component) => along(points, mean.view(), component.view()),
        None => vec![0.0; points.nrows()],
    };
    Ok(Principal {
        first: coordinates(component(0)),
        second: coordinates(component(1)),
        explained_variance: [share(0), share(1)],
    })
}

/// The principal axes of points.
struct Axes {
    /// n times the variance along all of them together.
    total: f64,
    /// n times the variance along each, descending: [dimensions].
    values: Array1<f64>,
    /// Their directions: [dimensions, axes].
    vectors: Array2<f64>,
}

fn axes(points: ArrayView2<'_, f32>, mean: ArrayView1<'_, f64>, cancel: Cancellation) -> Result<Axes> {
    check_points(points)?;
    let products = products(points, mean, cancel)?; // n times the covariance
    let total = products.diag().sum();
    let (values, vectors) = products
        .eigh_into()
        .map_err(|error| Error::failed(format!("cannot find the principal components: {error}")))?
        .sort_eig_desc();
    Ok(Axes { total, values, vectors })
}

/// The side lengths of the box around `points`, [n, dimensions], that is aligned with their principal axes: [dimensions].
///
/// # Errors
/// As [`project`].
pub(crate) fn principal_ranges(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Vec<f64>> {
    let mean = mean(points);
    let axes = axes(points, mean.view(), cancel)?;
    let widest = |chunk: usize| {
        let end = points.nrows().min((chunk + 1) * CHUNK);
        let centred = points.slice(s![chunk * CHUNK..end, ..]).mapv(f64::from) - &mean;
        let along = centred.dot(&axes.vectors);
        let end = |start: f64, pick: fn(f64, f64) -> f64| -> Vec<f64> {
            along.columns().into_iter().map(|column| column.iter().copied().fold(start, pick)).collect()
        };
        [end(f64::INFINITY, f64::min), end(f64::NEG_INFINITY, f64::max)]
    };
    let parts: Vec<[Vec<f64>; 2]> = (0..points.nrows().div_ceil(CHUNK)).into_par_iter().map(widest).collect();
    let side = |axis: usize| {
        let low = parts.iter().map(|part| part[0][axis]).fold(f64::INFINITY, f64::min);
        let high = parts.iter().map(|part| part[1][axis]).fold(f64::NEG_INFINITY, f64::max);
        high - low
    };
    Ok((0..points.ncols()).map(side).collect())
}

/// The mean of the points: [dimensions].
fn mean(points: ArrayView2<'_, f32>) -> Array1<f64> {
    let mut sum = Array1::zeros(points.ncols());
    for point in points.rows() {
        sum.zip_mut_with(&point, |sum, &value| *sum += f64::from(value));
    }
    sum / points.nrows().max(1) as f64
}

/// The sum over the points of the products of their coordinates, the mean subtracted: [dimensions, dimensions].
fn products(
    points: ArrayView2<'_, f32>,
    mean: ArrayView1<'_, f64>,
    cancel: Cancellation,
) -> Result<Array2<f64>> {
    let mut sum = Array2::zeros((points.ncols(), points.ncols()));
    for group in points.axis_chunks_iter(Axis(0), CHUNK * CHUNKS) {
        cancel.check()?;
        let parts: Vec<Array2<f64>> = (0..group.nrows().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let end = group.nrows().min((chunk + 1) * CHUNK);
                let centred = group.slice(s![chunk * CHUNK..end, ..]).mapv(f64::from) - mean;
                centred.t().dot(&centred)
            })
            .collect();
        for part in parts {
            sum += &part;
        }
    }
    Ok(sum)
}

/// A component with the sign that makes its entry of largest absolute value positive.
fn oriented(component: ArrayView1<'_, f64>) -> Array1<f64> {
    let largest = component
        .iter()
        .fold(0.0_f64, |largest, &entry| if entry.abs() > largest.abs() { entry } else { largest });
    component.mapv(|entry| if largest < 0.0 { -entry } else { entry })
}

/// The coordinate of each point on a component: [n].
fn along(points: ArrayView2<'_, f32>, mean: ArrayView1<'_, f64>, component: ArrayView1<'_, f64>) -> Vec<f32> {
    let coordinate = |point: ArrayView1<'_, f32>| {
        let centred = point.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean);
        centred.zip(component).map(|(value, entry)| value * entry).sum::<f64>() as f32
    };
    (0..points.nrows()).into_par_iter().map(|index| coordinate(points.row(index))).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "some results are exact")]

    use ndarray::array;
    use serde::Deserialize;

    use super::*;
    use crate::testing::{assert_close, blobs, rng, with_threads};

    /// Points and what scikit-learn makes of them.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        points: Vec<Vec<f64>>,
        explained_variance: [f64; 2],
        /// Of the first points.
        projected: Vec<[f64; 2]>,
    }

    /// The cases of `tests/fixtures/pca.json`, which `pca.py` beside it made.
    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../tests/fixtures/pca.json")).unwrap()
    }

    fn projected(points: &Array2<f32>) -> Principal {
        project(points.view(), Cancellation::never()).unwrap()
    }

    #[test]
    fn the_components_are_those_of_scikit_learn() {
        for case in cases() {
            let points = Array2::from_shape_fn((case.points.len(), case.points[0].len()), |(row, column)| {
                case.points[row][column] as f32
            });
            let found = projected(&points);
            for (found, expected) in found.explained_variance.iter().zip(case.explained_variance) {
                assert_close(*found, expected, 1e-12, &case.name);
            }
            let scale = case.projected.iter().flatten().fold(0.0_f64, |scale, value| scale.max(value.abs()));
            for (point, expected) in case.projected.iter().enumerate() {
                let what = format!("{}: point {point}", case.name);
                assert_close(f64::from(found.first[point]), expected[0], 2e-7 * scale, &what);
                assert_close(f64::from(found.second[point]), expected[1], 2e-7 * scale, &what);
            }
        }
    }

    #[test]
    fn points_of_a_line_have_one_component() {
        let found = projected(&array![[1.0], [2.0], [6.0]]);
        assert_eq!(found.first, [-2.0, -1.0, 3.0]);
        assert_eq!(found.second, [0.0, 0.0, 0.0]);
        assert_eq!(found.explained_variance, [1.0, 0.0]);
    }

    #[test]
    fn the_largest_entry_is_positive() {
        // Along (3, -4) and (4, 3), the second shorter.
        let found = projected(&array![[3.0, -4.0], [-3.0, 4.0], [2.0, 1.5], [-2.0, -1.5]]);
        for (found, expected) in found.first.iter().zip([-5.0, 5.0, 0.0, 0.0]) {
            assert_close(f64::from(*found), expected, 1e-6, "first");
        }
        for (found, expected) in found.second.iter().zip([0.0, 0.0, 2.5, -2.5]) {
            assert_close(f64::from(*found), expected, 1e-6, "second");
        }
        assert_close(found.explained_variance[0], 0.8, 1e-12, "share");
    }

    #[test]
    fn equal_points_have_no_variance() {
        let found = projected(&Array2::from_elem((4, 3), 7.0));
        assert_eq!((found.first, found.second), (vec![0.0; 4], vec![0.0; 4]));
        assert_eq!(found.explained_variance, [0.0, 0.0]);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let points = blobs(&mut rng(8), CHUNK * CHUNKS + 3 * CHUNK + 5, 5, 7);
        let one = with_threads(1, || projected(&points));
        assert_eq!(with_threads(2, || projected(&points)), one);
        assert_eq!(with_threads(3, || projected(&points)), one);
    }
}
