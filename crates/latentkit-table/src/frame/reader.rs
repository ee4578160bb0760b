//! A Parquet file to columns of plain values; errors name the file, the column and the row.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result};
use polars::prelude::*;

use crate::frame::PREFIX;
use crate::{Metadata, Split};

/// A table to be read, column by column.
pub(crate) struct TableReader {
    path: PathBuf,
    pub(super) schema: Arc<ArrowSchema>,
    metadata: Metadata,
    pub(super) height: usize,
}

impl TableReader {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut reader = ParquetReader::new(
            fs_err::File::open(path).map_err(|e| Error::from(e).into_input())?.into_file(),
        );
        let unreadable = |error: PolarsError| {
            Error::input(format!("cannot read `{}`", path.display()))
                .expected("a Parquet file")
                .found(error.to_string())
        };
        let file = reader.get_metadata().map_err(unreadable)?;
        let metadata = file
            .key_value_metadata()
            .iter()
            .flatten()
            .filter_map(|pair| Some((pair.key.strip_prefix(PREFIX)?.to_owned(), pair.value.clone()?)))
            .collect();
        let schema = reader.schema().map_err(unreadable)?;
        let height = reader.num_rows().map_err(unreadable)?;
        Ok(Self { path: path.to_path_buf(), schema, metadata, height })
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

    /// A column, or the error that names the columns that there are.
    pub(super) fn series(&self, name: &str) -> Result<Series> {
        if !self.has(name) {
            let names: Vec<_> = self.schema.iter_names().map(|name| format!("`{name}`")).collect();
            return Err(self.wrong(format!("it has no column `{name}`")).found(names.join(", ")));
        }
        let file = fs_err::File::open(&self.path).map_err(|error| Error::from(error).into_input())?;
        let frame = ParquetReader::new(file.into_file())
            .with_columns(Some(vec![name.to_owned()]))
            .finish()
            .map_err(|error| self.wrong(format!("column `{name}`: {error}")))?;
        let column = frame.column(name).map_err(|error| self.wrong(error))?;
        Ok(column.as_materialized_series().rechunk())
    }

    /// A column of this type without nulls.
    fn typed(&self, name: &str, dtype: &DataType) -> Result<Series> {
        let series = self.series(name)?;
        if series.dtype() != dtype {
            return Err(self
                .wrong(format!("column `{name}` has the wrong type"))
                .expected(format!("`{dtype}`"))
                .found(format!("`{}`", series.dtype())));
        }
        self.no_nulls(name, &series)?;
        Ok(series)
    }

    pub(super) fn no_nulls(&self, name: &str, series: &Series) -> Result<()> {
        if series.null_count() == 0 {
            return Ok(());
        }
        let row = series.is_null().iter().position(|null| null == Some(true)).unwrap_or(0);
        Err(self
            .wrong(format!("column `{name}`, row {row} (counted from 0) is null"))
            .hint("drop or fill the rows without a value"))
    }

    pub(crate) fn u8(&self, name: &str) -> Result<Vec<u8>> {
        let series = self.typed(name, &DataType::UInt8)?;
        Ok(series.u8().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
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

    pub(crate) fn text(&self, name: &str) -> Result<Vec<String>> {
        let series = self.typed(name, &DataType::String)?;
        let column = series.str().map_err(|error| self.wrong(error))?;
        Ok(column.iter().flatten().map(str::to_owned).collect())
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

    /// The bytes of a binary column, each value of `size` bytes, one after the other.
    pub(crate) fn binary(&self, name: &str, size: usize) -> Result<Vec<u8>> {
        let series = self.typed(name, &DataType::Binary)?;
        let column = series.binary().map_err(|error| self.wrong(error))?;
        let mut bytes = Vec::with_capacity(series.len() * size);
        for (row, value) in column.iter().flatten().enumerate() {
            if value.len() != size {
                return Err(self
                    .wrong(format!("column `{name}`, row {row} has the wrong size"))
                    .expected(format!("{size} bytes"))
                    .found(format!("{} bytes", value.len())));
            }
            bytes.extend_from_slice(value);
        }
        Ok(bytes)
    }
}
