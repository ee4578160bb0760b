//! Points scaled before they are clustered, and centroids in the coordinates that the points came in.

use latentkit_core::{Cancellation, Error, Phase, Result};
use latentkit_table::{Ids, Labels, Values};
use ndarray::{Array2, ArrayView1, Axis};

use crate::config::Scaling;
use crate::points::OwnedPoints;

/// The points as they are clustered.
pub(crate) struct Embeddings {
    /// Id of each point: [n].
    pub(crate) ids: Ids,
    pub(crate) labels: Option<Labels>,
    /// Where each point comes from, where that is known: [n].
    pub(crate) paths: Option<Vec<Option<String>>>,
    /// The coordinates: those of the table, scaled, less `origin` and divided by `unit` of [`Original`].
    pub(crate) points: OwnedPoints,
}

/// What leads back to the coordinates of the table.
pub(crate) struct Original {
    /// What a coordinate of 0 stands for after scaling: [dimensions].
    origin: Vec<f64>,
    /// What a distance of 1 stands for after scaling, a power of two.
    pub(crate) unit: f64,
    scaling: Scaled,
}

/// How points were scaled.
enum Scaled {
    Not,
    /// Each column less `mean`, divided by `deviation`, each [dimensions].
    Standardized {
        mean: Vec<f64>,
        deviation: Vec<f64>,
    },
    /// Each point divided by its norm: [n].
    Divided(Vec<f64>),
}

/// Columns that are scaled at a time, so that each line of the cache is read once.
const COLUMNS: usize = 16;

/// The largest distance of a coordinate from its origin whose square f32 holds with room for thousands of columns, and the least
/// one below which squares of f32 would lose what is small beside it.
const RANGE: (f64, f64) = (1e-6, 1e15);

/// The distances of coordinates from their origin that the f32 columns of the tables hold, and those that are small beside them.
const WRITABLE: (f64, f64) = (1e-33, 1e36);

/// Scales points, and narrows them to f32 relative to where most of them lie.
///
/// - `none` leaves them.
/// - `standardize` takes the mean from each column and divides it by its population standard deviation; a constant column
///   becomes 0.
/// - `unit-length` divides each point by its Euclidean norm. The squared distance of two such points is
///   2 - 2 cos of the angle between them, so that K-Means becomes spherical K-Means but for its centroids.
///
/// All of this is computed in f64. What is clustered is f32: as they are where f32 holds all numbers exactly and nothing is
/// scaled; else each column less its median, so that rounding takes its share of the distance from where most points lie, and
/// neither a common offset nor a few huge values cost the others their digits. Where all are very large or very small they are
/// also divided by a power of two. Where points are so near to each other beside the whole that f32 would lose what tells them
/// apart, what it leaves of each coordinate is kept beside it.
///
/// # Errors
/// Of kind input, when a point that should get unit length is 0, naming the row, or when distances would be too large or too
/// small for the tables; and when the user interrupts.
pub(crate) fn scale(
    values: Values,
    scaling: Scaling,
    cancel: Cancellation,
) -> Result<(OwnedPoints, Original)> {
    let (rows, columns) = values.dim();
    let passes = if scaling == Scaling::Standardize { 3 } else { 2 };
    let phase = Phase::new(tracing::info_span!("scaling", unit = "columns"), passes * columns);
    let _entered = phase.enter();
    let scaled = match scaling {
        Scaling::None => Scaled::Not,
        Scaling::Standardize => {
            let (mut mean, mut deviation) = (vec![0.0; columns], vec![0.0; columns]);
            each_column(&values, &phase, cancel, |column, values| {
                (mean[column], deviation[column]) = moments(values);
                Ok(())
            })?;
            Scaled::Standardized { mean, deviation }
        }
        Scaling::UnitLength => Scaled::Divided(norms(&values, cancel)?),
    };
    let values = match (values, &scaled) {
        (Values::Single(points), Scaled::Not)
            if largest(points.iter().map(|&value| f64::from(value))).is_none_or(is_in_range) =>
        {
            return Ok((points.into(), Original { origin: vec![0.0; columns], unit: 1.0, scaling: scaled }));
        }
        (values, _) => values,
    };
    let apply = |column: usize, row: usize, value: f64| match &scaled {
        Scaled::Not => value,
        Scaled::Standardized { mean, deviation } => {
            (value - mean[column]) / if deviation[column] > 0.0 { deviation[column] } else { 1.0 }
        }
        Scaled::Divided(norms) => value / norms[row],
    };
    let mut origin = vec![0.0; columns];
    let mut farthest = 0.0_f64;
    let mut scratch = vec![0.0; rows];
    each_column(&values, &phase, cancel, |column, values| {
        for (row, (to, &value)) in scratch.iter_mut().zip(values).enumerate() {
            *to = apply(column, row, value);
        }
        origin[column] = origin_of(&scratch);
        let from = |&value: &f64| value - origin[column];
        farthest = farthest.max(largest(scratch.iter().map(from)).unwrap_or(0.0));
        Ok(())
    })?;
    if farthest > 0.0 && !(WRITABLE.0..=WRITABLE.1).contains(&farthest) {
        let size = if farthest > 1.0 { "large" } else { "small" };
        return Err(Error::input(format!(
            "the points are too {size} for the distances in the tables, which are f32"
        ))
        .expected(format!("coordinates that differ by {:e} to {:e}", WRITABLE.0, WRITABLE.1))
        .found(format!("{farthest:e}"))
        .hint("multiply all columns by one power of ten, or set `cluster.scaling` to \"standardize\""));
    }
    let unit = if is_in_range(farthest) { 1.0 } else { unit_of(farthest) };
    let mut narrowed = Array2::zeros((rows, columns));
    each_column(&values, &phase, cancel, |column, values| {
        for (row, (to, &value)) in narrowed.column_mut(column).iter_mut().zip(values).enumerate() {
            *to = ((apply(column, row, value) - origin[column]) / unit) as f32;
        }
        Ok(())
    })?;
    let coordinate =
        |row: usize, column: usize, value: f64| (apply(column, row, value) - origin[column]) / unit;
    let rests = rests(&values, &narrowed, coordinate, cancel)?;
    Ok((OwnedPoints { values: narrowed, rests }, Original { origin, unit, scaling: scaled }))
}

/// What f32 leaves of each coordinate, [n, dimensions], where that matters: where the most that it leaves of a point, as a
/// distance, is more than a small part of how near points are to each other, told from a sample. `coordinate` makes of a value
/// of a row and column what `narrowed` holds rounded.
fn rests(
    values: &Values,
    narrowed: &Array2<f32>,
    coordinate: impl Fn(usize, usize, f64) -> f64,
    cancel: Cancellation,
) -> Result<Option<Array2<f32>>> {
    let (rows, columns) = values.dim();
    let rest = |row: usize, column: usize, value: f64| {
        coordinate(row, column, value) - f64::from(narrowed[[row, column]])
    };
    let phase = Phase::new(tracing::info_span!("precision", unit = "columns"), 2 * columns);
    let _entered = phase.enter();
    let mut squares = vec![0.0; rows];
    each_column(values, &phase, cancel, |column, values| {
        for (row, (square, &value)) in squares.iter_mut().zip(values).enumerate() {
            *square += rest(row, column, value).powi(2);
        }
        Ok(())
    })?;
    let most = squares.into_iter().fold(0.0, f64::max).sqrt();
    let count = ((COMPARED / columns.max(1)) as f64).sqrt().clamp(10.0, 1000.0) as usize;
    let sample: Vec<Vec<f64>> = (0..rows)
        .step_by(rows.div_ceil(count).max(1))
        .map(|row| (0..columns).map(|column| coordinate(row, column, values.at(row, column))).collect())
        .collect();
    let nearest = |(place, point): (usize, &Vec<f64>)| {
        let others = sample.iter().enumerate().filter(|&(other, _)| other != place).map(|(_, other)| other);
        let square = |other: &Vec<f64>| point.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        others.map(square).filter(|&square| square > 0.0).fold(f64::INFINITY, f64::min)
    };
    let mut near = Vec::new();
    for point in sample.iter().enumerate() {
        cancel.check()?;
        near.push(nearest(point));
    }
    near.sort_by(f64::total_cmp);
    // Of a sample of equal points it cannot be told.
    let near = near.get(near.len() / 10).copied().filter(|near| near.is_finite()).unwrap_or(0.0).sqrt();
    if most <= LEFT * near {
        return Ok(None);
    }
    let mut rests = Array2::zeros((rows, columns));
    each_column(values, &phase, cancel, |column, values| {
        for (row, (to, &value)) in rests.column_mut(column).iter_mut().zip(values).enumerate() {
            *to = rest(row, column, value) as f32;
        }
        Ok(())
    })?;
    Ok(Some(rests))
}

/// What f32 may leave of a point, as a part of how near points are to each other.
const LEFT: f64 = 1e-4;

/// Differences of coordinates that are computed to tell how near points are, roughly.
const COMPARED: usize = 100_000_000;

/// Calls `visit` with each column as f64.
fn each_column(
    values: &Values,
    phase: &Phase,
    cancel: Cancellation,
    mut visit: impl FnMut(usize, &[f64]) -> Result<()>,
) -> Result<()> {
    let (rows, columns) = values.dim();
    let mut block = vec![vec![0.0; rows]; COLUMNS.min(columns)];
    for first in (0..columns).step_by(COLUMNS) {
        cancel.check()?;
        let count = COLUMNS.min(columns - first);
        for row in 0..rows {
            for (place, column) in block.iter_mut().take(count).enumerate() {
                column[row] = values.at(row, first + place);
            }
        }
        for (place, column) in block.iter().take(count).enumerate() {
            visit(first + place, column)?;
        }
        phase.add(count);
    }
    Ok(())
}

/// The Euclidean norm of each point: [n].
fn norms(values: &Values, cancel: Cancellation) -> Result<Vec<f64>> {
    let (rows, columns) = values.dim();
    let of_row = |row: usize| {
        cancel.check()?;
        norm((0..columns).map(|column| values.at(row, column))).ok_or_else(|| {
            Error::input(format!("the point in row {row} (counted from 0) is 0 and cannot get unit length"))
                .hint("drop the row, or set `cluster.scaling` to \"none\" or \"standardize\"")
        })
    };
    (0..rows).map(of_row).collect()
}

/// The Euclidean norm of a point; none where it is 0.
fn norm(point: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    // Relative to the largest coordinate, so that no square vanishes or overflows.
    let largest = largest(point.clone()).filter(|&largest| largest > 0.0)?;
    Some(largest * point.map(|value| (value / largest).powi(2)).sum::<f64>().sqrt())
}

/// The largest absolute value; none of none.
fn largest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.map(f64::abs).reduce(f64::max)
}

/// Whether f32 holds squares of numbers up to this one, and those of numbers that are small beside it. 0 is.
fn is_in_range(largest: f64) -> bool {
    largest == 0.0 || (RANGE.0..=RANGE.1).contains(&largest)
}

/// The power of two to divide by, so that the largest becomes about 1, or the upper end of the range where that is nearer.
fn unit_of(largest: f64) -> f64 {
    let aim = if largest > RANGE.1 { RANGE.1 } else { 1.0 };
    (largest / aim).log2().ceil().clamp(-1000.0, 1000.0).exp2()
}

/// What a column is narrowed relative to: 0 where f32 holds all of its numbers, else their median.
#[expect(clippy::float_cmp, reason = "asks whether f32 holds the same number")]
fn origin_of(values: &[f64]) -> f64 {
    if values.iter().all(|&value| f64::from(value as f32) == value) {
        return 0.0;
    }
    let middle = values.len() / 2;
    let mut sorted = values.to_vec();
    *sorted.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Mean and population standard deviation of a column; the deviation of equal values is exactly 0.
fn moments(column: &[f64]) -> (f64, f64) {
    let first = column.first().copied().unwrap_or(0.0);
    let count = column.len().max(1) as f64;
    let mean = first + column.iter().map(|&value| value - first).sum::<f64>() / count;
    // Relative to the largest, so that no square vanishes or overflows.
    let scale = largest(column.iter().map(|value| value - mean)).unwrap_or(0.0);
    if scale == 0.0 {
        return (mean, 0.0);
    }
    let square = column.iter().map(|&value| ((value - mean) / scale).powi(2)).sum::<f64>();
    (mean, scale * (square / count).sqrt())
}

/// A sentence about the columns on which all points are equal; none where there are none.
#[expect(clippy::float_cmp, reason = "asks whether all values are the same number")]
pub(crate) fn constant_columns(values: &Values) -> Option<String> {
    let (rows, columns) = values.dim();
    let is_constant = |&column: &usize| (1..rows).all(|row| values.at(row, column) == values.at(0, column));
    let constant: Vec<String> = (0..columns).filter(is_constant).map(|axis| format!("z{axis}")).collect();
    let shown = if constant.len() > SHOWN {
        format!("{}, ...", constant[..SHOWN].join(", "))
    } else {
        constant.join(", ")
    };
    (!constant.is_empty()).then(|| {
        format!(
            "{} of {columns} columns {} the same value in every row ({shown}) and {} nothing to any distance",
            constant.len(),
            if constant.len() == 1 { "has" } else { "have" },
            if constant.len() == 1 { "adds" } else { "add" },
        )
    })
}

/// Columns that a sentence names at most.
const SHOWN: usize = 10;

impl Original {
    /// A point of the table as it would be clustered, rounded as the others; none where it is 0 and should get unit length.
    pub(crate) fn place(&self, point: ArrayView1<'_, f32>) -> Option<Vec<f32>> {
        let norm = match self.scaling {
            Scaled::Divided(_) => norm(point.iter().map(|&value| f64::from(value)))?,
            _ => 1.0,
        };
        let coordinate = |(column, &value): (usize, &f32)| {
            let value = f64::from(value);
            let scaled = match &self.scaling {
                Scaled::Standardized { mean, deviation } => {
                    (value - mean[column]) / if deviation[column] > 0.0 { deviation[column] } else { 1.0 }
                }
                _ => value / norm,
            };
            ((scaled - self.origin[column]) / self.unit) as f32
        };
        Some(point.iter().enumerate().map(coordinate).collect())
    }

    /// The centroids of clusters in the coordinates of the table: the means of their points as they came.
    pub(crate) fn centroids(
        &self,
        points: &Array2<f32>,
        clusters: &[u32],
        centroids: &Array2<f64>,
    ) -> Array2<f64> {
        let origin = ArrayView1::from(&self.origin);
        match &self.scaling {
            Scaled::Not => centroids * self.unit + origin,
            Scaled::Standardized { mean, deviation } => {
                (centroids * self.unit + origin) * ArrayView1::from(deviation) + ArrayView1::from(mean)
            }
            Scaled::Divided(norms) => {
                let mut sums = Array2::<f64>::zeros(centroids.dim());
                let mut counts = vec![0_u32; centroids.nrows()];
                for ((point, &cluster), norm) in points.rows().into_iter().zip(clusters).zip(norms) {
                    counts[cluster as usize] += 1;
                    let full = point
                        .iter()
                        .zip(origin)
                        .map(|(&value, origin)| f64::from(value) * self.unit + origin);
                    let mut sum = sums.row_mut(cluster as usize);
                    sum.iter_mut().zip(full).for_each(|(sum, value)| *sum += value * norm);
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

    fn scaled(values: Values, scaling: Scaling) -> (Array2<f32>, Original) {
        let (points, original) = scale(values, scaling, Cancellation::never()).unwrap();
        (points.values, original)
    }

    #[test]
    fn nothing_is_scaled_unless_asked() {
        let (points, original) = scaled(Values::Single(array![[1.0, 2.0], [3.0, 4.0]]), Scaling::None);
        assert_eq!(points, array![[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(original.centroids(&points, &[0, 0], &array![[2.0, 3.0]]), array![[2.0, 3.0]]);
    }

    #[test]
    fn neither_an_offset_nor_a_huge_value_costs_the_others_their_digits() {
        let near =
            array![[0.1, 1e6 + 0.1], [0.2, 1e6 + 0.2], [0.3, 1e6 + 0.3], [0.4, 1e6 + 0.4], [1e10, 1e6]];
        let (points, original) = scaled(Values::Double(near.clone()), Scaling::None);
        for row in 0..4 {
            for column in 0..2 {
                let apart = f64::from(points[[row, column]]) - f64::from(points[[0, column]]);
                assert_close(apart, 0.1 * row as f64, 1e-7, &format!("row {row}, column {column}"));
            }
        }
        let clusters = [0, 1, 2, 3, 4];
        let back = original.centroids(&points, &clusters, &points.mapv(f64::from));
        for (found, expected) in back.iter().zip(&near) {
            assert_close(*found, *expected, 1e-6 * expected.abs().max(0.1), "back");
        }
    }

    #[test]
    fn what_f32_leaves_is_kept_where_points_are_near_to_each_other() {
        let mut rng = crate::testing::rng(5);
        for (spread, kept) in [(1.0, false), (1e-4, true), (1e-9, true)] {
            let points = Array2::from_shape_fn((300, 4), |(row, column)| {
                let place = if (row + column) % 3 == 0 { 10.0 } else { -7.3 };
                place + spread * rand::Rng::gen_range(&mut rng, -1.0..1.0)
            });
            let (found, original) =
                scale(Values::Double(points.clone()), Scaling::None, Cancellation::never()).unwrap();
            assert_eq!(found.rests.is_some(), kept, "spread {spread}");
            let found = found.points();
            for ((row, column), &value) in points.indexed_iter() {
                let back = found.at(row, column) * original.unit + original.origin[column];
                let tolerance = if kept { 1e-13 } else { 1e-6 };
                assert_close(back, value, tolerance, &format!("spread {spread}, row {row}"));
            }
        }
    }

    #[test]
    fn very_large_and_very_small_numbers_keep_their_distances() {
        for size in [1e-33, 1e-30, 1e30, 1e35] {
            let (points, original) =
                scaled(Values::Double(array![[size], [3.0 * size], [7.0 * size]]), Scaling::None);
            let at = |row: usize| f64::from(points[[row, 0]]);
            assert_close((at(2) - at(1)) / (at(1) - at(0)), 2.0, 1e-6, &format!("{size}"));
            assert!((at(2) - at(0)).abs() < 1e16 && (at(2) - at(0)).abs() > 1e-3, "{size}");
            let back = original.centroids(&points, &[0, 1, 2], &points.mapv(f64::from));
            assert_close(back[[2, 0]] / size, 7.0, 1e-6, "back");
        }
        for (size, word) in
            [(1e-300, "too small"), (1e-40, "too small"), (1e37, "too large"), (1e300, "too large")]
        {
            let values = || Values::Double(array![[size], [3.0 * size]]);
            let error = scale(values(), Scaling::None, Cancellation::never()).err().unwrap().to_string();
            assert!(error.contains(word), "{error}");
            let (points, _) = scaled(values(), Scaling::Standardize);
            assert_close(f64::from((points[[1, 0]] - points[[0, 0]]).abs()), 2.0, 1e-6, "standardized");
        }
        let (points, _) = scaled(Values::Single(array![[1e30], [2e30]]), Scaling::None);
        assert!(points.iter().all(|value| value.abs() < 1e16), "{points}");
    }

    #[test]
    fn standardized_columns_have_mean_0_and_deviation_1() {
        let (points, original) =
            scaled(Values::Single(array![[101.0, 7.5], [103.0, 7.5], [105.0, 7.5]]), Scaling::Standardize);
        // The deviation is the square root of 8 / 3, as NumPy's std of 1, 3, 5.
        let expected = 2.0 / (8.0_f64 / 3.0).sqrt();
        assert_close(f64::from(points[[2, 0]] - points[[1, 0]]), expected, 1e-7, "last");
        assert_eq!(points.column(1), array![0.0, 0.0, 0.0]);
        let back = original.centroids(&points, &[0, 1, 2], &points.mapv(f64::from));
        assert_eq!(back.column(1), array![7.5, 7.5, 7.5]);
        assert_close(back[[2, 0]], 105.0, 1e-6, "back");
    }

    #[test]
    fn points_of_unit_length_keep_their_direction_whatever_their_norm() {
        for norm in [1e-200, 1e-9, 1.0, 1e9] {
            let (points, original) =
                scaled(Values::Double(array![[3.0 * norm, 4.0 * norm], [0.0, 2.0]]), Scaling::UnitLength);
            let at = |row: usize, column: usize| {
                f64::from(points[[row, column]]) * original.unit + original.origin[column]
            };
            for (place, expected) in [(0, [0.6, 0.8]), (1, [0.0, 1.0])] {
                assert_close(at(place, 0), expected[0], 1e-7, "first");
                assert_close(at(place, 1), expected[1], 1e-7, "second");
            }
            let back = original.centroids(&points, &[0, 1], &points.mapv(f64::from));
            assert_close(back[[0, 1]] / norm, 4.0, 1e-6, "back");
        }
    }

    #[test]
    fn a_point_at_0_has_no_direction() {
        for values in [Values::Single(array![[1.0], [0.0]]), Values::Double(array![[0.1], [0.0]])] {
            let error = scale(values, Scaling::UnitLength, Cancellation::never()).err().unwrap().to_string();
            assert!(error.contains("row 1 (counted from 0)"), "{error}");
        }
    }

    #[test]
    fn constant_columns_are_named() {
        let found = constant_columns(&Values::Single(array![[1.0, 2.0, 0.0], [1.0, 3.0, 0.0]]));
        assert_eq!(
            found.unwrap(),
            "2 of 3 columns have the same value in every row (z0, z2) and add nothing to any distance"
        );
        assert_eq!(constant_columns(&Values::Double(array![[1.0], [1e-20]])), None);
    }
}
