//! `trials.parquet`: the overrides and figures of each trial of a sweep.

use std::path::Path;

use latentkit_core::Result;
use serde_json::Value;

use crate::frame::Table;
use crate::metadata::Metadata;

/// A trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRow {
    /// Number of the trial, from 1.
    pub trial: u32,
    /// Name of the trial and of its folder.
    pub name: String,
    /// What became of it.
    pub state: String,
    /// The dotted keys that the trial sets and their values; every row has the same keys in the same order.
    pub overrides: Vec<(String, Value)>,
    /// Names and values of its figures; every row has the same names in the same order.
    pub figures: Vec<(&'static str, TrialFigure)>,
}

/// A figure of a trial; none where the trial has no such figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrialFigure {
    /// A whole number.
    Count(Option<u32>),
    /// A number.
    Number(Option<f64>),
}

impl TrialFigure {
    fn count(self) -> Option<u32> {
        match self {
            Self::Count(value) => value,
            Self::Number(_) => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Count(value) => value.map(f64::from),
            Self::Number(value) => value,
        }
    }
}

/// Writes columns trial u32, name, state, a column for each key that the trials set, and one for each figure: u32 for counts, f64
/// for numbers, null where a trial has no such figure. The column of a key is named as the key is and holds u32 or f64 where
/// all of its values are such numbers, else texts: a text as it is, other values as JSON.
pub fn write_trials(path: &Path, rows: &[TrialRow], metadata: &Metadata) -> Result<()> {
    let mut table = Table::new(rows.len())
        .u32("trial", rows.iter().map(|row| row.trial).collect())
        .text("name", rows.iter().map(|row| row.name.as_str()))
        .text("state", rows.iter().map(|row| row.state.as_str()));
    let keys = rows.first().map_or(0, |row| row.overrides.len());
    for index in 0..keys {
        let key = rows[0].overrides[index].0.as_str();
        let values: Vec<&Value> = rows.iter().map(|row| &row.overrides[index].1).collect();
        let whole = |value: &&Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        table = if let Some(numbers) = values.iter().map(whole).collect::<Option<Vec<_>>>() {
            table.u32(key, numbers)
        } else if let Some(numbers) = values.iter().map(|value| value.as_f64()).collect::<Option<Vec<_>>>() {
            table.f64(key, numbers)
        } else {
            let texts =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let texts: Vec<String> = texts.collect();
            table.text(key, texts.iter().map(String::as_str))
        };
    }
    for (index, (name, kind)) in rows.first().into_iter().flat_map(|row| row.figures.iter().enumerate()) {
        let values = rows.iter().map(|row| row.figures[index].1);
        table = match kind {
            TrialFigure::Count(_) => table.u32_or_null(name, values.map(TrialFigure::count).collect()),
            TrialFigure::Number(_) => table.f64_or_null(name, values.map(TrialFigure::number).collect()),
        };
    }
    table.write(path, metadata)
}
