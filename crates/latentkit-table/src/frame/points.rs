//! Points, ids and labels from tables that anyone may have made.

use latentkit_core::Result;
use ndarray::{Array2, ArrayView1, ArrayViewMut1};
use polars::prelude::*;

use super::reader::{TableReader, first_null};
use crate::labels::Labels;

/// What a column says, or why it cannot be used.
pub(crate) type Usable<T> = std::result::Result<T, String>;

impl TableReader {
    /// The ids of the points: any whole numbers from 0 that fit.
    pub(crate) fn ids(&self, name: &str) -> Result<Usable<Vec<u32>>> {
        Ok(self.optional(name)?.and_then(|series| whole_numbers(&series, u32::MAX)))
    }

    /// Labels: whole numbers from 0 to 255, each named by itself, or texts or truth values, numbered in the order of the
    /// alphabet.
    pub(crate) fn labels(&self, name: &str) -> Result<Usable<Labels>> {
        if self.holds_texts(name) {
            return Ok(self.texts(name)?.and_then(|texts| named_labels(&texts)));
        }
        Ok(self.optional(name)?.and_then(|series| match series.dtype() {
            DataType::Boolean => named_labels(&truth_values(&series)?),
            _ => whole_numbers(&series, 255).map(|numbers| numbered_labels(&numbers)),
        }))
    }

    /// The labels of a column that must have some.
    pub(crate) fn required_labels(&self, name: &str) -> Result<Labels> {
        if !self.has(name) {
            // The error of a missing column names those that there are.
            return self.series(name).and_then(|_| Err(self.wrong(format!("it has no column `{name}`"))));
        }
        self.labels(name)?.map_err(|reason| {
            self.wrong(format!("column `{name}` cannot be used as labels: {reason}"))
                .expected("at most 256 different texts, whole numbers from 0 to 255, or truth values")
        })
    }

    /// The texts of a column.
    pub(crate) fn texts(&self, name: &str) -> Result<Usable<Vec<String>>> {
        let series = self.optional(name)?;
        if let Some(texts) = series.as_ref().ok().and_then(|series| series.str().ok()) {
            let lengths = texts.iter().flatten().map(|text| text.len() + size_of::<String>());
            self.within_reason(name, lengths)?;
        }
        Ok(series.and_then(|series| texts(&series)))
    }

    pub(crate) fn holds_texts(&self, name: &str) -> bool {
        self.schema.get(name).is_some_and(|field| {
            matches!(field.dtype(), ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View)
        })
    }

    /// A column that the table can do without; an error only where the file cannot be read.
    fn optional(&self, name: &str) -> Result<Usable<Series>> {
        if let Some(unsupported) = self.unsupported(name) {
            return Ok(Err(format!("it holds `{unsupported}`")));
        }
        self.series(name).map(Ok)
    }

    /// The points of the table and what they are relative to; see [`crate::Embeddings`].
    pub(crate) fn points(&self, column: Option<&str>) -> Result<(Array2<f32>, Vec<f64>)> {
        if self.height == 0 {
            return Err(self.wrong("it has no rows"));
        }
        if let Some(name) = column {
            return self.list_points(name);
        }
        if self.has("z0") {
            return self.column_points(&self.numbered_columns()?);
        }
        let lists: Vec<&str> = self
            .schema
            .iter()
            .filter(|(_, field)| {
                matches!(
                    field.dtype(),
                    ArrowDataType::LargeList(_) | ArrowDataType::List(_) | ArrowDataType::FixedSizeList(..)
                )
            })
            .map(|(name, _)| name.as_str())
            .collect();
        match lists.as_slice() {
            ["z"] => self.list_points("z"),
            [only] => self.list_points(only),
            _ => {
                let names: Vec<_> = self.schema.iter_names().map(|name| format!("`{name}`")).collect();
                Err(self
                    .wrong("it has no latent columns")
                    .expected("columns `z0`, `z1`, ... of f32 or f64, or one column of lists of them")
                    .found(names.join(", "))
                    .hint("name the column of lists with `--column NAME`"))
            }
        }
    }

    /// The names `z0`, `z1`, ... up to the last that the table has.
    fn numbered_columns(&self) -> Result<Vec<String>> {
        let index = |name: &str| {
            let index: usize = name.strip_prefix('z')?.parse().ok()?;
            // Not `z07` or `z+7`.
            (format!("z{index}") == name).then_some(index)
        };
        let last = self.schema.iter_names().filter_map(|name| index(name)).max().unwrap_or(0);
        let names = (0..=last).map(|index| format!("z{index}"));
        let missing = names.clone().find(|name| !self.has(name));
        match missing {
            None => Ok(names.collect()),
            Some(missing) => Err(self
                .wrong(format!("it has no column `{missing}`"))
                .expected(format!("all of `z0` to `z{last}`"))
                .hint("add the column, rename those after the gap, or name a column of lists with `--column NAME`")),
        }
    }

    /// The points whose coordinates are the columns `names`.
    fn column_points(&self, names: &[String]) -> Result<(Array2<f32>, Vec<f64>)> {
        let mut points = Array2::zeros((self.height, names.len()));
        let mut origin = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let series = self.series(name)?;
            self.no_nulls(name, &series)?;
            let values = self.floats(name, &series)?;
            for (row, &value) in values.iter().enumerate() {
                self.check_value(name, row, value)?;
            }
            origin.push(narrow(ArrayView1::from(&values), points.column_mut(index)));
        }
        Ok((points, origin))
    }

    /// The points that are the lists of one column.
    fn list_points(&self, name: &str) -> Result<(Array2<f32>, Vec<f64>)> {
        let series = self.series(name)?;
        self.no_nulls(name, &series)?;
        let inner = match series.dtype() {
            DataType::List(inner) | DataType::Array(inner, _) if inner.is_float() => inner.as_ref().clone(),
            other => {
                return Err(self
                    .wrong(format!("column `{name}` holds no points"))
                    .expected("lists of f32 or f64")
                    .found(format!("`{other}`")));
            }
        };
        if inner == DataType::Float32 {
            let (points, width) = self.list_values(name, &series, |value| value as f32)?;
            return Ok((self.rows_of(points, width)?, vec![0.0; width]));
        }
        let (values, width) = self.list_values(name, &series, |value| value)?;
        let values = self.rows_of(values, width)?;
        let mut points = Array2::zeros(values.dim());
        let columns = values.columns().into_iter().zip(points.columns_mut());
        let origin = columns.map(|(values, points)| narrow(values, points)).collect();
        Ok((points, origin))
    }

    fn rows_of<T>(&self, values: Vec<T>, width: usize) -> Result<Array2<T>> {
        Array2::from_shape_vec((self.height, width), values).map_err(|error| self.wrong(error))
    }

    /// The values of all lists of a column, which have one length, one list after the other; and that length.
    fn list_values<T>(&self, name: &str, series: &Series, of: impl Fn(f64) -> T) -> Result<(Vec<T>, usize)> {
        let mut values = Vec::new();
        let mut width = 0;
        for row in 0..series.len() {
            let list = match series.get(row).map_err(|error| self.wrong(error))? {
                AnyValue::List(list) | AnyValue::Array(list, _) => list,
                other => {
                    return Err(self.wrong(format!("column `{name}`, row {row} holds `{other}`, not a list")));
                }
            };
            if row == 0 {
                width = list.len();
                values.reserve_exact(width.saturating_mul(series.len()).min(self.values(name)));
            }
            if list.len() != width || width == 0 {
                return Err(self
                    .wrong(format!(
                        "column `{name}`, row {row} (counted from 0) has a list of another length"
                    ))
                    .expected(if width == 0 {
                        "at least 1 value".to_owned()
                    } else {
                        format!("{width} values, as in row 0")
                    })
                    .found(list.len().to_string()));
            }
            if list.null_count() > 0 {
                return Err(
                    self.wrong(format!("column `{name}`, row {row} (counted from 0) has a null in its list"))
                );
            }
            for value in self.floats(name, &list)? {
                self.check_value(name, row, value)?;
                values.push(of(value));
            }
        }
        Ok((values, width))
    }

    /// The values of a column of f32 or f64 without nulls.
    fn floats(&self, name: &str, series: &Series) -> Result<Vec<f64>> {
        match series.dtype() {
            DataType::Float32 => Ok(series
                .f32()
                .map_err(|error| self.wrong(error))?
                .into_no_null_iter()
                .map(f64::from)
                .collect()),
            DataType::Float64 => {
                Ok(series.f64().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
            }
            other => Err(self
                .wrong(format!("column `{name}` has the wrong type"))
                .expected("f32 or f64")
                .found(format!("`{other}`"))),
        }
    }

    /// An error where the value is not finite, or not as f32.
    fn check_value(&self, name: &str, row: usize, value: f64) -> Result<()> {
        if (value as f32).is_finite() {
            return Ok(());
        }
        let problem = if value.is_finite() { "is too large for f32" } else { "is not finite" };
        Err(self
            .wrong(format!("column `{name}`, row {row} (counted from 0) {problem}"))
            .found(format!("`{value}`"))
            .hint("drop the row, or mend what made it"))
    }
}

/// Writes the values, which are finite as f32, relative to the number that is returned: 0 where f32 holds all of them,
/// else their mean, so that rounding takes its share of their spread and not of their distance from 0.
#[expect(clippy::float_cmp, reason = "asks whether f32 holds the same number")]
fn narrow(values: ArrayView1<'_, f64>, mut narrowed: ArrayViewMut1<'_, f32>) -> f64 {
    let exact = values.iter().all(|&value| f64::from(value as f32) == value);
    let mean = values.mean().unwrap_or(0.0);
    let fit = values.iter().all(|&value| ((value - mean) as f32).is_finite());
    let origin = if exact || !fit { 0.0 } else { mean };
    narrowed.zip_mut_with(&values, |narrowed, value| *narrowed = (value - origin) as f32);
    origin
}

/// A column of whole numbers of any type, each from 0 to `largest`.
fn whole_numbers(series: &Series, largest: u32) -> Usable<Vec<u32>> {
    if !series.dtype().is_integer() {
        return Err(format!("it holds `{}`", series.dtype()));
    }
    no_nulls(series)?;
    let wide = series.cast(&DataType::Int64).map_err(|error| error.to_string())?;
    let wide = wide.i64().map_err(|error| error.to_string())?;
    wide.iter()
        .enumerate()
        .map(|(row, value)| {
            // A value that Int64 cannot hold became null in the cast.
            value.and_then(|value| u32::try_from(value).ok()).filter(|&value| value <= largest).ok_or_else(
                || {
                    let value = value.map_or("a larger number".to_owned(), |value| format!("`{value}`"));
                    format!("row {row} (counted from 0) is {value}, not a whole number from 0 to {largest}")
                },
            )
        })
        .collect()
}

fn truth_values(series: &Series) -> Usable<Vec<String>> {
    no_nulls(series)?;
    let values = series.bool().map_err(|error| error.to_string())?;
    Ok(values.iter().flatten().map(|value| value.to_string()).collect())
}

fn texts(series: &Series) -> Usable<Vec<String>> {
    let DataType::String = series.dtype() else {
        return Err(format!("it holds `{}`", series.dtype()));
    };
    no_nulls(series)?;
    let texts = series.str().map_err(|error| error.to_string())?;
    Ok(texts.iter().flatten().map(str::to_owned).collect())
}

fn no_nulls(series: &Series) -> Usable<()> {
    match first_null(series) {
        Some(row) => Err(format!("row {row} (counted from 0) is null")),
        None => Ok(()),
    }
}

/// Labels of texts, numbered in the order of the alphabet.
fn named_labels(texts: &[String]) -> Usable<Labels> {
    let mut names = texts.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.len() > 256 {
        return Err(format!("it holds {} different texts, more than 256", names.len()));
    }
    let code = |text: &String| names.binary_search(text).map_or(0, |index| index as u8);
    Ok(Labels { codes: texts.iter().map(code).collect(), names })
}

/// Labels of numbers from 0 to 255, each named by itself.
fn numbered_labels(numbers: &[u32]) -> Labels {
    let count = numbers.iter().max().map_or(0, |&largest| largest + 1);
    Labels {
        codes: numbers.iter().map(|&number| number as u8).collect(),
        names: (0..count).map(|label| label.to_string()).collect(),
    }
}
