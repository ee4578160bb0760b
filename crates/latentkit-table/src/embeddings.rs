//! Points to cluster, from a table of this project or of anyone else's.

use std::path::Path;

use latentkit_core::Result;
use ndarray::Array2;

use crate::frame::{TableReader, Usable};
use crate::labels::Labels;

/// Points to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Id of each point: the column `id` where the table has one of whole numbers that fit, else the number of the row.
    pub ids: Vec<u32>,
    /// Labels, where the table has a column of them: of at most 256 texts, of whole numbers from 0 to 255, or of truth values.
    pub labels: Option<Labels>,
    /// Points less `origin`, one a row; all finite.
    pub values: Array2<f32>,
    /// What the points are relative to, one number a column: 0, or the mean of a column of f64 that f32 would round, so
    /// that a common offset costs no digits: what is read of it is exact to 1e-7 of the largest distance from the mean.
    pub origin: Vec<f64>,
    /// A sentence for each of the columns `id`, `label` and `label_name` that the table has but that cannot be used, with
    /// the reason; none for a table of this project.
    pub warnings: Vec<String>,
}

/// Reads points from the columns `z0`, `z1`, ... of f32 or f64, or else from a column of lists of them: `column`, or
/// `z` or the only such column where none is given.
///
/// Labels are in `label_column`, or in the column `label` where none is given, whose names are in `label_name`. The columns
/// `id`, `label` and `label_name` are optional. One that cannot be used is left out, with a warning.
///
/// # Errors
/// Of kind input, naming the column and the row, when there are no such columns, one of `z0` to the last is missing, a
/// list has another length than the first, or a value is null, NaN or infinite; and when `label_column` is not there or
/// cannot be used.
pub fn read_embeddings(path: &Path, column: Option<&str>, label_column: Option<&str>) -> Result<Embeddings> {
    let table = TableReader::open(path)?;
    let (values, origin) = table.points(column)?;
    let mut warnings = Vec::new();

    let ids = usable(&table, "id", "the rows are numbered instead", TableReader::ids, &mut warnings)?;
    let mut labels = match label_column {
        Some(name) => Some(table.required_labels(name)?),
        None => usable(&table, "label", "the points have no labels", TableReader::labels, &mut warnings)?,
    };
    if let Some(labels) = &mut labels
        && label_column.is_none()
        && !table.holds_texts("label")
    {
        let instead = "the labels are named by their numbers";
        let names = usable(&table, "label_name", instead, TableReader::texts, &mut warnings)?;
        for (&code, name) in labels.codes.iter().zip(names.into_iter().flatten()) {
            labels.names[usize::from(code)] = name;
        }
    }

    let ids = ids.unwrap_or_else(|| (0..values.nrows() as u32).collect());
    Ok(Embeddings { ids, labels, values, origin, warnings })
}

/// What an optional column says; a warning where there is one that cannot be used, of what happens `instead`.
fn usable<T>(
    table: &TableReader,
    name: &str,
    instead: &str,
    read: impl Fn(&TableReader, &str) -> Result<Usable<T>>,
    warnings: &mut Vec<String>,
) -> Result<Option<T>> {
    if !table.has(name) {
        return Ok(None);
    }
    Ok(match read(table, name)? {
        Ok(found) => Some(found),
        Err(reason) => {
            warnings.push(format!("column `{name}` is not used, since {reason}; {instead}"));
            None
        }
    })
}
