//! `sweep.parquet`, `assignments.parquet` and `contingency.parquet`: what clustering found.

use std::path::Path;

use latentkit_core::Result;

use crate::Metadata;
use crate::frame::{Table, TableReader};

/// The figures of one clustering.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// How the points were clustered, such as `k-means`.
    pub method: String,
    /// Number of clusters.
    pub k: u32,
    /// Seed of the experiment.
    pub seed: u32,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// Mean silhouette over all points, -1 to 1.
    pub silhouette: f64,
    /// Seconds that the clustering took; the silhouettes of all k are computed together and not counted.
    pub seconds: f64,
}

/// Writes columns method, k u32, seed u32, inertia f64, silhouette f64, seconds f64.
pub fn write_sweep(path: &Path, rows: &[SweepRow], metadata: &Metadata) -> Result<()> {
    Table::new(rows.len())
        .text("method", rows.iter().map(|row| row.method.as_str()))
        .u32("k", rows.iter().map(|row| row.k).collect())
        .u32("seed", rows.iter().map(|row| row.seed).collect())
        .f64("inertia", rows.iter().map(|row| row.inertia).collect())
        .f64("silhouette", rows.iter().map(|row| row.silhouette).collect())
        .f64("seconds", rows.iter().map(|row| row.seconds).collect())
        .write(path, metadata)
}

/// Reads what [`write_sweep`] wrote.
pub fn read_sweep(path: &Path) -> Result<Vec<SweepRow>> {
    let table = TableReader::open(path)?;
    let (k, seed) = (table.u32("k")?, table.u32("seed")?);
    let (inertia, silhouette, seconds) =
        (table.f64("inertia")?, table.f64("silhouette")?, table.f64("seconds")?);
    let rows = table.text("method")?.into_iter().enumerate().map(|(row, method)| SweepRow {
        method,
        k: k[row],
        seed: seed[row],
        inertia: inertia[row],
        silhouette: silhouette[row],
        seconds: seconds[row],
    });
    Ok(rows.collect())
}

/// The cluster of every point, for each k: the rows of one k follow those of the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignments {
    /// Id of the point.
    pub ids: Vec<u32>,
    /// Number of clusters.
    pub k: Vec<u32>,
    /// Cluster of the point, 0 to k - 1.
    pub clusters: Vec<u32>,
    /// Silhouette of the point, -1 to 1.
    pub silhouettes: Vec<f32>,
    /// Euclidean distance of the point to the centroid of its cluster.
    pub distances: Vec<f32>,
}

/// Writes columns id u32, k u32, cluster u32, silhouette f32, distance f32.
pub fn write_assignments(path: &Path, assignments: &Assignments, metadata: &Metadata) -> Result<()> {
    Table::new(assignments.ids.len())
        .u32("id", assignments.ids.clone())
        .u32("k", assignments.k.clone())
        .u32("cluster", assignments.clusters.clone())
        .f32("silhouette", assignments.silhouettes.clone())
        .f32("distance", assignments.distances.clone())
        .write(path, metadata)
}

/// Reads what [`write_assignments`] wrote.
pub fn read_assignments(path: &Path) -> Result<Assignments> {
    let table = TableReader::open(path)?;
    Ok(Assignments {
        ids: table.u32("id")?,
        k: table.u32("k")?,
        clusters: table.u32("cluster")?,
        silhouettes: table.f32("silhouette")?,
        distances: table.f32("distance")?,
    })
}

/// How many points of a label are in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContingencyRow {
    /// Cluster, 0 to k - 1.
    pub cluster: u32,
    /// Label.
    pub label: u8,
    /// Name of the label.
    pub label_name: String,
    /// Points.
    pub count: u32,
}

/// Writes columns cluster u32, label u8, `label_name`, count u32; every pair has a row, also where the count is 0.
pub fn write_contingency(path: &Path, rows: &[ContingencyRow], metadata: &Metadata) -> Result<()> {
    Table::new(rows.len())
        .u32("cluster", rows.iter().map(|row| row.cluster).collect())
        .u8("label", rows.iter().map(|row| row.label).collect())
        .text("label_name", rows.iter().map(|row| row.label_name.as_str()))
        .u32("count", rows.iter().map(|row| row.count).collect())
        .write(path, metadata)
}

/// Reads what [`write_contingency`] wrote.
pub fn read_contingency(path: &Path) -> Result<Vec<ContingencyRow>> {
    let table = TableReader::open(path)?;
    let (label, count) = (table.u8("label")?, table.u32("count")?);
    let names = table.text("label_name")?;
    let rows = table.u32("cluster")?.into_iter().enumerate().map(|(row, cluster)| ContingencyRow {
        cluster,
        label: label[row],
        label_name: names[row].clone(),
        count: count[row],
    });
    Ok(rows.collect())
}
