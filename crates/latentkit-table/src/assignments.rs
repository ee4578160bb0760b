//! `assignments.parquet`: the cluster of every point.

use std::path::Path;

use latentkit_core::summary::SilhouetteKind;
use latentkit_core::{Cancellation, Result};

use crate::frame::{Blocks, Table, TableReader, silhouette_column};
use crate::ids::Ids;
use crate::metadata::Metadata;

/// The cluster of every point in one clustering.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignments {
    /// How the points were clustered, such as `k-means`.
    pub method: String,
    /// Number of clusters.
    pub k: u32,
    /// Id of each point: [n].
    pub ids: Ids,
    /// Its cluster, 0 to k - 1; none for noise.
    pub clusters: Vec<Option<u32>>,
    /// Its silhouette, -1 to 1; none for noise and for points outside of the sample.
    pub silhouettes: Vec<Option<f32>>,
    /// Its Euclidean distance to the centroid of its cluster; none for noise.
    pub distances: Vec<Option<f32>>,
}

/// The key of the metadata that lists the clusterings in their order.
const BLOCKS: &str = "blocks";

/// Writes columns method, k u32, id (of the type that the ids have), path (where the points have `paths`), cluster u32, silhouette f32 (or `silhouette_sampled`), distance f32: the points of
/// one clustering after those of the one before, each clustering of all points. `clusterings` names the method and k of
/// each, `of` makes it; one is in memory at a time. Ends with an error when the user interrupts.
pub fn write_assignments(
    path: &Path,
    clusterings: &[(String, u32)],
    kind: SilhouetteKind,
    paths: Option<&[Option<String>]>,
    metadata: &Metadata,
    cancel: Cancellation,
    mut of: impl FnMut(usize) -> Result<Assignments>,
) -> Result<()> {
    let names: Vec<_> = clusterings.iter().map(|(method, k)| name(method, *k)).collect();
    let mut metadata = metadata.clone();
    metadata.insert(BLOCKS.to_owned(), names.join(","));
    Blocks { count: clusterings.len(), metadata: &metadata, cancel }.write(path, |index| {
        let block = of(index)?;
        let rows = block.ids.len();
        Ok(Table::new(rows)
            .text("method", std::iter::repeat_n(block.method.as_str(), rows))
            .u32("k", vec![block.k; rows])
            .ids("id", &block.ids)
            .paths(paths)
            .u32_or_null("cluster", block.clusters)
            .f32_or_null(kind.name(), block.silhouettes)
            .f32_or_null("distance", block.distances))
    })
}

/// Reads one clustering of what [`write_assignments`] wrote; none where the table does not have it.
pub fn read_assignments(path: &Path, method: &str, k: u32) -> Result<Option<Assignments>> {
    let table = TableReader::open(path)?;
    let blocks = table.metadata(BLOCKS)?;
    let wanted = name(method, k);
    let Some(place) = blocks.split(',').position(|block| block == wanted) else { return Ok(None) };
    let table = table.block(place, blocks.split(',').count())?;
    Ok(Some(Assignments {
        method: method.to_owned(),
        k,
        ids: table.own_ids("id")?,
        clusters: table.u32_or_null("cluster")?,
        silhouettes: table.f32_or_null(silhouette_column(&table))?,
        distances: table.f32_or_null("distance")?,
    }))
}

/// What a clustering is called in the metadata.
fn name(method: &str, k: u32) -> String {
    format!("{method} {k}")
}
