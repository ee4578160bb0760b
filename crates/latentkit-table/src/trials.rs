//! `trials.parquet`: the overrides and figures of each trial of a sweep.

use std::path::Path;

use latentkit_core::Result;
use serde_json::Value;

use crate::Metadata;
use crate::frame::Table;

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
    /// Epochs of its training.
    pub epochs: Option<u32>,
    /// Mean binary cross-entropy of the test images, in nats per pixel.
    pub test_bce: Option<f64>,
    /// Mean squared error of the test images.
    pub test_mse: Option<f64>,
    /// Mean absolute error of the test images.
    pub test_mae: Option<f64>,
    /// Latents that carry no information.
    pub dead_latents: Option<u32>,
    /// The chosen number of clusters.
    pub best_k: Option<u32>,
    /// Mean silhouette of the chosen number of clusters, -1 to 1, over all points.
    pub silhouette: Option<f64>,
    /// The same over a sample of the points.
    pub silhouette_sampled: Option<f64>,
}

/// Writes columns trial u32, name, state, a column for each key that the trials set, epochs, `test_bce`,
/// `test_mse`, `test_mae`, `dead_latents`, `best_k`, silhouette, `silhouette_sampled`, null where a trial has no such figure. The column of a
/// key is named as the key is and holds u32 or f64 where all of its values are such numbers, else texts: a text as it is,
/// other values as JSON.
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
    table
        .u32_or_null("epochs", rows.iter().map(|row| row.epochs).collect())
        .f64_or_null("test_bce", rows.iter().map(|row| row.test_bce).collect())
        .f64_or_null("test_mse", rows.iter().map(|row| row.test_mse).collect())
        .f64_or_null("test_mae", rows.iter().map(|row| row.test_mae).collect())
        .u32_or_null("dead_latents", rows.iter().map(|row| row.dead_latents).collect())
        .u32_or_null("best_k", rows.iter().map(|row| row.best_k).collect())
        .f64_or_null("silhouette", rows.iter().map(|row| row.silhouette).collect())
        .f64_or_null("silhouette_sampled", rows.iter().map(|row| row.silhouette_sampled).collect())
        .write(path, metadata)
}
