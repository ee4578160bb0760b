//! Points, ids and labels from tables that anyone may have made.

use latentkit_core::Result;
use ndarray::Array2;
use polars::prelude::*;

use crate::Labels;
use crate::frame::TableReader;

impl TableReader {
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
        let numbered: Vec<String> = (0..self.schema.len())
            .map(|index| format!("z{index}"))
            .take_while(|name| self.has(name))
            .collect();
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
