//! `clusters.parquet`, `examples.parquet` and `label_pairs.parquet`: what the clusters of the chosen k are made of.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::SilhouetteKind;

use crate::frame::{Table, TableReader, silhouette_column};
use crate::ids::Id;
use crate::metadata::Metadata;

/// A cluster of the chosen k.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRow {
    /// Cluster, 0 to k - 1.
    pub cluster: u32,
    /// Points in it.
    pub size: u32,
    /// Mean silhouette of its points, -1 to 1; of those of the sample, where the silhouettes are sampled, and none where
    /// none of them is in the cluster.
    pub silhouette: Option<f64>,
    /// Mean Euclidean distance of its points to the centroid.
    pub distance: f64,
    /// What its labels say, where some of its points have labels.
    pub labels: Option<ClusterLabels>,
}

/// What the labels of a cluster's points say.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterLabels {
    /// A name made of the dominant labels, the most frequent first, such as `Sneaker + Ankle boot + Sandal`.
    pub name: String,
    /// Share of the points that have the most frequent label, above 0, at most 1.
    pub purity: f64,
}

/// Writes columns cluster u32, size u32, silhouette f64 (or `silhouette_sampled`), distance f64; and, when some row has
/// [`ClusterRow::labels`], name and purity f64.
pub fn write_clusters(
    path: &Path,
    rows: &[ClusterRow],
    kind: SilhouetteKind,
    metadata: &Metadata,
) -> Result<()> {
    let mut table = Table::new(rows.len())
        .u32("cluster", rows.iter().map(|row| row.cluster).collect())
        .u32("size", rows.iter().map(|row| row.size).collect())
        .f64_or_null(kind.name(), rows.iter().map(|row| row.silhouette).collect())
        .f64("distance", rows.iter().map(|row| row.distance).collect());
    let labels = || rows.iter().map(|row| row.labels.as_ref());
    if labels().any(|labels| labels.is_some()) {
        table = table
            .text_or_null("name", labels().map(|labels| labels.map(|labels| labels.name.as_str())))
            .f64_or_null("purity", labels().map(|labels| labels.map(|labels| labels.purity)).collect());
    }
    table.write(path, metadata)
}

/// Reads what [`write_clusters`] wrote.
pub fn read_clusters(path: &Path) -> Result<Vec<ClusterRow>> {
    let table = TableReader::open(path)?;
    let (size, distance) = (table.u32("size")?, table.f64("distance")?);
    let silhouette = table.f64_or_null(silhouette_column(&table))?;
    let labels = if table.has("name") {
        Some((table.text_or_null("name")?, table.f64_or_null("purity")?))
    } else {
        None
    };
    let rows = table.u32("cluster")?.into_iter().enumerate().map(|(row, cluster)| ClusterRow {
        cluster,
        size: size[row],
        silhouette: silhouette[row],
        distance: distance[row],
        labels: labels.as_ref().and_then(|(name, purity)| {
            Some(ClusterLabels { name: name[row].clone()?, purity: purity[row]? })
        }),
    });
    Ok(rows.collect())
}

/// Why a point is an example of its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// Among those nearest to the centroid.
    Nearest,
    /// Among those of the lowest silhouette.
    LowestSilhouette,
}

impl ExampleKind {
    const ALL: [Self; 2] = [Self::Nearest, Self::LowestSilhouette];

    /// `nearest` or `lowest-silhouette`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::LowestSilhouette => "lowest-silhouette",
        }
    }
}

/// An example of a cluster of the chosen k.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleRow {
    /// Cluster, 0 to k - 1.
    pub cluster: u32,
    /// Why the point is here.
    pub kind: ExampleKind,
    /// Its place among those of its cluster and kind, from 1.
    pub rank: u32,
    /// Id of the point.
    pub id: Id,
    /// Name of its label, where it has one.
    pub label_name: Option<String>,
    /// Where the point comes from, where that is known.
    pub path: Option<String>,
    /// Its silhouette, -1 to 1; none where it is not in the sample of which they are.
    pub silhouette: Option<f32>,
    /// Its Euclidean distance to the centroid.
    pub distance: f32,
}

/// Writes columns cluster u32, kind, rank u32, id, silhouette f32 (or `silhouette_sampled`), distance f32; and, when
/// some row has one, `label_name` and path.
pub fn write_examples(
    path: &Path,
    rows: &[ExampleRow],
    kind: SilhouetteKind,
    metadata: &Metadata,
) -> Result<()> {
    let mut table = Table::new(rows.len())
        .u32("cluster", rows.iter().map(|row| row.cluster).collect())
        .text("kind", rows.iter().map(|row| row.kind.name()))
        .u32("rank", rows.iter().map(|row| row.rank).collect())
        .ids("id", &rows.iter().map(|row| row.id.clone()).collect())
        .f32_or_null(kind.name(), rows.iter().map(|row| row.silhouette).collect())
        .f32("distance", rows.iter().map(|row| row.distance).collect());
    if rows.iter().any(|row| row.label_name.is_some()) {
        table = table.text_or_null("label_name", rows.iter().map(|row| row.label_name.as_deref()));
    }
    if rows.iter().any(|row| row.path.is_some()) {
        table = table.text_or_null("path", rows.iter().map(|row| row.path.as_deref()));
    }
    table.write(path, metadata)
}

/// Reads what [`write_examples`] wrote.
pub fn read_examples(path: &Path) -> Result<Vec<ExampleRow>> {
    let table = TableReader::open(path)?;
    let (cluster, rank, id) = (table.u32("cluster")?, table.u32("rank")?, table.own_ids("id")?);
    let (silhouette, distance) = (table.f32_or_null(silhouette_column(&table))?, table.f32("distance")?);
    let optional = |name| table.has(name).then(|| table.text_or_null(name)).transpose();
    let (names, paths) = (optional("label_name")?, optional("path")?);
    let rows = table.text("kind")?.into_iter().enumerate().map(|(row, kind)| {
        let kind = ExampleKind::ALL
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or_else(|| table.wrong(format!("row {row} has the unknown kind `{kind}`")))?;
        Ok(ExampleRow {
            cluster: cluster[row],
            kind,
            rank: rank[row],
            id: id.of(row),
            label_name: names.as_ref().and_then(|names| names[row].clone()),
            path: paths.as_ref().and_then(|paths| paths[row].clone()),
            silhouette: silhouette[row],
            distance: distance[row],
        })
    });
    rows.collect()
}

/// How often two labels share a cluster of the chosen k.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPairRow {
    /// The lower label.
    pub first: u32,
    /// Its name.
    pub first_name: String,
    /// The higher label.
    pub second: u32,
    /// Its name.
    pub second_name: String,
    /// Probability that a random point of one and a random point of the other are in the same cluster, 0 to 1.
    pub share: f64,
}

/// Writes columns first u32, `first_name`, second u32, `second_name`, share f64, in the order of the rows.
pub fn write_label_pairs(path: &Path, rows: &[LabelPairRow], metadata: &Metadata) -> Result<()> {
    Table::new(rows.len())
        .u32("first", rows.iter().map(|row| row.first).collect())
        .text("first_name", rows.iter().map(|row| row.first_name.as_str()))
        .u32("second", rows.iter().map(|row| row.second).collect())
        .text("second_name", rows.iter().map(|row| row.second_name.as_str()))
        .f64("share", rows.iter().map(|row| row.share).collect())
        .write(path, metadata)
}

/// Reads what [`write_label_pairs`] wrote.
pub fn read_label_pairs(path: &Path) -> Result<Vec<LabelPairRow>> {
    let table = TableReader::open(path)?;
    let (second, share) = (table.u32("second")?, table.f64("share")?);
    let (first_names, second_names) = (table.text("first_name")?, table.text("second_name")?);
    let rows = table.u32("first")?.into_iter().enumerate().map(|(row, first)| LabelPairRow {
        first,
        first_name: first_names[row].clone(),
        second: second[row],
        second_name: second_names[row].clone(),
        share: share[row],
    });
    Ok(rows.collect())
}
