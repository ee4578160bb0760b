//! `history.parquet`: the metrics of each epoch.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::Metrics;
use serde::{Deserialize, Serialize};

use crate::frame::{Table, TableReader};
use crate::metadata::Metadata;

/// An epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Counts from 1.
    pub epoch: u32,
    /// Steps since the start of training.
    pub step: u32,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Over the epoch's training steps, each weighted by its images.
    pub train: Metrics,
    /// On the validation images after the epoch.
    pub validation: Metrics,
}

type Column = (&'static str, fn(&mut HistoryRow) -> &mut f64);

/// The float columns and where their values are, so that writing and reading cannot differ.
const COLUMNS: [Column; 9] = [
    ("learning_rate", |row| &mut row.learning_rate),
    ("train_bce", |row| &mut row.train.bce),
    ("train_mse", |row| &mut row.train.mse),
    ("train_mae", |row| &mut row.train.mae),
    ("train_binary_accuracy", |row| &mut row.train.binary_accuracy),
    ("validation_bce", |row| &mut row.validation.bce),
    ("validation_mse", |row| &mut row.validation.mse),
    ("validation_mae", |row| &mut row.validation.mae),
    ("validation_binary_accuracy", |row| &mut row.validation.binary_accuracy),
];

/// Writes columns epoch u32, step u32, `learning_rate`, and `train_` and `validation_` bce, mse, mae and
/// `binary_accuracy` as f64.
pub fn write_history(path: &Path, rows: &[HistoryRow], metadata: &Metadata) -> Result<()> {
    let mut table = Table::new(rows.len())
        .u32("epoch", rows.iter().map(|row| row.epoch).collect())
        .u32("step", rows.iter().map(|row| row.step).collect());
    for (name, field) in COLUMNS {
        table = table.f64(name, rows.iter().map(|&row| *field(&mut { row })).collect());
    }
    table.write(path, metadata)
}

/// Reads what [`write_history`] wrote.
pub fn read_history(path: &Path) -> Result<Vec<HistoryRow>> {
    let table = TableReader::open(path)?;
    let metrics = Metrics { bce: 0.0, mse: 0.0, mae: 0.0, binary_accuracy: 0.0 };
    let mut rows: Vec<HistoryRow> = table
        .u32("epoch")?
        .into_iter()
        .zip(table.u32("step")?)
        .map(|(epoch, step)| HistoryRow {
            epoch,
            step,
            learning_rate: 0.0,
            train: metrics,
            validation: metrics,
        })
        .collect();
    for (name, field) in COLUMNS {
        for (row, value) in rows.iter_mut().zip(table.f64(name)?) {
            *field(row) = value;
        }
    }
    Ok(rows)
}
