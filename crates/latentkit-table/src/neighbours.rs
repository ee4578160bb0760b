//! `neighbours.parquet`: how the nearest neighbours of the points agree with labels and images.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::{LabelAgreement, NeighbourFigure, Preservation};

use crate::frame::{Table, TableReader};
use crate::metadata::Metadata;

/// Names of the columns of [`LabelAgreement`], in the order of its fields.
const LABELS: [&str; 3] = ["label_agreement", "label_agreement_se", "knn_accuracy"];
/// Names of the columns of [`Preservation`], in the order of its fields.
const IMAGES: [&str; 2] = ["trustworthiness", "continuity"];

/// Writes columns k u32; where some row has [`NeighbourFigure::labels`], `label_agreement`, `label_agreement_se` and
/// `knn_accuracy`; where some row has [`NeighbourFigure::images`], trustworthiness and continuity; all f64, and null in the
/// rows that have none.
pub fn write_neighbours(path: &Path, rows: &[NeighbourFigure], metadata: &Metadata) -> Result<()> {
    let mut table = Table::new(rows.len()).u32("k", rows.iter().map(|row| row.k as u32).collect());
    let labels = |row: &NeighbourFigure| {
        row.labels.map(|LabelAgreement { share, standard_error, knn_accuracy }| {
            [share, standard_error, knn_accuracy]
        })
    };
    let images = |row: &NeighbourFigure| {
        row.images.map(|Preservation { trustworthiness, continuity }| [trustworthiness, continuity])
    };
    if rows.iter().any(|row| row.labels.is_some()) {
        for (index, name) in LABELS.into_iter().enumerate() {
            let column = rows.iter().map(|row| Some(labels(row)?[index]));
            table = table.f64_or_null(name, column.collect());
        }
    }
    if rows.iter().any(|row| row.images.is_some()) {
        for (index, name) in IMAGES.into_iter().enumerate() {
            let column = rows.iter().map(|row| Some(images(row)?[index]));
            table = table.f64_or_null(name, column.collect());
        }
    }
    table.write(path, metadata)
}

/// Reads what [`write_neighbours`] wrote.
pub fn read_neighbours(path: &Path) -> Result<Vec<NeighbourFigure>> {
    let table = TableReader::open(path)?;
    let columns = |names: &[&str]| {
        let there = names.iter().all(|name| table.has(name));
        there
            .then(|| names.iter().map(|name| table.f64_or_null(name)).collect::<Result<Vec<_>>>())
            .transpose()
    };
    let (labels, images) = (columns(&LABELS)?, columns(&IMAGES)?);
    let rows = table.u32("k")?.into_iter().enumerate().map(|(row, k)| NeighbourFigure {
        k: k as usize,
        labels: labels.as_ref().and_then(|columns| {
            let [share, standard_error, knn_accuracy] = values(columns, row)?;
            Some(LabelAgreement { share, standard_error, knn_accuracy })
        }),
        images: images.as_ref().and_then(|columns| {
            let [trustworthiness, continuity] = values(columns, row)?;
            Some(Preservation { trustworthiness, continuity })
        }),
    });
    Ok(rows.collect())
}

/// The values of a row; none where one is missing.
fn values<const N: usize>(columns: &[Vec<Option<f64>>], row: usize) -> Option<[f64; N]> {
    let values: Option<Vec<f64>> = columns.iter().map(|column| column[row]).collect();
    values?.try_into().ok()
}
