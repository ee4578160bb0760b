//! A Parquet file that is written, row group by row group.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use latentkit_core::{Result, atomic};
use polars::prelude::{ArrowSchema, PolarsResult};
use polars_arrow::record_batch::RecordBatch;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, KeyValue, StatisticsOptions, Version, WriteOptions,
    get_dtype_encoding, row_group_iter,
};

use super::arrow_schema;
use super::column::Column;
use crate::metadata::Metadata;

/// zstd at its default level; the least, the greatest and the number of nulls of every page and row group.
fn options() -> WriteOptions {
    WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Zstd(None),
        data_page_size: None,
    }
}

/// A file that is being written. polars' own writer takes every column for one that may hold nulls.
pub(super) struct RowGroups<W: Write> {
    file: FileWriter<W>,
    encodings: Vec<Vec<Encoding>>,
    metadata: Vec<KeyValue>,
}

impl<W: Write> RowGroups<W> {
    /// Starts a file of such columns.
    pub(super) fn start(file: W, columns: &[Column], metadata: &Metadata) -> PolarsResult<Self> {
        let schema: ArrowSchema =
            columns.iter().map(|column| (column.field.name.clone(), column.field.clone())).collect();
        let metadata = arrow_schema::metadata(&schema, columns, metadata);
        let encodings = columns.iter().map(|column| get_dtype_encoding(column.array.dtype())).collect();
        Ok(Self { file: FileWriter::try_new(file, schema, options())?, encodings, metadata })
    }

    /// Writes `rows` rows of the columns from row `first` on as a row group.
    pub(super) fn write(&mut self, columns: &[Column], first: usize, rows: usize) -> PolarsResult<()> {
        let arrays = columns.iter().map(|column| column.array.sliced(first, rows)).collect();
        let batch = RecordBatch::try_new(rows, self.file.schema().clone().into(), arrays)?;
        let fields = self.file.parquet_schema().fields().to_vec();
        let group = row_group_iter(batch, self.encodings.clone().into(), fields, self.file.options());
        self.file.write(rows as u64, group)
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> PolarsResult<()> {
        self.file.end(Some(self.metadata)).map(|_| ())
    }
}

/// As [`atomic::write_with`]; where the system refused to write, its error is the one that is returned.
pub(super) fn write_capturing(
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
pub(super) struct ErrorCapturingWriter<'a> {
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
