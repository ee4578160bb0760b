//! Columns of Parquet files.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result};
use polars::prelude::*;
use polars_io::prelude::*;
use polars_parquet::read::RowGroupMetadata;

use super::arrow_schema::ARROW_SCHEMA;
use super::catch_panic::catch_panic;
use super::content::Content;
use super::limits::{self, Checked};
use super::types::is_foreign;

/// A Parquet file.
pub(super) struct ParquetFile {
    path: PathBuf,
    /// Bytes of the file.
    length: u64,
    pub(super) footer: Arc<FileMetadata>,
    schema: Arc<ArrowSchema>,
}

impl ParquetFile {
    /// Reads the footer. What it claims is checked before anything is allocated for it.
    pub(super) fn open(path: &Path, length: u64, file: &mut fs_err::File) -> Result<Checked<Self>> {
        if let Err(problem) = limits::check_schema(file).map_err(Error::into_input)? {
            return Ok(Err(problem));
        }
        let (footer, schema) = match schema_of(file) {
            Ok(found) => found,
            Err(error) => return Ok(Err(error.to_string())),
        };
        Ok(limits::check_footer(&footer).map(|()| Self { path: path.to_path_buf(), length, footer, schema }))
    }
}

impl Content for ParquetFile {
    fn schema(&self) -> &ArrowSchema {
        &self.schema
    }

    fn height(&self) -> usize {
        self.footer.num_rows
    }

    fn check(&self, name: &str) -> Result<Checked<()>> {
        let field = self.schema.get(name).expect("the table has the column");
        if let Err(problem) = limits::check_column(&self.footer, field, self.length) {
            return Ok(Err(problem));
        }
        let mut file = fs_err::File::open(&self.path)?;
        limits::check_pages(&mut file, &self.footer, name, self.length)
    }

    fn groups(&self, _name: &str) -> Vec<usize> {
        self.footer.row_groups.iter().map(RowGroupMetadata::num_rows).collect()
    }

    fn values(&self, name: &str) -> usize {
        let groups = self.footer.row_groups.iter();
        let chunks = groups.flat_map(|group| group.columns_under_root_iter(name).into_iter().flatten());
        chunks.map(|chunk| usize::try_from(chunk.num_values()).unwrap_or(0)).sum()
    }

    fn read(&self, name: &str, first: usize, height: usize) -> PolarsResult<Series> {
        Ok(self.read_several(&[name.to_owned()], first, height)?.remove(0))
    }

    /// Pages that hold none of the rows are not unpacked.
    fn read_several(&self, names: &[String], first: usize, height: usize) -> PolarsResult<Vec<Series>> {
        let file = fs_err::File::open(&self.path)?;
        let mut reader = ParquetReader::new(file.into_file())
            .with_columns(Some(names.to_vec()))
            .with_slice(Some((first, height)));
        reader.set_metadata(self.footer.clone());
        let frame = reader.finish()?;
        let of = |name: &String| Ok(frame.column(name)?.as_materialized_series().rechunk());
        names.iter().map(of).collect()
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
