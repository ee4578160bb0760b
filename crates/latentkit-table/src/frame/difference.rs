//! Columns of any type, compared value by value.

use latentkit_core::Result;
use polars::prelude::*;

use super::pictures::bytes_of;
use super::reader::TableReader;

/// How one table differs from another. Equal in all of this, they may still differ in how their values are encoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDifferences {
    /// The columns that differ, in the order of the first table; those that only the second has come last.
    pub columns: Vec<ColumnDifference>,
    /// The keys of the metadata whose values differ or that only one of the tables has.
    pub metadata: Vec<String>,
}

/// A column that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDifference {
    /// Its name.
    pub name: String,
    /// How.
    pub difference: Difference,
}

/// How values differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The largest absolute difference of the numbers. Infinite where only one of two numbers is finite or there at all.
    Largest(f64),
    /// In so many rows, for what has no distance.
    Rows(usize),
    /// The columns cannot be compared value by value, for this reason.
    Kind(String),
}

impl TableReader {
    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.iter_names().map(PlSmallStr::as_str)
    }
}

/// See [`crate::table_differences`].
pub(crate) fn differences(first: &TableReader, second: &TableReader) -> Result<TableDifferences> {
    let mut found = TableDifferences::default();
    let mut add = |name: &str, difference| {
        found.columns.push(ColumnDifference { name: name.to_owned(), difference });
    };
    for name in first.names() {
        let difference = if !second.has(name) {
            Some(Difference::Kind("not here".to_owned()))
        } else if let Some(dtype) = first.unsupported(name).or_else(|| second.unsupported(name)) {
            Some(Difference::Kind(format!("cannot be compared: it holds `{dtype}`")))
        } else {
            column_difference(&first.series(name)?, &second.series(name)?)
        };
        if let Some(difference) = difference {
            add(name, difference);
        }
    }
    for name in second.names().filter(|name| !first.has(name)) {
        add(name, Difference::Kind("only here".to_owned()));
    }
    let keys: std::collections::BTreeSet<_> = first.metadata.keys().chain(second.metadata.keys()).collect();
    found.metadata = keys
        .into_iter()
        .filter(|key| first.metadata.get(*key) != second.metadata.get(*key))
        .cloned()
        .collect();
    Ok(found)
}

/// How two columns differ; none when they do not.
fn column_difference(first: &Series, second: &Series) -> Option<Difference> {
    if first.dtype() != second.dtype() {
        return Some(Difference::Kind(format!("{} there, {} here", first.dtype(), second.dtype())));
    }
    if first.len() != second.len() {
        return Some(Difference::Kind(format!("{} row(s) there, {} here", first.len(), second.len())));
    }
    let compared = match (values(first), values(second)) {
        (Ok(Values::Numbers(first)), Ok(Values::Numbers(second))) => {
            // Lists may be of other lengths and hold as many numbers together; the distances then say so.
            if first.len() != second.len() {
                return Some(Difference::Kind("lists of other lengths".to_owned()));
            }
            let largest = first.iter().zip(&second).map(|(a, b)| distance(*a, *b)).fold(0.0, f64::max);
            return (largest > 0.0).then_some(Difference::Largest(largest));
        }
        (Ok(Values::Others(first)), Ok(Values::Others(second))) => {
            first.iter().zip(&second).filter(|(a, b)| a != b).count()
        }
        (Err(error), _) | (_, Err(error)) => {
            return Some(Difference::Kind(format!("cannot be compared: {error}")));
        }
        _ => first.len(),
    };
    (compared > 0).then_some(Difference::Rows(compared))
}

/// The absolute difference of two numbers, 0 for two that are missing, NaN or the same infinity.
#[expect(clippy::float_cmp, reason = "asks whether both are the same number")]
fn distance(first: Option<f64>, second: Option<f64>) -> f64 {
    match (first, second) {
        (None, None) => 0.0,
        (Some(a), Some(b)) if a == b || (a.is_nan() && b.is_nan()) => 0.0,
        (Some(a), Some(b)) if a.is_finite() && b.is_finite() => (a - b).abs(),
        _ => f64::INFINITY,
    }
}

/// The values of a column.
enum Values {
    /// Numbers; those of lists one after the other.
    Numbers(Vec<Option<f64>>),
    /// Texts, bytes, those of files, and truth values.
    Others(Vec<Option<Vec<u8>>>),
}

fn values(series: &Series) -> PolarsResult<Values> {
    Ok(match series.dtype() {
        DataType::Array(..) => numbers(&series.array()?.get_inner())?,
        DataType::List(_) => numbers(&series.list()?.get_inner())?,
        DataType::String => {
            let bytes = |value: Option<&str>| value.map(|text| text.as_bytes().to_vec());
            Values::Others(series.str()?.iter().map(bytes).collect())
        }
        DataType::Binary => {
            Values::Others(series.binary()?.iter().map(|value| value.map(<[u8]>::to_vec)).collect())
        }
        DataType::Struct(_) => values(&bytes_of(series)?)?,
        DataType::Boolean => {
            Values::Others(series.bool()?.iter().map(|value| value.map(|value| vec![value.into()])).collect())
        }
        _ => numbers(series)?,
    })
}

fn numbers(series: &Series) -> PolarsResult<Values> {
    Ok(Values::Numbers(series.cast(&DataType::Float64)?.f64()?.iter().collect()))
}
