//! Columns of plain values to a Parquet file.

use std::path::Path;

use latentkit_core::{Error, Result, atomic};
use polars::prelude::*;

use crate::Metadata;
use crate::frame::PREFIX;

/// A table to be written, built column by column.
pub(crate) struct Table {
    height: usize,
    columns: Vec<Column>,
}

impl Table {
    pub(crate) fn new(height: usize) -> Self {
        Self { height, columns: Vec::new() }
    }

    fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    pub(crate) fn u8(self, name: &str, values: Vec<u8>) -> Self {
        self.column(UInt8Chunked::from_vec(name.into(), values).into_column())
    }

    pub(crate) fn u32(self, name: &str, values: Vec<u32>) -> Self {
        self.column(UInt32Chunked::from_vec(name.into(), values).into_column())
    }

    pub(crate) fn f32(self, name: &str, values: Vec<f32>) -> Self {
        self.column(Float32Chunked::from_vec(name.into(), values).into_column())
    }

    pub(crate) fn f64(self, name: &str, values: Vec<f64>) -> Self {
        self.column(Float64Chunked::from_vec(name.into(), values).into_column())
    }

    pub(crate) fn text<'a>(self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        self.column(StringChunked::from_iter_values(name.into(), values).into_column())
    }

    pub(crate) fn binary<'a>(self, name: &str, values: impl Iterator<Item = &'a [u8]>) -> Self {
        self.column(BinaryChunked::from_iter_values(name.into(), values).into_column())
    }

    /// A column of lists of `width` values each, given one after the other.
    pub(crate) fn f32_list(self, name: &str, values: Vec<f32>, width: usize) -> Self {
        let lists = Float32Chunked::from_vec(name.into(), values)
            .into_series()
            .reshape_array(&[ReshapeDimension::Infer, ReshapeDimension::new_dimension(width as u64)])
            .expect("one list of `width` values a row");
        self.column(lists.into_column())
    }

    /// Writes the table. The same columns and metadata give the same bytes.
    pub(crate) fn write(self, path: &Path, metadata: &Metadata) -> Result<()> {
        let failed = |error: PolarsError| polars_error("write", path, error);
        let mut frame = DataFrame::new(self.height, self.columns).map_err(failed)?;
        let pairs = metadata.iter().map(|(key, value)| (format!("{PREFIX}{key}"), value.clone())).collect();
        atomic::write_with(path, |file| {
            ParquetWriter::new(file)
                .with_compression(ParquetCompression::Zstd(None))
                .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs)))
                .finish(&mut frame)
                .map(|_| ())
                .map_err(failed)
        })
    }
}

/// Polars wraps the system's errors; those keep their kind, and with it their hint.
fn polars_error(doing: &str, path: &Path, error: PolarsError) -> Error {
    match error {
        PolarsError::IO { error, .. } => Error::from(std::io::Error::new(
            error.kind(),
            format!("cannot {doing} `{}`: {error}", path.display()),
        )),
        other => Error::failed(format!("cannot {doing} `{}`: {other}", path.display())),
    }
}
