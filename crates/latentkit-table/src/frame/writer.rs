//! Columns of plain values to a Parquet file.

use std::path::Path;

use latentkit_core::{Cancellation, Error, ImageShape, Result};
use polars::prelude::{ArrowDataType, PolarsError};
use polars_arrow::array::{BinaryViewArray, BooleanArray, MutableBinaryViewArray, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use rayon::prelude::*;
use serde_json::json;

use super::column::Column;
use super::output::{RowGroups, write_capturing};
use crate::labels::Labels;
use crate::metadata::Metadata;
use crate::picture;

/// A table to be written, built column by column. A column holds nulls only where its method says so.
pub(crate) struct Table {
    height: usize,
    columns: Vec<Column>,
}

impl Table {
    pub(crate) fn new(height: usize) -> Self {
        Self { height, columns: Vec::new() }
    }

    pub(super) fn column(mut self, column: Column) -> Self {
        assert_eq!(column.array.len(), self.height, "`{}` has a value a row", column.field.name);
        self.columns.push(column);
        self
    }

    pub(crate) fn u32(self, name: &str, values: Vec<u32>) -> Self {
        self.column(Column::numbers(name, values))
    }

    pub(crate) fn f32(self, name: &str, values: Vec<f32>) -> Self {
        self.column(Column::numbers(name, values))
    }

    pub(crate) fn f64(self, name: &str, values: Vec<f64>) -> Self {
        self.column(Column::numbers(name, values))
    }

    pub(crate) fn u32_or_null(self, name: &str, values: Vec<Option<u32>>) -> Self {
        self.column(Column::numbers_or_null(name, values))
    }

    pub(crate) fn f32_or_null(self, name: &str, values: Vec<Option<f32>>) -> Self {
        self.column(Column::numbers_or_null(name, values))
    }

    pub(crate) fn f64_or_null(self, name: &str, values: Vec<Option<f64>>) -> Self {
        self.column(Column::numbers_or_null(name, values))
    }

    pub(crate) fn bool(self, name: &str, values: impl Iterator<Item = bool>) -> Self {
        let array = BooleanArray::new(ArrowDataType::Boolean, values.collect::<Bitmap>(), None);
        self.column(Column::new(name, array, false))
    }

    pub(crate) fn text<'a>(self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        let array: Utf8ViewArray = MutableBinaryViewArray::from_values_iter(values).into();
        self.column(Column::new(name, array, false))
    }

    pub(crate) fn text_or_null<'a>(self, name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Self {
        let array: Utf8ViewArray = MutableBinaryViewArray::from_iterator(values).into();
        self.column(Column::new(name, array, true))
    }

    pub(crate) fn binary<'a>(self, name: &str, values: impl Iterator<Item = &'a [u8]>) -> Self {
        let array: BinaryViewArray = MutableBinaryViewArray::from_values_iter(values).into();
        self.column(Column::new(name, array, false))
    }

    /// A column of lists of `width` values each, given one after the other.
    pub(crate) fn f32_list(self, name: &str, values: Vec<f32>, width: usize) -> Self {
        self.column(Column::lists(name, values, width))
    }

    /// Columns `label` and `label_name` of some points, null where one has no label; no columns where there are no labels at all.
    /// The former is a `ClassLabel` of Hugging Face's `datasets`, which is of 64 bits.
    pub(crate) fn labels(self, labels: &Labels, points: impl Iterator<Item = usize> + Clone) -> Self {
        if labels.names.is_empty() {
            return self;
        }
        let codes = points.clone().map(|point| labels.codes[point].map(i64::from));
        let feature = json!({ "_type": "ClassLabel", "names": labels.names });
        // Whether there can be nulls must not depend on which points are asked for.
        if labels.codes.iter().all(Option::is_some) {
            self.column(Column::numbers("label", codes.flatten().collect()).with_feature(feature))
                .text("label_name", points.filter_map(|point| labels.name(point)))
        } else {
            self.column(Column::numbers_or_null("label", codes.collect()).with_feature(feature))
                .text_or_null("label_name", points.map(|point| labels.name(point)))
        }
    }

    /// A column `path` of where the rows come from, where that is known.
    pub(crate) fn paths(self, paths: Option<&[Option<String>]>) -> Self {
        match paths {
            None => self,
            Some(paths) if paths.iter().all(Option::is_some) => {
                self.text("path", paths.iter().flatten().map(String::as_str))
            }
            Some(paths) => self.text_or_null("path", paths.iter().map(Option::as_deref)),
        }
    }

    /// A column of images of one shape as PNG files: an `Image` of Hugging Face's `datasets`.
    pub(crate) fn images(self, name: &str, shape: ImageShape, images: &[&[u8]]) -> Self {
        let files: Vec<_> = images.par_iter().map(|pixels| picture::encode(pixels, shape)).collect();
        let files: BinaryViewArray = MutableBinaryViewArray::from_values_iter(files.iter()).into();
        self.column(Column::files(name, files).with_feature(json!({ "_type": "Image" })))
    }

    /// Writes the table. The same columns and metadata give the same bytes.
    pub(crate) fn write(self, path: &Path, metadata: &Metadata) -> Result<()> {
        let mut table = Some(self);
        let blocks = Blocks { count: 1, metadata, cancel: Cancellation::never() };
        blocks.write(path, |_| Ok(table.take().expect("there is one block")))
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
        let mut blocks = 0..self.count;
        write_blocks(path, self.metadata, self.cancel, || blocks.next().map(&mut of).transpose())
    }
}

/// Writes the blocks that `next` makes until there are none, one at least, all of the same columns, one after the other.
pub(crate) fn write_blocks(
    path: &Path,
    metadata: &Metadata,
    cancel: Cancellation,
    mut next: impl FnMut() -> Result<Option<Table>>,
) -> Result<()> {
    // An error of polars that is none of the system's.
    let failed = |error: PolarsError| Error::failed(format!("cannot write `{}`: {error}", path.display()));
    write_capturing(path, |file| {
        let mut table = next()?.ok_or_else(|| Error::failed("there is nothing to write"))?;
        let mut file = RowGroups::start(file, &table.columns, metadata).map_err(failed)?;
        loop {
            for row in (0..table.height).step_by(ROWS) {
                cancel.check()?;
                let rows = ROWS.min(table.height - row);
                file.write(&table.columns, row, rows).map_err(failed)?;
            }
            match next()? {
                Some(more) => table = more,
                None => return file.finish().map_err(failed),
            }
        }
    })
}

/// Rows of a row group: few enough for readers to skip what a filter rules out, as many as DuckDB's own.
const ROWS: usize = 122_880;
