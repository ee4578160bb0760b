//! The only place that knows polars: columns of plain values to a Parquet file and back.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result, atomic};
use ndarray::Array2;
use polars::prelude::*;

use crate::{Labels, Metadata, Split};

/// What every key of this project's metadata starts with.
const PREFIX: &str = "latentkit.";

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

/// A table to be read, column by column.
pub(crate) struct TableReader {
    path: PathBuf,
    schema: Arc<ArrowSchema>,
    metadata: Metadata,
    height: usize,
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
    fn series(&self, name: &str) -> Result<Series> {
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

    fn no_nulls(&self, name: &str, series: &Series) -> Result<()> {
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

    /// The ids of the points: any whole numbers from 0 that fit.
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<u32>> {
        self.whole_numbers(name, u32::MAX)
    }

    /// A column of whole numbers of any type, each from 0 to `largest`.
    fn whole_numbers(&self, name: &str, largest: u32) -> Result<Vec<u32>> {
        let series = self.series(name)?;
        self.no_nulls(name, &series)?;
        if !series.dtype().is_integer() {
            return Err(self
                .wrong(format!("column `{name}` has the wrong type"))
                .expected("whole numbers")
                .found(format!("`{}`", series.dtype())));
        }
        let wide = series.cast(&DataType::Int64).map_err(|error| self.wrong(error))?;
        let wide = wide.i64().map_err(|error| self.wrong(error))?;
        wide.iter()
            .enumerate()
            .map(|(row, value)| {
                // A value that Int64 cannot hold became null in the cast.
                value
                    .and_then(|value| u32::try_from(value).ok())
                    .filter(|&value| value <= largest)
                    .ok_or_else(|| {
                        self.wrong(format!("column `{name}`, row {row} is out of range"))
                            .expected(format!("a whole number from 0 to {largest}"))
                            .found(value.map_or("a larger number".to_owned(), |value| format!("`{value}`")))
                    })
            })
            .collect()
    }

    /// Labels: numbers 0 to 255 with the names of the column `names` where the table has one, or texts, numbered in
    /// the order of the alphabet.
    pub(crate) fn labels(&self, name: &str, names: &str) -> Result<Labels> {
        if self.series(name)?.dtype() == &DataType::String {
            let texts = self.text(name)?;
            let mut distinct = texts.clone();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() > 256 {
                return Err(self
                    .wrong(format!("column `{name}` holds too many labels"))
                    .expected("at most 256")
                    .found(distinct.len().to_string()));
            }
            let code = |text: &String| distinct.binary_search(text).map_or(0, |index| index as u8);
            return Ok(Labels { codes: texts.iter().map(code).collect(), names: distinct });
        }
        let codes: Vec<u8> = self.whole_numbers(name, 255)?.into_iter().map(|code| code as u8).collect();
        let count = codes.iter().max().map_or(0, |&code| usize::from(code) + 1);
        let mut known: Vec<String> = (0..count).map(|code| code.to_string()).collect();
        if self.has(names) {
            for (&code, text) in codes.iter().zip(self.text(names)?) {
                known[usize::from(code)] = text;
            }
        }
        Ok(Labels { codes, names: known })
    }

    /// The points of the table; see [`crate::read_embeddings`].
    pub(crate) fn points(&self, column: Option<&str>) -> Result<Array2<f32>> {
        if self.height == 0 {
            return Err(self.wrong("it has no rows"));
        }
        if let Some(name) = column {
            return self.list_points(name);
        }
        let numbered: Vec<String> =
            (0..).map(|index| format!("z{index}")).take_while(|name| self.has(name)).collect();
        if !numbered.is_empty() {
            return self.column_points(&numbered);
        }
        let lists: Vec<&str> = self
            .schema
            .iter()
            .filter(|(_, field)| {
                matches!(
                    field.dtype(),
                    ArrowDataType::LargeList(_) | ArrowDataType::List(_) | ArrowDataType::FixedSizeList(..)
                )
            })
            .map(|(name, _)| name.as_str())
            .collect();
        match lists.as_slice() {
            ["z"] => self.list_points("z"),
            [only] => self.list_points(only),
            _ => {
                let names: Vec<_> = self.schema.iter_names().map(|name| format!("`{name}`")).collect();
                Err(self
                    .wrong("it has no latent columns")
                    .expected("columns `z0`, `z1`, ... of f32 or f64, or one column of lists of them")
                    .found(names.join(", "))
                    .hint("name the column of lists with `--column NAME`"))
            }
        }
    }

    /// The points whose coordinates are the columns `names`.
    fn column_points(&self, names: &[String]) -> Result<Array2<f32>> {
        let mut points = Array2::zeros((self.height, names.len()));
        for (index, name) in names.iter().enumerate() {
            let series = self.series(name)?;
            self.no_nulls(name, &series)?;
            let values = self.floats(name, &series)?;
            for (row, value) in values.into_iter().enumerate() {
                points[[row, index]] = self.finite(name, row, value)?;
            }
        }
        Ok(points)
    }

    /// The points that are the lists of one column.
    fn list_points(&self, name: &str) -> Result<Array2<f32>> {
        let series = self.series(name)?;
        self.no_nulls(name, &series)?;
        let is_list = match series.dtype() {
            DataType::List(inner) | DataType::Array(inner, _) => inner.is_float(),
            _ => false,
        };
        if !is_list {
            return Err(self
                .wrong(format!("column `{name}` holds no points"))
                .expected("lists of f32 or f64")
                .found(format!("`{}`", series.dtype())));
        }
        let mut points = Vec::new();
        let mut width = 0;
        for row in 0..series.len() {
            let list = match series.get(row).map_err(|error| self.wrong(error))? {
                AnyValue::List(list) | AnyValue::Array(list, _) => list,
                other => {
                    return Err(self.wrong(format!("column `{name}`, row {row} holds `{other}`, not a list")));
                }
            };
            if row == 0 {
                width = list.len();
                points.reserve_exact(width * series.len());
            }
            if list.len() != width || width == 0 {
                return Err(self
                    .wrong(format!("column `{name}`, row {row} has a list of another length"))
                    .expected(if width == 0 {
                        "at least 1 value".to_owned()
                    } else {
                        format!("{width} values, as in row 0")
                    })
                    .found(list.len().to_string()));
            }
            if list.null_count() > 0 {
                return Err(
                    self.wrong(format!("column `{name}`, row {row} (counted from 0) has a null in its list"))
                );
            }
            for value in self.floats(name, &list)? {
                points.push(self.finite(name, row, value)?);
            }
        }
        Array2::from_shape_vec((self.height, width), points).map_err(|error| self.wrong(error))
    }

    /// The values of a column of f32 or f64 without nulls.
    fn floats(&self, name: &str, series: &Series) -> Result<Vec<f64>> {
        match series.dtype() {
            DataType::Float32 => Ok(series
                .f32()
                .map_err(|error| self.wrong(error))?
                .into_no_null_iter()
                .map(f64::from)
                .collect()),
            DataType::Float64 => {
                Ok(series.f64().map_err(|error| self.wrong(error))?.into_no_null_iter().collect())
            }
            other => Err(self
                .wrong(format!("column `{name}` has the wrong type"))
                .expected("f32 or f64")
                .found(format!("`{other}`"))),
        }
    }

    /// The value as f32, where it is a finite one.
    fn finite(&self, name: &str, row: usize, value: f64) -> Result<f32> {
        let narrow = value as f32;
        if narrow.is_finite() {
            return Ok(narrow);
        }
        let problem = if value.is_finite() { "is too large for f32" } else { "is not finite" };
        Err(self
            .wrong(format!("column `{name}`, row {row} (counted from 0) {problem}"))
            .found(format!("`{value}`"))
            .hint("drop the row, or mend what made it"))
    }
}
