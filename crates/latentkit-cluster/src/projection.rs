//! The points seen from the two directions in which they vary most.

use latentkit_core::{Cancellation, Phase, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::eigen::{Eigen, eigen};
use crate::points::check_points;

/// Points of which one thread sums the products at a time. Fixed, and so is the order in which their sums are added,
/// whatever the number of threads.
const CHUNK: usize = 1024;

/// Chunks whose sums are in memory at once.
const CHUNKS: usize = 16;

/// Columns of a matrix that are summed at a time.
const COLUMNS: usize = 256;

/// Multiplications between two looks at whether the user wants to stop, roughly: some hundredths of a second.
const LOOK: usize = 1 << 27;

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
/// # Errors
/// Of kind input when a coordinate is not finite or there is none; and when the user interrupts.
///
/// # Reference
/// K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2 (1901),
/// 559-572.
pub(crate) fn project(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Principal> {
    let _entered = tracing::info_span!("projection").entered();
    let mean = mean(points, cancel)?;
    let Axes { total, values, vectors } = axes(points, mean.view(), 2, cancel)?;

    let component = |index: usize| (index < values.len()).then(|| oriented(vectors.column(index)));
    let share = |index: usize| match values.get(index) {
        Some(value) if total > 0.0 => (value / total).clamp(0.0, 1.0),
        _ => 0.0,
    };
    let coordinates = |component: Option<Array1<f64>>| match component {
        Some(component) => along(points, mean.view(), component.view(), cancel),
        None => Ok(vec![0.0; points.nrows()]),
    };
    Ok(Principal {
        first: coordinates(component(0))?,
        second: coordinates(component(1))?,
        explained_variance: [share(0), share(1)],
    })
}

/// The principal axes of points along which they vary.
struct Axes {
    /// n times the variance along all of them together.
    total: f64,
    /// n times the variance along each, descending: [axes].
    values: Vec<f64>,
    /// Their directions: [dimensions, axes].
    vectors: Array2<f64>,
}

/// The first `most` axes.
fn axes(
    points: ArrayView2<'_, f32>,
    mean: ArrayView1<'_, f64>,
    most: usize,
    cancel: Cancellation,
) -> Result<Axes> {
    check_points(points)?;
    if points.nrows() < points.ncols() {
        return axes_of_few(points, mean, most, cancel);
    }
    let products = products(points, mean, cancel)?; // n times the covariance
    let total = products.diag().sum();
    let Eigen { mut values, vectors } = eigen(products, most, cancel)?;
    values.truncate(most);
    let vectors = vectors.slice(s![.., ..values.len()]).to_owned();
    Ok(Axes { total, values, vectors })
}

/// Those of fewer points than dimensions, from the products of the points with each other, which are fewer: for X the
/// centred points, X Xᵀ u = v u makes Xᵀ u an eigenvector of Xᵀ X.
fn axes_of_few(
    points: ArrayView2<'_, f32>,
    mean: ArrayView1<'_, f64>,
    most: usize,
    cancel: Cancellation,
) -> Result<Axes> {
    let centred = points.mapv(f64::from) - mean;
    let products = dot(centred.view(), centred.t(), cancel)?;
    let total = products.diag().sum();
    let Eigen { mut values, vectors } = eigen(products, most, cancel)?;
    // What is less is what rounding left of nothing.
    let least = values[0] * centred.nrows() as f64 * f64::EPSILON;
    values.retain(|&value| value > least);
    values.truncate(most);
    let mut vectors = dot(centred.t(), vectors.slice(s![.., ..values.len()]), cancel)?;
    for mut vector in vectors.columns_mut() {
        vector /= vector.dot(&vector).sqrt();
    }
    Ok(Axes { total, values, vectors })
}

/// The side lengths of the box around `points`, [n, dimensions], that is aligned with their principal axes, the longest
/// axis first: [dimensions].
///
/// # Errors
/// As [`project`].
pub(crate) fn principal_ranges(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Vec<f64>> {
    let mean = mean(points, cancel)?;
    let Axes { vectors, .. } = axes(points, mean.view(), points.ncols(), cancel)?;
    let mut ends = vec![[f64::INFINITY, f64::NEG_INFINITY]; vectors.ncols()];
    for points in points.axis_chunks_iter(Axis(0), CHUNK * CHUNKS) {
        let along = dot((points.mapv(f64::from) - &mean).view(), vectors.view(), cancel)?;
        for (column, [low, high]) in along.columns().into_iter().zip(&mut ends) {
            (*low, *high) = column.iter().fold((*low, *high), |(low, high), &at| (low.min(at), high.max(at)));
        }
    }
    // The points do not vary along the others.
    let mut ranges: Vec<f64> = ends.into_iter().map(|[low, high]| high - low).collect();
    ranges.resize(points.ncols(), 0.0);
    Ok(ranges)
}

/// The mean of the points: [dimensions].
fn mean(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Array1<f64>> {
    let mut sum = Array1::zeros(points.ncols());
    for group in points.axis_chunks_iter(Axis(0), CHUNK) {
        cancel.check()?;
        for point in group.rows() {
            sum.zip_mut_with(&point, |sum, &value| *sum += f64::from(value));
        }
    }
    Ok(sum / points.nrows().max(1) as f64)
}

/// The sum over the points of the products of their coordinates, the mean subtracted: [dimensions, dimensions].
fn products(
    points: ArrayView2<'_, f32>,
    mean: ArrayView1<'_, f64>,
    cancel: Cancellation,
) -> Result<Array2<f64>> {
    let dimensions = points.ncols();
    let phase = Phase::new(
        tracing::info_span!("covariance", unit = "points"),
        points.nrows() * dimensions.div_ceil(COLUMNS),
    );
    let _entered = phase.enter();
    let mut sum = Array2::zeros((dimensions, dimensions));
    for first in (0..dimensions).step_by(COLUMNS) {
        let columns = first..dimensions.min(first + COLUMNS);
        // The matrix is symmetric: what lies before the diagonal is that behind it.
        let mut part = sum.slice_mut(s![columns.clone(), first..]);
        for group in points.axis_chunks_iter(Axis(0), CHUNK * CHUNKS) {
            let chunks = group.axis_chunks_iter(Axis(0), CHUNK).into_par_iter();
            let parts = chunks.map(|chunk| {
                cancel.check()?;
                let centred = chunk.slice(s![.., first..]).mapv(f64::from) - mean.slice(s![first..]);
                Ok(centred.slice(s![.., ..columns.len()]).t().dot(&centred))
            });
            for products in parts.collect::<Result<Vec<Array2<f64>>>>()? {
                part += &products;
            }
            phase.add(group.nrows());
        }
    }
    for row in 0..dimensions {
        for column in 0..row {
            sum[[row, column]] = sum[[column, row]];
        }
    }
    Ok(sum)
}

/// The product of two matrices, [n, inner] and [inner, m], row by row.
fn dot(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>, cancel: Cancellation) -> Result<Array2<f64>> {
    let mut product = Array2::zeros((left.nrows(), right.ncols()));
    let rows = (LOOK / right.len().max(1)).clamp(1, CHUNK);
    let parts = product.axis_chunks_iter_mut(Axis(0), rows).into_par_iter();
    parts.zip(left.axis_chunks_iter(Axis(0), rows)).try_for_each(|(mut part, left)| {
        cancel.check()?;
        part.assign(&left.dot(&right));
        Result::Ok(())
    })?;
    Ok(product)
}

/// A component with the sign that makes its entry of largest absolute value positive.
fn oriented(component: ArrayView1<'_, f64>) -> Array1<f64> {
    let largest = component
        .iter()
        .fold(0.0_f64, |largest, &entry| if entry.abs() > largest.abs() { entry } else { largest });
    component.mapv(|entry| if largest < 0.0 { -entry } else { entry })
}

/// The coordinate of each point on a component: [n].
fn along(
    points: ArrayView2<'_, f32>,
    mean: ArrayView1<'_, f64>,
    component: ArrayView1<'_, f64>,
    cancel: Cancellation,
) -> Result<Vec<f32>> {
    let coordinate = |point: ArrayView1<'_, f32>| {
        let centred = point.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean);
        centred.zip(component).map(|(value, entry)| value * entry).sum::<f64>() as f32
    };
    let of = |index: usize| {
        cancel.check()?;
        Ok(coordinate(points.row(index)))
    };
    (0..points.nrows()).into_par_iter().map(of).collect()
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
    fn few_points_of_many_dimensions_have_the_axes_of_as_many_with_nothing_more() {
        // The same points once more with dimensions in which nothing happens: fewer points than dimensions.
        let narrow = blobs(&mut rng(3), 40, 5, 7);
        let wide = Array2::from_shape_fn((40, 90), |(row, column)| match column {
            20..25 => narrow[[row, column - 20]],
            _ => 7.0,
        });
        let (narrow, wide) = (narrow.view(), wide.view());
        let expected = project(narrow, Cancellation::never()).unwrap();
        let found = project(wide, Cancellation::never()).unwrap();
        for (found, expected) in found.first.iter().zip(&expected.first) {
            assert_close(f64::from(*found), f64::from(*expected), 1e-5, "first");
        }
        for (found, expected) in found.second.iter().zip(&expected.second) {
            assert_close(f64::from(*found), f64::from(*expected), 1e-5, "second");
        }
        for (found, expected) in found.explained_variance.iter().zip(expected.explained_variance) {
            assert_close(*found, expected, 1e-12, "share");
        }
        let expected = principal_ranges(narrow, Cancellation::never()).unwrap();
        let found = principal_ranges(wide, Cancellation::never()).unwrap();
        for (axis, found) in found.iter().enumerate() {
            let expected = expected.get(axis).copied().unwrap_or(0.0);
            assert_close(*found, expected, 1e-10 * (1.0 + expected), "range");
        }
    }

    #[test]
    fn points_of_many_dimensions_vary_along_their_axes() {
        // Wider than the columns that are summed at a time: the coordinates on an axis have the variance of its value.
        let points = blobs(&mut rng(4), 700, 600, 3);
        let mean = mean(points.view(), Cancellation::never()).unwrap();
        let axes = axes(points.view(), mean.view(), 600, Cancellation::never()).unwrap();
        assert_close(axes.values.iter().sum(), axes.total, 1e-9 * axes.total, "all");
        let along = (points.mapv(f64::from) - &mean).dot(&axes.vectors);
        for (axis, column) in along.columns().into_iter().enumerate() {
            assert_close(column.dot(&column), axes.values[axis], 1e-9 * axes.total, &axis.to_string());
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
