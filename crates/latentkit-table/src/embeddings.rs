//! Points to cluster, from a table of this project or of anyone else's.

use std::path::Path;

use latentkit_core::Result;
use ndarray::Array2;

use crate::frame::TableReader;

/// Points to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Id of each point: the column `id` where the table has one, else the number of the row.
    pub ids: Vec<u32>,
    /// Labels, where the table has a column `label`.
    pub labels: Option<Labels>,
    /// Points, one a row; all finite.
    pub values: Array2<f32>,
}

/// A label for each point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Label of each point, an index into `names`.
    pub codes: Vec<u8>,
    /// Name of label 0, 1, ...
    pub names: Vec<String>,
}

/// Reads points from the columns `z0`, `z1`, ... of f32 or f64, or else from a column of lists of them: `column`, or
/// `z` or the only such column where none is given.
///
/// # Errors
/// Of kind input, naming the column and the row, when there are no such columns, a list has another length than the
/// first, or a value is null, NaN or infinite.
pub fn read_embeddings(path: &Path, column: Option<&str>) -> Result<Embeddings> {
    let table = TableReader::open(path)?;
    let values = table.points(column)?;
    let ids = if table.has("id") { table.ids("id")? } else { (0..values.nrows() as u32).collect() };
    let labels = if table.has("label") { Some(table.labels("label", "label_name")?) } else { None };
    Ok(Embeddings { ids, labels, values })
}
