//! Images in Parquet files that anyone may have made: as files of pictures, or as the values of their pixels.

use std::path::Path;

use latentkit_core::{Cancellation, Error, Result};
use polars::prelude::*;

use super::points::{flatten, is_list};
use super::reader::{TableReader, first_null};
use super::types::{is_number, type_name};
use crate::labels::LabelValues;

/// The usual names of columns of images, the first to try first.
const USUAL: [&str; 6] = ["image", "img", "picture", "png", "jpg", "pixels"];

/// Values that are converted at a time, roughly.
const AT_ONCE: usize = 1 << 20;

/// A Parquet file with a column of images.
pub struct ImageTable {
    reader: TableReader,
    column: String,
}

/// Some rows of a column of images.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageCells {
    /// Files of pictures, such as PNG.
    Files(Vec<ImageFile>),
    /// The values of the pixels of whole images, image by image, each of `width` values.
    Values {
        /// Values of an image.
        width: usize,
        /// Its lengths along the nested lists that it is stored in, one number where they are not nested.
        lengths: Vec<usize>,
        /// The values.
        values: Numbers,
    },
}

/// A picture in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// The file, where the cell holds one.
    pub bytes: Option<Vec<u8>>,
    /// The path that it had.
    pub path: Option<String>,
}

/// Numbers of some type.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Unsigned bytes.
    Bytes(Vec<u8>),
    /// Truth values.
    Bits(Vec<bool>),
    /// Whole numbers of another type.
    Whole(Vec<f64>),
    /// Floating-point numbers.
    Floats(Vec<f64>),
}

impl ImageTable {
    /// Opens a file. The images are in the column of that name; without one in a column of a usual name (`image`, `img`, ...) or
    /// in the only one of a fitting type.
    ///
    /// # Errors
    /// Of kind input when it is no Parquet file or has no such column.
    pub fn open(path: &Path, column: Option<&str>) -> Result<Self> {
        let reader = TableReader::open(path)?;
        let column = match column {
            Some(name) => {
                reader.must_have(name)?;
                name.to_owned()
            }
            None => usual_column(&reader)?,
        };
        let dtype = reader.schema.get(&column).expect("the table has the column").dtype();
        if !holds_images(dtype) {
            return Err(reader
                .wrong(format!("column `{column}` holds no images"))
                .expected("`struct` of `bytes` and `path`, binary values, or lists of numbers")
                .found(format!("`{}`", type_name(dtype)))
                .hint("`dataset.source.image-column` names the column"));
        }
        reader.check_column(&column)?;
        Ok(Self { reader, column })
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.reader.height
    }

    /// The name of the column of images.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Whether the column holds files of pictures, not values of pixels.
    pub fn holds_files(&self) -> bool {
        self.reader.schema.get(&self.column).is_some_and(|field| !is_list(field.dtype()))
    }

    /// The first row of each row group and the number of its rows.
    pub fn groups(&self) -> Vec<(usize, usize)> {
        self.reader.group_sizes(&self.column)
    }

    /// `count` rows of the column of images from row `first` on, in pieces.
    ///
    /// # Errors
    /// Of kind input when a row holds no image, or the file is damaged.
    pub fn read(
        &self,
        first: usize,
        count: usize,
        cancel: Cancellation,
        mut visit: impl FnMut(ImageCells) -> Result<()>,
    ) -> Result<()> {
        let _entered = self.reader.reading(&self.column).entered();
        let series = self.reader.read_rows(&self.column, first, count)?;
        cancel.check()?;
        if self.holds_files() {
            return visit(ImageCells::Files(self.files(&series)?));
        }
        if let Some(row) = first_null(&series) {
            return Err(self.reader.null_at(&self.column, first + row));
        }
        let lengths = lengths(&series);
        let (values, ends) = flatten(&series)
            .ok_or_else(|| self.wrong(format!("column `{}` has lists that cannot be read", self.column)))?;
        let width = ends.first().copied().unwrap_or(0);
        let mut start = 0;
        for (row, end) in ends.into_iter().enumerate() {
            if end - start != width || width == 0 {
                return Err(self.reader.wrong_length(&self.column, first + row, width, end - start));
            }
            start = end;
        }
        if let Some(place) = first_null(&values) {
            let row = first + place / width;
            return Err(
                self.wrong(format!("column `{}`, row {row} (counted from 0) has a null", self.column))
            );
        }
        let at_once = (AT_ONCE / width).max(1) * width;
        for place in (0..values.len()).step_by(at_once) {
            cancel.check()?;
            let values = numbers_of(&values.slice(place as i64, at_once)).map_err(|found| {
                self.wrong(format!("column `{}` holds no numbers", self.column)).found(found)
            })?;
            visit(ImageCells::Values { width, lengths: lengths.clone(), values })?;
        }
        Ok(())
    }

    fn files(&self, series: &Series) -> Result<Vec<ImageFile>> {
        let failed = |error: PolarsError| self.wrong(format!("column `{}`: {error}", self.column));
        let (bytes, paths) = match series.struct_() {
            Ok(parts) => {
                let paths = parts.field_by_name("path").ok().filter(|paths| paths.dtype().is_string());
                (parts.field_by_name("bytes").map_err(failed)?, paths)
            }
            Err(_) => (series.clone(), None),
        };
        let bytes = bytes.binary().map_err(failed)?;
        let paths = paths.as_ref().map(|paths| paths.str()).transpose().map_err(failed)?;
        let file = |row| ImageFile {
            bytes: bytes.get(row).map(<[u8]>::to_vec),
            path: paths.and_then(|paths| paths.get(row)).map(str::to_owned),
        };
        Ok((0..series.len()).map(file).collect())
    }

    /// The column of labels: that of this name; without one `label`, else the only one of whole numbers or texts beside those
    /// of images and `others`. None where nothing says which.
    ///
    /// # Errors
    /// Of kind input when there is no column of the given name.
    pub fn label_column(&self, name: Option<&str>, others: &[&str]) -> Result<Option<String>> {
        if let Some(name) = name {
            self.reader.must_have(name)?;
            return Ok(Some(name.to_owned()));
        }
        if self.reader.has("label") && self.column != "label" {
            return Ok(Some("label".to_owned()));
        }
        let fits = |dtype: &ArrowDataType| {
            use ArrowDataType as T;
            let is_float = matches!(dtype, T::Float16 | T::Float32 | T::Float64);
            (is_number(dtype) && !is_float)
                || matches!(dtype, T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Dictionary(..))
        };
        let candidates = self.reader.schema.iter().filter(|(name, field)| {
            fits(field.dtype()) && **name != self.column && !others.contains(&name.as_str())
        });
        let candidates: Vec<_> = candidates.map(|(name, _)| name.to_string()).collect();
        Ok(match candidates.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        })
    }

    /// The labels of a column, and the names of label 0, 1, ... where Hugging Face's `datasets` knows them.
    ///
    /// # Errors
    /// Of kind input when it cannot be used as labels.
    pub fn labels(&self, column: &str) -> Result<(LabelValues, Option<Vec<String>>)> {
        Ok((self.reader.required_labels(column)?, self.class_names(column)))
    }

    /// The texts of a column.
    ///
    /// # Errors
    /// Of kind input when there is no such column or it is of another type.
    pub fn texts(&self, column: &str) -> Result<Vec<Option<String>>> {
        self.reader.must_have(column)?;
        let usable = self.reader.texts(column)?;
        usable.map_err(|reason| self.wrong(format!("column `{column}`: {reason}")).expected("texts"))
    }

    /// An error about the content of the file.
    pub fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        self.reader.wrong(problem)
    }

    /// The names of the classes of a column.
    fn class_names(&self, column: &str) -> Option<Vec<String>> {
        let said: serde_json::Value = serde_json::from_str(self.reader.features.as_ref()?).ok()?;
        let feature = said.get("info")?.get("features")?.get(column)?;
        let names = feature.get("names")?.as_array()?;
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    }
}

fn usual_column(reader: &TableReader) -> Result<String> {
    let fits = |name: &str| reader.schema.get(name).is_some_and(|field| holds_images(field.dtype()));
    if let Some(usual) = USUAL.iter().find(|name| fits(name)) {
        return Ok((*usual).to_owned());
    }
    let candidates: Vec<_> = reader.schema.iter_names().filter(|name| fits(name)).collect();
    match candidates.as_slice() {
        [only] => Ok(only.to_string()),
        [] => Err(reader
            .wrong("it has no column of images")
            .expected("a column of files of pictures, as Hugging Face's `datasets` writes them, or of lists of numbers")
            .found(reader.column_names())),
        _ => Err(reader
            .wrong("several of its columns may hold the images")
            .found(candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            .hint("`dataset.source.image-column` names one")),
    }
}

/// Whether values may be images: files of pictures or lists of numbers.
fn holds_images(dtype: &ArrowDataType) -> bool {
    let is_bytes = |dtype: &ArrowDataType| {
        matches!(dtype, ArrowDataType::Binary | ArrowDataType::LargeBinary | ArrowDataType::BinaryView)
    };
    match dtype {
        ArrowDataType::Struct(fields) => {
            fields.iter().any(|field| field.name == "bytes" && is_bytes(field.dtype()))
        }
        other => is_bytes(other) || is_list(other),
    }
}

/// The lengths of the lists of the first row, from the outermost on.
fn lengths(series: &Series) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut inner = series.slice(0, 1);
    loop {
        let next = match (inner.list(), inner.array()) {
            (Ok(lists), _) => lists.get_as_series(0),
            (_, Ok(lists)) => lists.get_as_series(0),
            _ => return lengths,
        };
        let Some(next) = next else { return lengths };
        lengths.push(next.len());
        inner = next.slice(0, 1);
    }
}

/// Numbers without nulls, or the type that is none.
pub(super) fn numbers_of(series: &Series) -> std::result::Result<Numbers, String> {
    let failed = |error: PolarsError| error.to_string();
    if let Ok(bytes) = series.u8() {
        return Ok(Numbers::Bytes(bytes.into_no_null_iter().collect()));
    }
    if let Ok(bits) = series.bool() {
        return Ok(Numbers::Bits(bits.iter().map(|bit| bit == Some(true)).collect()));
    }
    if !series.dtype().is_numeric() {
        return Err(format!("`{}`", series.dtype()));
    }
    let wide = series.cast(&DataType::Float64).map_err(failed)?;
    let wide: Vec<f64> = wide.f64().map_err(failed)?.into_no_null_iter().collect();
    Ok(if series.dtype().is_integer() { Numbers::Whole(wide) } else { Numbers::Floats(wide) })
}
