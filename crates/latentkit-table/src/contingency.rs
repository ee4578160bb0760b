//! `contingency.parquet`: how the labels lie in the clusters.

use std::path::Path;

use latentkit_core::Result;

use crate::frame::{Table, TableReader};
use crate::metadata::Metadata;

/// How many points of a label are in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContingencyRow {
    /// Cluster, 0 to k - 1.
    pub cluster: u32,
    /// Label.
    pub label: u32,
    /// Name of the label.
    pub label_name: String,
    /// Points.
    pub count: u32,
}

/// Writes columns cluster u32, label u32, `label_name`, count u32; every pair of a cluster and a label that some
/// point has is given a row, also where the count is 0.
pub fn write_contingency(path: &Path, rows: &[ContingencyRow], metadata: &Metadata) -> Result<()> {
    Table::new(rows.len())
        .u32("cluster", rows.iter().map(|row| row.cluster).collect())
        .u32("label", rows.iter().map(|row| row.label).collect())
        .text("label_name", rows.iter().map(|row| row.label_name.as_str()))
        .u32("count", rows.iter().map(|row| row.count).collect())
        .write(path, metadata)
}

/// Reads what [`write_contingency`] wrote.
pub fn read_contingency(path: &Path) -> Result<Vec<ContingencyRow>> {
    let table = TableReader::open(path)?;
    let (label, count) = (table.u32("label")?, table.u32("count")?);
    let names = table.text("label_name")?;
    let rows = table.u32("cluster")?.into_iter().enumerate().map(|(row, cluster)| ContingencyRow {
        cluster,
        label: label[row],
        label_name: names[row].clone(),
        count: count[row],
    });
    Ok(rows.collect())
}
