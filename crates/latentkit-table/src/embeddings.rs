//! Points to cluster, from a table of this project or of anyone else's.

use std::path::PathBuf;

use latentkit_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::frame::{TableReader, Usable};
use crate::ids::Ids;
use crate::labels::{LabelValues, Labels};
use crate::values::Values;

/// Points to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Id of each point, where the table has a column of them, else the number of the row.
    pub ids: Ids,
    /// Labels, where the table has a column of them; some point has one.
    pub labels: Option<Labels>,
    /// Where each point comes from, where the table has a column `path` of texts.
    pub paths: Option<Vec<Option<String>>>,
    /// The coordinates.
    pub values: Values,
    /// A sentence for each of the columns `id`, `label` and `label_name` that the table has but that cannot be used, with
    /// the reason, and for what else is odd; none for a table of this project.
    pub warnings: Vec<String>,
}

/// Which columns of a table are read, where they are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// The columns of the points; see [`read_embeddings`].
    pub column: Option<String>,
    /// The column of labels; without it that of the name `label`, where there is one.
    #[serde(default)]
    pub label_column: Option<String>,
    /// The column of ids; without it that of the name `id`, where there is one.
    #[serde(default)]
    pub id_column: Option<String>,
    /// The label of points that belong to no class: they have none.
    #[serde(default)]
    pub noise_label: Option<String>,
}

/// A file with some of the points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// A table of any format.
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

/// Reads the points of all parts, one part after the other. A part is a Parquet file, an Arrow file or stream, an array of `NumPy`
/// (.npy) or an archive of them (.npz), whatever its name; an array of rows is a column of lists.
///
/// Points are in the columns that `column` names: one column of lists (of any depth, also tensors) or of structs (also Spark's
/// vectors), several columns separated by commas, or those of a pattern such as `embedding_*`. Without it they are in the columns
/// `z0`, `z1`, ..., or `0`, `1`, ..., or in the only other columns that are numbered from 0 on, or in the only column of lists.
/// Values may be of any type of number.
///
/// Labels are in `label_column`, or in the column `label` where none is given, whose names are in `label_name`: texts, whole
/// numbers or truth values; a null, NaN and `noise_label` are no label. Ids are in `id_column`, or in the column `id`: whole
/// numbers, texts, UUIDs or bytes. The columns `id`, `label` and `label_name` are optional; one that cannot be used is left out,
/// with a warning.
///
/// # Errors
/// Of kind input, naming the file, the column and the row, when there are no such columns or several candidates, a numbered
/// column is missing, a list has another length than the first, or a value is null, NaN or infinite; when the parts differ
/// in their columns; and when `label_column` or `id_column` is not there or cannot be used, or `noise_label` is given
/// without labels.
pub fn read_embeddings(parts: &[Part], columns: &Columns) -> Result<Embeddings> {
    let mut gathered = Gathered { ids: Some(Ids::numbered(0)), ..Gathered::default() };
    for part in parts {
        gathered.add(part, columns)?;
    }
    let of = match parts {
        [one] => format!("`{}`", one.path.display()),
        several => format!("the {} files", several.len()),
    };
    gathered.embeddings(columns, &of)
}

/// What the parts before hold.
#[derive(Default)]
struct Gathered {
    /// The columns of the points.
    names: Vec<String>,
    values: Vec<Values>,
    /// None where some part has none that can be used.
    ids: Option<Ids>,
    labels: Option<LabelValues>,
    /// Names of the labels, point by point; none where some part has none.
    label_names: Option<Vec<Option<String>>>,
    /// None where some part has none.
    paths: Option<Vec<Option<String>>>,
    warnings: Vec<String>,
}

impl Gathered {
    /// Reads a part, which must have the same columns as those before.
    fn add(&mut self, part: &Part, columns: &Columns) -> Result<()> {
        let mut table = TableReader::open_any(&part.path)?;
        let (names, points) = table.points(columns.column.as_deref())?;
        if let Some(first) = self.values.first()
            && (self.names != names || first.dim().1 != points.dim().1)
        {
            return Err(table
                .wrong("its points are not in the columns of the first part")
                .expected(described(&self.names, first))
                .found(described(&names, &points)));
        }
        self.add_ids(&table, columns.id_column.as_deref())?;
        self.add_labels(&table, part, columns.label_column.as_deref(), points.dim().0)?;
        self.add_paths(&table)?;
        self.names = names;
        self.values.push(points);
        Ok(())
    }

    fn add_ids(&mut self, table: &TableReader, column: Option<&str>) -> Result<()> {
        let Some(all) = &mut self.ids else { return Ok(()) };
        let instead = "the rows are numbered instead";
        let ids = match column {
            Some(name) => Some(table.required_ids(name)?),
            None => usable(table, "id", instead, TableReader::ids, &mut self.warnings)?,
        };
        let Some(ids) = ids else {
            if !all.is_empty() && !table.has("id") {
                self.warnings.push(format!("only some parts have a column `id`; {instead}"));
            }
            self.ids = None;
            return Ok(());
        };
        if all.append(ids) {
            return Ok(());
        }
        let problem = format!(
            "its ids in `{}` are of another type than those of the first part",
            column.unwrap_or("id")
        );
        if column.is_some() {
            return Err(table.wrong(problem).hint("give the column one type in all parts"));
        }
        self.warnings.push(format!("{}; {instead}", table.wrong(problem)));
        self.ids = None;
        Ok(())
    }

    fn add_paths(&mut self, table: &TableReader) -> Result<()> {
        let before = if self.values.is_empty() { Some(Vec::new()) } else { self.paths.take() };
        let Some(mut all) = before.filter(|_| table.has("path")) else { return Ok(()) };
        // A column of this name that holds something else is another program's affair.
        if let Ok(more) = table.texts("path")? {
            all.extend(more);
            self.paths = Some(all);
        }
        Ok(())
    }

    fn add_labels(
        &mut self,
        table: &TableReader,
        part: &Part,
        column: Option<&str>,
        rows: usize,
    ) -> Result<()> {
        let labels = match (column, part.partition(column.unwrap_or("label"))) {
            (_, Some(value)) => {
                Some(LabelValues::Texts(vec![(value != NULL).then(|| value.to_owned()); rows]))
            }
            (Some(name), None) => Some(table.required_labels(name)?),
            (None, None) => {
                usable(table, "label", "the points have no labels", TableReader::labels, &mut self.warnings)?
            }
        };
        let is_first = self.values.is_empty();
        match (&mut self.labels, labels) {
            (None, labels) if is_first => self.labels = labels,
            (Some(all), Some(labels)) => {
                if !all.append(labels) {
                    return Err(table.wrong("its labels are of another type than those of the first part"));
                }
            }
            (None, None) => {}
            _ => return Err(table.wrong("some parts have labels, and others have none")),
        }
        if column.is_some() || self.labels.as_ref().is_none_or(LabelValues::are_texts) {
            return Ok(());
        }
        let instead = "the labels are named by their numbers";
        let names = usable(table, "label_name", instead, TableReader::texts, &mut self.warnings)?;
        let before = if is_first { Some(Vec::new()) } else { self.label_names.take() };
        self.label_names = before.zip(names).map(|(all, names)| [all, names].concat());
        Ok(())
    }

    /// The points of all parts, which messages call `of`.
    fn embeddings(mut self, columns: &Columns, of: &str) -> Result<Embeddings> {
        let values = Values::joined(self.values);
        let count = values.dim().0;
        if count == 0 {
            return Err(Error::input("there are no points"));
        }
        let mut apart = 0;
        if let Some(noise) = &columns.noise_label {
            let labels = self.labels.as_mut().ok_or_else(|| {
                Error::input(format!(
                    "cannot leave out the points of the label `{noise}` of {of}: they have no labels"
                ))
                .hint("name the column of labels with `--label-column`")
            })?;
            apart = labels.set_apart(noise, self.label_names.as_deref());
            self.warnings.push(if apart == 0 {
                format!("no point has the label `{noise}`")
            } else {
                format!("{apart} of the {count} points have the label `{noise}` and are left out where clusters are compared with labels")
            });
        }
        let mut labels = self.labels.map(Labels::from);
        if let (Some(labels), Some(names)) = (&mut labels, self.label_names) {
            for (code, name) in labels.codes.iter().zip(names) {
                if let (Some(code), Some(name)) = (code, name) {
                    labels.names[*code as usize] = name;
                }
            }
        }
        let missing = labels.iter().flat_map(|labels| &labels.codes).filter(|code| code.is_none()).count();
        if missing == count {
            if let Some(name) = &columns.label_column {
                return Err(Error::input(format!(
                    "cannot use {of}: column `{name}` cannot be used as labels: no row has a value{}",
                    if apart > 0 { " but that of noise" } else { "" }
                )));
            }
            labels = None;
            self.warnings.push("column `label` has no values; the points have no labels".to_owned());
        } else if missing > apart {
            self.warnings.push(format!(
                "{} of the {count} points have no label and are left out where clusters are compared with labels",
                missing - apart
            ));
        }
        let ids = self.ids.unwrap_or_else(|| Ids::numbered(count));
        self.warnings.extend(ids.repeated());
        Ok(Embeddings { ids, labels, paths: self.paths, values, warnings: self.warnings })
    }
}

/// The folder of rows without a value, by Hive's convention.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

impl Part {
    /// The value of a column that the folders name.
    fn partition(&self, column: &str) -> Option<&str> {
        self.partitions.iter().find(|(name, _)| name == column).map(|(_, value)| value.as_str())
    }
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
