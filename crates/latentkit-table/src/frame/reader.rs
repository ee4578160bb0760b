//! A table to columns of plain values; errors name the file, the column and the row.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, ImageShape, Result};
use polars::prelude::*;

use super::catch_panic::catch_panic;
use super::content::Content;
use super::formats;
use super::limits;
use super::numpy::{Arrays, Shape};
use super::parquet::ParquetFile;
use super::types::unsupported;
use crate::labels::Labels;
use crate::metadata::{Metadata, PREFIX};
use crate::split::Split;

/// The metadata in which Hugging Face's `datasets` says what columns are.
const HUGGING_FACE: &str = "huggingface";

/// Values of several columns that are read together.
const AT_ONCE: usize = 1 << 23;

/// A table to be read, column by column.
pub(crate) struct TableReader {
    path: PathBuf,
    /// Bytes of the file.
    length: u64,
    content: Box<dyn Content>,
    pub(super) schema: Arc<ArrowSchema>,
    pub(super) metadata: Metadata,
    /// What Hugging Face's `datasets` says of the columns, where it wrote the file.
    pub(super) features: Option<String>,
    /// Rows of each column, in which the arrays of an archive may differ.
    rows: usize,
    /// First row that is read.
    pub(super) first: usize,
    /// Rows that are read.
    pub(super) height: usize,
}

impl TableReader {
    /// Opens a Parquet file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (mut file, length) = regular(path, "a Parquet file")?;
        let content = ParquetFile::open(path, length, &mut file)?.map_err(|found| {
            Error::input(format!("cannot read `{}`", path.display())).expected("a Parquet file").found(found)
        })?;
        let metadata = pairs_of(&content)
            .filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?.to_owned(), value?.to_owned())))
            .collect();
        let features = pairs_of(&content)
            .find(|(key, _)| *key == HUGGING_FACE)
            .and_then(|(_, value)| value.map(str::to_owned));
        Ok(Self { metadata, features, ..Self::of(path, length, Box::new(content)) })
    }

    /// Opens a file of any format that holds points.
    pub(crate) fn open_any(path: &Path) -> Result<Self> {
        let (mut file, length) = regular(path, formats::EXPECTED)?;
        Ok(Self::of(path, length, formats::open(path, length, &mut file)?))
    }

    fn of(path: &Path, length: u64, content: Box<dyn Content>) -> Self {
        let (schema, height) = (Arc::new(content.schema().clone()), content.height());
        let (path, metadata) = (path.to_path_buf(), Metadata::new());
        Self { path, length, content, schema, metadata, features: None, rows: height, first: 0, height }
    }

    /// Opens arrays of `NumPy`, also those of one dimension, with the shape of each or why it cannot be read.
    pub(super) fn open_arrays(path: &Path) -> Result<(Self, Vec<Shape>)> {
        let expected = "an array of NumPy (.npy), or an archive of them (.npz)";
        let (mut file, length) = regular(path, expected)?;
        let arrays = Arrays::open(path, length, &mut file)?.map_err(|found| {
            Error::input(format!("cannot read `{}`", path.display())).expected(expected).found(found)
        })?;
        let shapes = arrays.shapes();
        Ok((Self::of(path, length, Box::new(arrays)), shapes))
    }

    /// Reads as many rows as this column has.
    pub(super) fn take_rows_of(&mut self, name: &str) -> Result<()> {
        self.must_have(name)?;
        self.rows = self.content.rows(name);
        self.height = self.rows;
        Ok(())
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

    /// The shape of the images, from the metadata. Tables that do not say how many channels are of grey ones.
    pub(crate) fn image_shape(&self) -> Result<ImageShape> {
        let number = |key: &str, what: &str, most: usize| {
            let text = self.metadata(key)?;
            let value = text.parse().ok().filter(|value| (1..=most).contains(value));
            value.ok_or_else(|| {
                self.wrong(format!("the metadata `{PREFIX}{key}` is `{text}`, not a number of {what}"))
            })
        };
        let channels =
            if self.metadata.contains_key("channels") { number("channels", "channels", 3)? } else { 1 };
        if channels == 2 {
            return Err(self
                .wrong("its images have 2 channels")
                .expected("1, grey, or 3, red, green and blue"));
        }
        Ok(ImageShape {
            height: number("height", "pixels", 1 << 15)?,
            width: number("width", "pixels", 1 << 15)?,
            channels,
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

    /// Fails where there is no such column; the error names those that there are.
    pub(super) fn must_have(&self, name: &str) -> Result<()> {
        if self.has(name) {
            return Ok(());
        }
        Err(self.wrong(format!("it has no column `{name}`")).found(self.column_names()))
    }

    /// The names of the columns, for messages.
    pub(super) fn column_names(&self) -> String {
        let names: Vec<_> = self.schema.iter_names().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }

    /// Fails where there is no such column, it has a type that is not read, or its pages claim too much.
    pub(super) fn check_column(&self, name: &str) -> Result<()> {
        self.must_have(name)?;
        if let Some(unsupported) = self.unsupported(name) {
            return Err(self
                .wrong(format!("column `{name}` has a type that cannot be read"))
                .expected("numbers, texts, or lists of numbers")
                .found(format!("`{unsupported}`")));
        }
        let rows = self.content.rows(name);
        if rows != self.rows {
            return Err(self
                .wrong(format!("column `{name}` has another length than the points"))
                .expected(format!("{} rows", self.rows))
                .found(rows.to_string()));
        }
        self.content.check(name).map_err(Error::into_input)?.map_err(|problem| self.wrong(problem))
    }

    /// A column in pieces of about a row group each, with the first row of each.
    pub(super) fn groups(&self, name: &str) -> Result<impl Iterator<Item = (usize, Result<Series>)>> {
        self.check_column(name)?;
        let ends = self.content.groups(name).into_iter().scan(0, |end, size| {
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

    /// The first row and the number of rows of each of the pieces in which a column is best read.
    pub(super) fn group_sizes(&self, name: &str) -> Vec<(usize, usize)> {
        let mut first = 0;
        let sizes = self.content.groups(name).into_iter().filter(|&rows| rows > 0);
        let group = |rows| {
            let start = first;
            first += rows;
            (start, rows)
        };
        sizes.map(group).collect()
    }

    /// Columns of one type, [`AT_ONCE`] at a time: each reading looks at all columns of the file once.
    pub(super) fn each_series(
        &self,
        names: &[String],
        mut visit: impl FnMut(&str, &Series) -> Result<()>,
    ) -> Result<()> {
        for names in names.chunks((AT_ONCE / self.height.max(1)).clamp(1, 512)) {
            let _entered = self.reading(&names[0]).entered();
            for name in names {
                self.check_column(name)?;
            }
            // The error of a damaged column names it.
            match catch_panic(|| self.content.read_several(names, self.first, self.height)) {
                Ok(found) if found.iter().all(|series| series.len() == self.height) => {
                    names.iter().zip(&found).try_for_each(|(name, series)| visit(name, series))?;
                }
                _ => names.iter().try_for_each(|name| visit(name, &self.series(name)?))?,
            }
        }
        Ok(())
    }

    /// `height` rows of a column from row `first` of the file on.
    pub(super) fn read_rows(&self, name: &str, first: usize, height: usize) -> Result<Series> {
        let series = catch_panic(|| self.content.read(name, first, height))
            .map_err(|error| self.wrong(format!("column `{name}`: {error}")))?;
        if series.len() != height {
            return Err(self
                .wrong(format!("column `{name}` has another length than the table"))
                .expected(format!("{height} rows"))
                .found(series.len().to_string()));
        }
        Ok(series)
    }

    /// About how many values a column has, see [`Content::values`].
    pub(super) fn values(&self, name: &str) -> usize {
        self.content.values(name)
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
        let of_schema = || self.schema.get(name).and_then(|field| unsupported(field.dtype()));
        self.content.unsupported(name).or_else(of_schema)
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

    /// The column of labels that `Table::labels` wrote, if any, each of these names.
    pub(crate) fn class_labels(&self, names: Vec<String>) -> Result<Labels> {
        if names.is_empty() {
            return Ok(Labels::none(self.height));
        }
        let series = self.typed_or_null("label", &DataType::Int64)?;
        let labels = series.i64().map_err(|error| self.wrong(error))?.iter().enumerate();
        let code = |(row, label): (usize, Option<i64>)| {
            let known =
                |label: i64| u32::try_from(label).ok().filter(|&label| (label as usize) < names.len());
            let unknown = |label| self.wrong(format!("row {row} has label {label}, which has no name"));
            label.map(|label| known(label).ok_or_else(|| unknown(label))).transpose()
        };
        Ok(Labels { codes: labels.map(code).collect::<Result<_>>()?, names })
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

/// The metadata of a file.
fn pairs_of(content: &ParquetFile) -> impl Iterator<Item = (&str, Option<&str>)> {
    let pairs = content.footer.key_value_metadata().iter().flatten();
    pairs.map(|pair| (pair.key.as_str(), pair.value.as_deref()))
}

/// Opens a regular file: a pipe would be waited for, and cannot be read from its end.
fn regular(path: &Path, expected: &str) -> Result<(fs_err::File, u64)> {
    let about = fs_err::metadata(path).map_err(|error| Error::from(error).into_input())?;
    if !about.is_file() {
        return Err(Error::input(format!("cannot read `{}`", path.display()))
            .expected(expected)
            .found(if about.is_dir() { "a folder" } else { "neither a file nor a folder" }));
    }
    let file = fs_err::File::open(path).map_err(|error| Error::from(error).into_input())?;
    Ok((file, about.len()))
}

/// The first row without a value.
pub(super) fn first_null(series: &Series) -> Option<usize> {
    if series.null_count() == 0 { None } else { series.is_null().iter().position(|null| null == Some(true)) }
}
