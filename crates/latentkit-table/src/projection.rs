//! `projection.parquet`: the points seen from the two directions in which they vary most.

use std::path::Path;

use latentkit_core::Result;

use crate::frame::{Table, TableReader};
use crate::ids::Ids;
use crate::metadata::Metadata;

/// Points on their first two principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Id of the point.
    pub ids: Ids,
    /// Coordinate on the first component.
    pub pc1: Vec<f32>,
    /// Coordinate on the second component; 0 for points of one dimension.
    pub pc2: Vec<f32>,
}

/// Writes columns id, pc1 f32, pc2 f32.
pub fn write_projection(path: &Path, projection: &Projection, metadata: &Metadata) -> Result<()> {
    Table::new(projection.ids.len())
        .ids("id", &projection.ids)
        .f32("pc1", projection.pc1.clone())
        .f32("pc2", projection.pc2.clone())
        .write(path, metadata)
}

/// Reads what [`write_projection`] wrote.
pub fn read_projection(path: &Path) -> Result<Projection> {
    let table = TableReader::open(path)?;
    Ok(Projection { ids: table.own_ids("id")?, pc1: table.f32("pc1")?, pc2: table.f32("pc2")? })
}
