//! Points to cluster, from a table of this project or of anyone else's.

use std::path::PathBuf;

use latentkit_core::{Error, Result};

use crate::frame::{TableReader, Usable};
use crate::labels::{LabelValues, Labels};
use crate::values::Values;

/// Points to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Id of each point: the column `id` where the table has one of whole numbers that fit, else the number of the row.
    pub ids: Vec<u32>,
    /// Labels, where the table has a column of them; some point has one.
    pub labels: Option<Labels>,
    /// The coordinates.
    pub values: Values,
    /// A sentence for each of the columns `id`, `label` and `label_name` that the table has but that cannot be used, with
    /// the reason; none for a table of this project.
    pub warnings: Vec<String>,
}

/// A file with some of the points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// A Parquet file.
    pub path: PathBuf,
    /// Columns of which all rows of the file have one value, which its folders name: `species=cat/part-0.parquet`.
    pub partitions: Vec<(String, String)>,
}

impl Part {
    /// A file alone.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), partitions: Vec::new() }
    }
}

/// Reads the points of all parts, one part after the other.
///
/// They are in the columns that `column` names: one column of lists (of any depth, also tensors), several columns separated by
/// commas, or those of a pattern such as `embedding_*`. Without it they are in the columns `z0`, `z1`, ..., or `0`, `1`, ...,
/// or in the only other columns that are numbered from 0 on, or in the only column of lists. Values may be of any type of
/// number.
///
/// Labels are in `label_column`, or in the column `label` where none is given, whose names are in `label_name`: texts, whole
/// numbers or truth values; a null or NaN is no label. The columns `id`, `label` and `label_name` are optional; one that
/// cannot be used is left out, with a warning.
///
/// # Errors
/// Of kind input, naming the file, the column and the row, when there are no such columns or several candidates, a numbered
/// column is missing, a list has another length than the first, or a value is null, NaN or infinite; when the parts differ
/// in their columns; and when `label_column` is not there or cannot be used.
pub fn read_embeddings(
    parts: &[Part],
    column: Option<&str>,
    label_column: Option<&str>,
) -> Result<Embeddings> {
    let (mut values, mut all_ids, mut all_labels) = (Vec::new(), Some(Vec::new()), None::<LabelValues>);
    let mut names: Option<Vec<String>> = None;
    let mut label_names: Option<Vec<Option<String>>> = Some(Vec::new());
    let mut warnings = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let table = TableReader::open(&part.path)?;
        let (columns, points) = table.points(column)?;
        let first = names.get_or_insert_with(|| columns.clone());
        if *first != columns || values.first().is_some_and(|values: &Values| values.dim().1 != points.dim().1)
        {
            return Err(table
                .wrong("its points are not in the columns of the first part")
                .expected(described(first, values.first().unwrap_or(&points)))
                .found(described(&columns, &points)));
        }
        let rows = points.dim().0;
        values.push(points);

        let ids = usable(&table, "id", "the rows are numbered instead", TableReader::ids, &mut warnings)?;
        all_ids = all_ids.zip(ids).map(|(mut all, ids)| {
            all.extend(ids);
            all
        });
        let labels = match (label_column, part.partition(label_column.unwrap_or("label"))) {
            (_, Some(value)) => Some(LabelValues::Texts(vec![Some(value.to_owned()); rows])),
            (Some(name), None) => Some(table.required_labels(name)?),
            (None, None) => {
                usable(&table, "label", "the points have no labels", TableReader::labels, &mut warnings)?
            }
        };
        match (&mut all_labels, labels) {
            (None, labels) if index == 0 => all_labels = labels,
            (Some(all), Some(labels)) => {
                if !all.append(labels) {
                    return Err(table.wrong("its labels are of another type than those of the first part"));
                }
            }
            (None, None) => {}
            _ => return Err(table.wrong("some parts have labels, and others have none")),
        }
        let named = if label_column.is_none() && all_labels.as_ref().is_some_and(|labels| !labels.are_texts())
        {
            let instead = "the labels are named by their numbers";
            usable(&table, "label_name", instead, TableReader::texts, &mut warnings)?
        } else {
            None
        };
        label_names = label_names.zip(named).map(|(mut all, names)| {
            all.extend(names);
            all
        });
    }
    let values = Values::joined(values);
    if values.dim().0 == 0 {
        return Err(Error::input("there are no points"));
    }
    let mut labels = all_labels.map(Labels::from);
    if let (Some(labels), Some(names)) = (&mut labels, label_names) {
        for (code, name) in labels.codes.iter().zip(names) {
            if let (Some(code), Some(name)) = (code, name) {
                labels.names[*code as usize] = name;
            }
        }
    }
    if let Some(some) = &labels {
        let missing = some.codes.iter().filter(|code| code.is_none()).count();
        if missing == some.codes.len() {
            if let Some(name) = label_column {
                return Err(Error::input(format!(
                    "column `{name}` cannot be used as labels: no row has a value"
                )));
            }
            labels = None;
            warnings.push("column `label` has no values; the points have no labels".to_owned());
        } else if missing > 0 {
            warnings.push(format!(
                "{missing} of the {} points have no label and are left out where clusters are compared with labels",
                some.codes.len()
            ));
        }
    }
    let ids = all_ids.unwrap_or_else(|| (0..values.dim().0 as u32).collect());
    warnings.extend(repeated(&ids));
    Ok(Embeddings { ids, labels, values, warnings })
}

impl Part {
    /// The value of a column that the folders name.
    fn partition(&self, column: &str) -> Option<&str> {
        self.partitions.iter().find(|(name, _)| name == column).map(|(_, value)| value.as_str())
    }
}

/// A sentence about ids that several points have.
fn repeated(ids: &[u32]) -> Option<String> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    let mut repeated: Vec<u32> =
        sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    repeated.dedup();
    let first: Vec<_> = repeated.iter().take(3).map(u32::to_string).collect();
    (!repeated.is_empty()).then(|| {
        format!("{} ids stand for several points each, such as {}", repeated.len(), first.join(", "))
    })
}

fn described(columns: &[String], values: &Values) -> String {
    match columns {
        [one] => format!("{} dimensions in `{one}`", values.dim().1),
        [first, .., last] => format!("{} dimensions in `{first}` to `{last}`", values.dim().1),
        [] => "none".to_owned(),
    }
}

/// What an optional column says. None where the table has no such column, or one that cannot be used: then there is one
/// more warning, which says what happens `instead`.
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
    match read(table, name)? {
        Ok(found) => Ok(Some(found)),
        Err(reason) => {
            warnings.push(format!("column `{name}` is not used, since {reason}; {instead}"));
            Ok(None)
        }
    }
}
