//! Labels and their names from tables that anyone may have made.

use latentkit_core::Result;
use polars::prelude::*;

use super::reader::TableReader;
use crate::labels::LabelValues;

/// What a column says, or why it cannot be used.
pub(crate) type Usable<T> = std::result::Result<T, String>;

impl TableReader {
    /// Labels: texts of any type of column, truth values, or whole numbers of any type, also in lists of one; none where a row
    /// has no value.
    pub(crate) fn labels(&self, name: &str) -> Result<Usable<LabelValues>> {
        let series = match self.optional(name)?.and_then(|series| alone(&series)) {
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
        self.must_have(name)?;
        let expected = "texts, whole numbers or truth values";
        self.labels(name)?.map_err(|reason| self.unusable(name, "labels", &reason, expected))
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
    pub(super) fn optional(&self, name: &str) -> Result<Usable<Series>> {
        if let Some(unsupported) = self.unsupported(name) {
            return Ok(Err(format!("it holds `{unsupported}`")));
        }
        self.series(name).map(Ok)
    }
}

/// The values of lists that have one each; none where a list is empty.
fn alone(series: &Series) -> Usable<Series> {
    let dtype = match series.dtype() {
        DataType::List(_) => series.dtype().clone(),
        DataType::Array(inner, _) => DataType::List(inner.clone()),
        _ => return Ok(series.clone()),
    };
    let lists = series.cast(&dtype).map_err(|error| error.to_string())?;
    let lists = lists.list().map_err(|error| error.to_string())?;
    let lengths = lists.downcast_iter().flat_map(|chunk| chunk.offsets().lengths());
    if let Some((row, length)) = lengths.enumerate().find(|(_, length)| *length > 1) {
        return Err(format!("row {row} (counted from 0) is a list of {length} values"));
    }
    let options = ExplodeOptions { empty_as_null: true, keep_nulls: true };
    lists.explode(options).map_err(|error| error.to_string())
}

pub(super) fn texts(series: &Series) -> Usable<Vec<Option<String>>> {
    let texts = series.cast(&DataType::String).map_err(|error| error.to_string())?;
    let texts = texts.str().map_err(|error| error.to_string())?;
    Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())
}

/// A column of numbers that are whole; NaN is no value.
pub(super) fn numbers(series: &Series) -> Usable<Vec<Option<i64>>> {
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
