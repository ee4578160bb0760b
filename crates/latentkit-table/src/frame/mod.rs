//! The only module that depends on polars.

use latentkit_core::summary::SilhouetteKind;

mod array_file;
mod arrow;
mod arrow_schema;
mod catch_panic;
mod column;
mod content;
mod difference;
mod formats;
mod ids;
mod image_table;
mod labels;
mod limits;
mod numpy;
mod output;
mod parquet;
mod pictures;
mod points;
mod reader;
mod structs;
mod thrift;
mod types;
mod writer;

pub use array_file::{ArrayFile, ArrayShape};
pub(crate) use difference::differences;
pub use difference::{ColumnDifference, Difference, TableDifferences};
pub use image_table::{ImageCells, ImageFile, ImageTable, Numbers};
pub(crate) use labels::Usable;
pub(crate) use reader::TableReader;
pub(crate) use writer::{Blocks, Table, write_blocks};

/// The column of silhouettes that a table has: that of a sample goes by another name.
pub(crate) fn silhouette_column(table: &TableReader) -> &'static str {
    let sampled = SilhouetteKind::Sampled.name();
    if table.has(sampled) { sampled } else { SilhouetteKind::Exact.name() }
}
