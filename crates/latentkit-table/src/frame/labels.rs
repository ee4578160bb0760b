//! Ids, labels and their names from tables that anyone may have made.

use latentkit_core::Result;
use polars::prelude::*;

use super::reader::{TableReader, first_null};
use crate::labels::LabelValues;

/// What a column says, or why it cannot be used.
pub(crate) type Usable<T> = std::result::Result<T, String>;

impl TableReader {
    /// The ids of the points: any whole numbers from 0 that fit.
    pub(crate) fn ids(&self, name: &str) -> Result<Usable<Vec<u32>>> {
        Ok(self.optional(name)?.and_then(|series| whole_numbers(&series)))
    }

    /// Labels: texts of any type of column, truth values, or whole numbers of any type; none where a row has no value.
    pub(crate) fn labels(&self, name: &str) -> Result<Usable<LabelValues>> {
        let series = match self.optional(name)? {
            Ok(series) => series,
            Err(reason) => return Ok(Err(reason)),
        };
        match series.dtype() {
            DataType::Boolean | DataType::String | DataType::Categorical(..) | DataType::Enum(..) => {
                let texts = match texts(&series) {
                    Ok(texts) => texts,
                    Err(reason) => return Ok(Err(reason)),
                };
                self.within_reason(
                    name,
                    texts.iter().flatten().map(|text| text.len() + size_of::<String>()),
                )?;
                Ok(Ok(LabelValues::Texts(texts)))
            }
            _ => Ok(numbers(&series).map(LabelValues::Numbers)),
        }
    }

    /// The labels of a column that must have some.
    pub(crate) fn required_labels(&self, name: &str) -> Result<LabelValues> {
        if !self.has(name) {
            // The error of a missing column names those that there are.
            return self.series(name).and_then(|_| Err(self.wrong(format!("it has no column `{name}`"))));
        }
        self.labels(name)?.map_err(|reason| {
            self.wrong(format!("column `{name}` cannot be used as labels: {reason}"))
                .expected("texts, whole numbers or truth values")
        })
    }

    /// The texts of a column.
    pub(crate) fn texts(&self, name: &str) -> Result<Usable<Vec<Option<String>>>> {
        match self.labels(name)? {
            Ok(LabelValues::Texts(texts)) => Ok(Ok(texts)),
            Ok(LabelValues::Numbers(_)) => Ok(Err("it holds numbers".to_owned())),
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// A column that the table can do without; an error only where the file cannot be read.
    fn optional(&self, name: &str) -> Result<Usable<Series>> {
        if let Some(unsupported) = self.unsupported(name) {
            return Ok(Err(format!("it holds `{unsupported}`")));
        }
        self.series(name).map(Ok)
    }
}

fn texts(series: &Series) -> Usable<Vec<Option<String>>> {
    let texts = series.cast(&DataType::String).map_err(|error| error.to_string())?;
    let texts = texts.str().map_err(|error| error.to_string())?;
    Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())
}

/// A column of numbers that are whole; NaN is no value.
fn numbers(series: &Series) -> Usable<Vec<Option<i64>>> {
    if series.dtype().is_integer() {
        let wide = series.cast(&DataType::Int64).map_err(|error| error.to_string())?;
        // A value that Int64 cannot hold became null in the cast.
        if wide.null_count() > series.null_count() {
            return Err("it holds numbers of more than 63 bits".to_owned());
        }
        return Ok(wide.i64().map_err(|error| error.to_string())?.iter().collect());
    }
    if !series.dtype().is_numeric() {
        return Err(format!("it holds `{}`", series.dtype()));
    }
    let wide = series.cast(&DataType::Float64).map_err(|error| error.to_string())?;
    let wide = wide.f64().map_err(|error| error.to_string())?;
    let whole = |(row, value): (usize, Option<f64>)| match value.filter(|value| !value.is_nan()) {
        None => Ok(None),
        Some(value) if value.fract() == 0.0 && value.abs() < MOST_WHOLE => Ok(Some(value as i64)),
        Some(value) => Err(format!("row {row} (counted from 0) is `{value}`, not a whole number")),
    };
    wide.iter().enumerate().map(whole).collect()
}

/// Up to here f64 tells neighbouring whole numbers apart.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A column of whole numbers of any type, each from 0 to the largest of u32.
fn whole_numbers(series: &Series) -> Usable<Vec<u32>> {
    if !series.dtype().is_integer() {
        return Err(format!("it holds `{}`", series.dtype()));
    }
    if let Some(row) = first_null(series) {
        return Err(format!("row {row} (counted from 0) is null"));
    }
    let wide = series.cast(&DataType::Int64).map_err(|error| error.to_string())?;
    let wide = wide.i64().map_err(|error| error.to_string())?;
    wide.iter()
        .enumerate()
        .map(|(row, value)| {
            // A value that Int64 cannot hold became null in the cast.
            value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| {
                let value = value.map_or("a larger number".to_owned(), |value| format!("`{value}`"));
                format!("row {row} (counted from 0) is {value}, not a whole number from 0 to {}", u32::MAX)
            })
        })
        .collect()
}
