//! A Parquet file to columns of plain values; errors name the file, the column and the row.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result};
use polars::prelude::*;
use polars_io::prelude::*;
use polars_parquet::read::RowGroupMetadata;

use super::arrow_schema::ARROW_SCHEMA;
use super::catch_panic::catch_panic;
use super::limits::{self, Checked};
use super::types::{is_foreign, unsupported};
use crate::metadata::{Metadata, PREFIX};
use crate::split::Split;

/// A table to be read, column by column.
pub(crate) struct TableReader {
    path: PathBuf,
    /// Bytes of the file.
    length: u64,
    footer: Arc<FileMetadata>,
    pub(super) schema: Arc<ArrowSchema>,
    pub(super) metadata: Metadata,
    /// First row that is read.
    pub(super) first: usize,
    /// Rows that are read.
    pub(super) height: usize,
}

impl TableReader {
    /// Opens a regular file: a pipe would be waited for, and cannot be read from its end. What the file claims is checked
    /// before anything is allocated for it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let about = fs_err::metadata(path).map_err(|error| Error::from(error).into_input())?;
        if !about.is_file() {
            return Err(Error::input(format!("cannot read `{}`", path.display()))
                .expected("a Parquet file")
                .found(if about.is_dir() { "a folder" } else { "neither a file nor a folder" }));
        }
        let length = about.len();
        let mut file = fs_err::File::open(path).map_err(|error| Error::from(error).into_input())?;
        let no_table = |found: String| {
            Error::input(format!("cannot read `{}`", path.display())).expected("a Parquet file").found(found)
        };
        limits::check_schema(&mut file).map_err(Error::into_input)?.map_err(no_table)?;
        let (footer, schema) = schema_of(&file).map_err(|error| no_table(error.to_string()))?;
        limits::check_footer(&footer).map_err(no_table)?;
        let metadata = footer
            .key_value_metadata()
            .iter()
            .flatten()
            .filter_map(|pair| Some((pair.key.strip_prefix(PREFIX)?.to_owned(), pair.value.clone()?)))
            .collect();
        let height = footer.num_rows;
        Ok(Self { path: path.to_path_buf(), length, footer, schema, metadata, first: 0, height })
    }

    /// The same table, of which only one of `count` blocks of as many rows each is read.
    pub(crate) fn block(self, index: usize, count: usize) -> Result<Self> {
        if !self.height.is_multiple_of(count) {
            return Err(self
                .wrong("its blocks differ in length")
                .expected(format!("{count} blocks of as many rows each"))
                .found(format!("{} rows", self.height)));
        }
        let height = self.height / count;
        Ok(Self { first: index * height, height, ..self })
    }

    /// An error about the content of the file.
    pub(crate) fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        Error::input(format!("cannot use `{}`: {problem}", self.path.display()))
    }

    pub(crate) fn metadata(&self, key: &str) -> Result<String> {
        self.metadata.get(key).cloned().ok_or_else(|| {
            self.wrong(format!("it has no metadata `{PREFIX}{key}`"))
                .hint("only tables that latentkit made can stand here")
        })
    }

    /// A number of pixels from the metadata.
    pub(crate) fn pixels(&self, key: &str) -> Result<usize> {
        let text = self.metadata(key)?;
        let value = text.parse().ok().filter(|value| (1..=1 << 15).contains(value));
        value.ok_or_else(|| {
            self.wrong(format!("the metadata `{PREFIX}{key}` is `{text}`, not a number of pixels"))
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.schema.contains(name)
    }

    /// The part of the work in which a column is read.
    pub(super) fn reading(&self, name: &str) -> tracing::Span {
        tracing::info_span!("reading", file = %self.path.display(), column = name)
    }

    /// A column, or the error that names the columns that there are.
    pub(super) fn series(&self, name: &str) -> Result<Series> {
        let _entered = self.reading(name).entered();
        self.check_column(name)?;
        self.read_rows(name, self.first, self.height)
    }

    /// Fails where there is no such column, it has a type that is not read, or its pages claim too much.
    pub(super) fn check_column(&self, name: &str) -> Result<()> {
        if !self.has(name) {
            let names: Vec<_> = self.schema.iter_names().map(|name| format!("`{name}`")).collect();
            return Err(self.wrong(format!("it has no column `{name}`")).found(names.join(", ")));
        }
        if let Some(unsupported) = self.unsupported(name) {
            return Err(self
                .wrong(format!("column `{name}` has a type that cannot be read"))
                .expected("numbers, texts, or lists of numbers")
                .found(format!("`{unsupported}`")));
        }
        let field = self.schema.get(name).expect("the table has the column");
        limits::check_column(&self.footer, field, self.length).map_err(|problem| self.wrong(problem))?;
        let mut file = fs_err::File::open(&self.path).map_err(|error| Error::from(error).into_input())?;
        self.checked(limits::check_pages(&mut file, &self.footer, name, self.length))
    }

    /// A column in pieces of about a row group each, with the first row of each.
    pub(super) fn groups(&self, name: &str) -> Result<impl Iterator<Item = (usize, Result<Series>)>> {
        self.check_column(name)?;
        let sizes = self.footer.row_groups.iter().map(RowGroupMetadata::num_rows);
        let ends = sizes.scan(0, |end, size| {
            let start = *end;
            *end += size;
            Some((start, *end))
        });
        let (first, last) = (self.first, self.first + self.height);
        let pieces = ends
            .map(move |(start, end)| (start.max(first), end.min(last)))
            .filter(|(start, end)| start < end);
        Ok(pieces.map(move |(start, end)| (start - first, self.read_rows(name, start, end - start))))
    }

    /// `height` rows of a column from row `first` of the file on. Pages that hold none of them are not unpacked.
    pub(super) fn read_rows(&self, name: &str, first: usize, height: usize) -> Result<Series> {
        let file = fs_err::File::open(&self.path).map_err(|error| Error::from(error).into_input())?;
        let series = catch_panic(|| {
            let mut reader = ParquetReader::new(file.into_file())
                .with_columns(Some(vec![name.to_owned()]))
                .with_slice(Some((first, height)));
            reader.set_metadata(self.footer.clone());
            let frame = reader.finish()?;
            Ok(frame.column(name)?.as_materialized_series().rechunk())
        })
        .map_err(|error| self.wrong(format!("column `{name}`: {error}")))?;
        if series.len() != height {
            return Err(self
                .wrong(format!("column `{name}` has another length than the table"))
                .expected(format!("{height} rows"))
                .found(series.len().to_string()));
        }
        Ok(series)
    }

    /// How many values a column has, those in lists counted one by one.
    pub(super) fn values(&self, name: &str) -> usize {
        let groups = self.footer.row_groups.iter();
        let chunks = groups.flat_map(|group| group.columns_under_root_iter(name).into_iter().flatten());
        chunks.map(|chunk| usize::try_from(chunk.num_values()).unwrap_or(0)).sum()
    }

    fn checked(&self, found: Result<Checked<()>>) -> Result<()> {
        found.map_err(Error::into_input)?.map_err(|problem| self.wrong(problem))
    }

    /// An error where the values of a column take more memory than the file gives reason for: a text of a dictionary may
    /// stand in every row.
    pub(super) fn within_reason(&self, name: &str, lengths: impl Iterator<Item = usize>) -> Result<()> {
        let bytes = lengths.fold(0_u64, |sum, length| sum.saturating_add(length as u64));
        limits::check_size(bytes, self.length)
            .map_err(|problem| self.wrong(format!("column `{name}` is too large: {problem}")))
    }

    /// The type of a column that polars would not read, but panic.
    pub(super) fn unsupported(&self, name: &str) -> Option<String> {
        self.schema.get(name).and_then(|field| unsupported(field.dtype()))
    }

    /// A column of this type without nulls.
    fn typed(&self, name: &str, dtype: &DataType) -> Result<Series> {
        let series = self.typed_or_null(name, dtype)?;
        self.no_nulls(name, &series)?;
        Ok(series)
    }

    /// A column of this type.
    fn typed_or_null(&self, name: &str, dtype: &DataType) -> Result<Series> {
        let series = self.series(name)?;
        if series.dtype() == dtype {
            return Ok(series);
        }
        Err(self
            .wrong(format!("column `{name}` has the wrong type"))
            .expected(format!("`{dtype}`"))
            .found(format!("`{}`", series.dtype())))
    }

    pub(super) fn no_nulls(&self, name: &str, series: &Series) -> Result<()> {
        first_null(series).map_or(Ok(()), |row| Err(self.null_at(name, row)))
    }

    pub(super) fn null_at(&self, name: &str, row: usize) -> Error {
        self.wrong(format!("column `{name}`, row {row} (counted from 0) is null"))
            .hint("drop or fill the rows without a value")
    }

    pub(crate) fn u8(&self, name: &str) -> Result<Vec<u8>> {
        let series = self.typed(name, &DataType::UInt8)?;
        Ok(series.u8().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
    }

    /// A column of labels that `Table::classes` wrote, each below `count`.
    pub(crate) fn classes(&self, name: &str, count: usize) -> Result<Vec<u8>> {
        let series = self.typed(name, &DataType::Int64)?;
        let labels = series.i64().map_err(|error| self.wrong(error))?.into_no_null_iter();
        let known = |label: i64| u8::try_from(label).ok().filter(|&label| usize::from(label) < count);
        let unknown = |row, label| self.wrong(format!("row {row} has label {label}, which has no name"));
        labels.enumerate().map(|(row, label)| known(label).ok_or_else(|| unknown(row, label))).collect()
    }

    pub(crate) fn u32(&self, name: &str) -> Result<Vec<u32>> {
        let series = self.typed(name, &DataType::UInt32)?;
        Ok(series.u32().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
    }

    pub(crate) fn f32(&self, name: &str) -> Result<Vec<f32>> {
        let series = self.typed(name, &DataType::Float32)?;
        Ok(series.f32().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
    }

    pub(crate) fn f64(&self, name: &str) -> Result<Vec<f64>> {
        let series = self.typed(name, &DataType::Float64)?;
        Ok(series.f64().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
    }

    pub(crate) fn u32_or_null(&self, name: &str) -> Result<Vec<Option<u32>>> {
        let series = self.typed_or_null(name, &DataType::UInt32)?;
        Ok(series.u32().map_err(|error| self.wrong(error))?.iter().collect())
    }

    pub(crate) fn f32_or_null(&self, name: &str) -> Result<Vec<Option<f32>>> {
        let series = self.typed_or_null(name, &DataType::Float32)?;
        Ok(series.f32().map_err(|error| self.wrong(error))?.iter().collect())
    }

    pub(crate) fn f64_or_null(&self, name: &str) -> Result<Vec<Option<f64>>> {
        let series = self.typed_or_null(name, &DataType::Float64)?;
        Ok(series.f64().map_err(|error| self.wrong(error))?.iter().collect())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Vec<String>> {
        let texts = self.text_or_null(name)?.into_iter().enumerate();
        texts.map(|(row, text)| text.ok_or_else(|| self.null_at(name, row))).collect()
    }

    pub(crate) fn text_or_null(&self, name: &str) -> Result<Vec<Option<String>>> {
        let series = self.typed_or_null(name, &DataType::String)?;
        let column = series.str().map_err(|error| self.wrong(error))?;
        self.within_reason(name, column.iter().flatten().map(|text| text.len() + size_of::<String>()))?;
        Ok(column.iter().map(|text| text.map(str::to_owned)).collect())
    }

    pub(crate) fn splits(&self, name: &str) -> Result<Vec<Split>> {
        self.text(name)?
            .into_iter()
            .enumerate()
            .map(|(row, text)| {
                Split::from_name(&text).ok_or_else(|| {
                    self.wrong(format!("column `{name}`, row {row} holds the unknown split `{text}`"))
                })
            })
            .collect()
    }
}

/// The footer and the columns of a file. Where the writer had columns that polars has none of, such as tensors or views of
/// lists, they are what Parquet calls them: lists.
fn schema_of(file: &fs_err::File) -> PolarsResult<(Arc<FileMetadata>, Arc<ArrowSchema>)> {
    let reader = || PolarsResult::Ok(ParquetReader::new(file.file().try_clone()?));
    let mut footer = catch_panic(|| Ok(reader()?.get_metadata()?.clone()))?;
    let schema = |footer: &Arc<FileMetadata>| {
        catch_panic(|| {
            let mut reader = reader()?;
            reader.set_metadata(footer.clone());
            reader.schema()
        })
    };
    match schema(&footer) {
        Ok(known) if !known.iter_values().any(|field| is_foreign(field.dtype())) => Ok((footer, known)),
        _ => {
            if let Some(pairs) = &mut Arc::make_mut(&mut footer).key_value_metadata {
                pairs.retain(|pair| pair.key != ARROW_SCHEMA);
            }
            schema(&footer).map(|schema| (footer, schema))
        }
    }
}

/// The first row without a value.
pub(super) fn first_null(series: &Series) -> Option<usize> {
    if series.null_count() == 0 { None } else { series.is_null().iter().position(|null| null == Some(true)) }
}
