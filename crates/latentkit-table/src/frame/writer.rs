//! Columns of plain values to a Parquet file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use latentkit_core::{Cancellation, Error, Result, atomic};
use polars::prelude::*;
use polars_io::prelude::*;
use polars_parquet::write::schema_to_metadata_key;

use crate::metadata::{Metadata, PREFIX};

/// A table to be written, built column by column.
pub(crate) struct Table {
    height: usize,
    columns: Vec<Column>,
}

impl Table {
    pub(crate) fn new(height: usize) -> Self {
        Self { height, columns: Vec::new() }
    }

    pub(super) fn column(mut self, column: Column) -> Self {
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

    pub(crate) fn u32_or_null(self, name: &str, values: Vec<Option<u32>>) -> Self {
        self.column(UInt32Chunked::from_iter_options(name.into(), values.into_iter()).into_column())
    }

    pub(crate) fn f32_or_null(self, name: &str, values: Vec<Option<f32>>) -> Self {
        self.column(Float32Chunked::from_iter_options(name.into(), values.into_iter()).into_column())
    }

    pub(crate) fn f64_or_null(self, name: &str, values: Vec<Option<f64>>) -> Self {
        self.column(Float64Chunked::from_iter_options(name.into(), values.into_iter()).into_column())
    }

    pub(crate) fn bool(self, name: &str, values: impl Iterator<Item = bool>) -> Self {
        self.column(BooleanChunked::from_iter_values(name.into(), values).into_column())
    }

    pub(crate) fn text<'a>(self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        self.column(StringChunked::from_iter_values(name.into(), values).into_column())
    }

    pub(crate) fn text_or_null<'a>(self, name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Self {
        self.column(StringChunked::from_iter_options(name.into(), values).into_column())
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
        let failed = |error: PolarsError| polars_error(path, &error);
        let mut frame = self.frame().map_err(failed)?;
        write_remembering(path, |file| {
            writer(file, frame.schema(), metadata).finish(&mut frame).map(|_| ()).map_err(failed)
        })
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        DataFrame::new(self.height, self.columns)
    }
}

/// A table that is too large to be in memory at once, written block by block.
pub(crate) struct Blocks<'a> {
    /// Blocks, one at least.
    pub(crate) count: usize,
    pub(crate) metadata: &'a Metadata,
    /// Asked between row groups.
    pub(crate) cancel: Cancellation<'a>,
}

impl Blocks<'_> {
    /// Writes the blocks that `of` makes, all of the same columns, one after the other.
    pub(crate) fn write(&self, path: &Path, mut of: impl FnMut(usize) -> Result<Table>) -> Result<()> {
        let failed = |error: PolarsError| polars_error(path, &error);
        write_remembering(path, |file| {
            let mut frame = of(0)?.frame().map_err(failed)?;
            let mut blocks =
                writer(file, frame.schema(), self.metadata).batched(frame.schema()).map_err(failed)?;
            for index in 0..self.count {
                if index > 0 {
                    frame = of(index)?.frame().map_err(failed)?;
                }
                for row in (0..frame.height()).step_by(ROWS) {
                    self.cancel.check()?;
                    blocks.write_batch(&frame.slice(row as i64, ROWS)).map_err(failed)?;
                }
            }
            blocks.finish().map(|_| ()).map_err(failed)
        })
    }
}

/// Rows of a row group: few enough for readers to skip what a filter rules out, as many as DuckDB's own.
const ROWS: usize = 122_880;

fn writer<W: Write>(file: W, schema: &Schema, metadata: &Metadata) -> ParquetWriter<W> {
    let pairs = metadata.iter().map(|(key, value)| (format!("{PREFIX}{key}"), value.clone()));
    let pairs = pairs.chain(plain_schema(schema)).collect();
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Zstd(None))
        .with_row_group_size(Some(ROWS))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs)))
}

/// The metadata by which readers of Arrow know the columns: as `string`, `binary` and `list`. By that of polars they would be
/// views, for which readers lack filters, sorts and casts.
fn plain_schema(schema: &Schema) -> Option<(String, String)> {
    let plain: ArrowSchema = schema
        .iter()
        .map(|(name, dtype)| {
            let field = dtype.to_arrow_field(name.clone(), CompatLevel::newest());
            (name.clone(), ArrowField { dtype: plain_type(field.dtype), ..field })
        })
        .collect();
    let pair = schema_to_metadata_key(&plain);
    Some((pair.key, pair.value?))
}

fn plain_type(dtype: ArrowDataType) -> ArrowDataType {
    use ArrowDataType as T;
    match dtype {
        T::Utf8View | T::LargeUtf8 => T::Utf8,
        T::BinaryView | T::LargeBinary => T::Binary,
        T::LargeList(inner) => T::List(inner),
        other => other,
    }
}

/// An error of polars that is none of the system's.
fn polars_error(path: &Path, error: &PolarsError) -> Error {
    Error::failed(format!("cannot write `{}`: {error}", path.display()))
}

/// As [`atomic::write_with`]; where the system refused to write, its error is the one that is returned.
fn write_remembering(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&mut ErrorCapturingWriter>) -> Result<()>,
) -> Result<()> {
    let _entered = tracing::info_span!("writing", file = %path.display()).entered();
    atomic::write_with(path, |file| {
        let mut file = ErrorCapturingWriter { file, error: None };
        // polars writes the footer byte by byte.
        let mut buffer = BufWriter::with_capacity(BUFFER, &mut file);
        let outcome = fill(&mut buffer).and_then(|()| Ok(buffer.flush()?));
        // What could not be written is not tried again.
        let _ = buffer.into_parts();
        match (outcome, file.error) {
            (Err(_), Some(error)) => Err(error.into()),
            (outcome, _) => outcome,
        }
    })
}

/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;

/// A file that keeps the system's error, of which polars keeps the text alone: its kind tells the way out.
struct ErrorCapturingWriter<'a> {
    file: &'a mut fs_err::File,
    error: Option<io::Error>,
}

impl ErrorCapturingWriter<'_> {
    fn remember<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.error.get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Write for ErrorCapturingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.file.write(bytes);
        self.remember(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.file.flush();
        self.remember(outcome)
    }
}
