//! The coordinates of points from tables that anyone may have made.

use std::collections::BTreeMap;

use latentkit_core::{Error, Result};
use ndarray::Array2;
use polars::prelude::*;

use super::reader::{TableReader, first_null};
use super::types::{fits_single, is_number};
use crate::values::Values;

impl TableReader {
    /// The columns of the points and their coordinates; see [`crate::read_embeddings`].
    pub(crate) fn points(&mut self, column: Option<&str>) -> Result<(Vec<String>, Values)> {
        let names = match column {
            Some(name) => self.named_columns(name)?,
            None => self.usual_columns()?,
        };
        if let Some(first) = names.first() {
            self.take_rows_of(first)?;
        }
        if self.height == 0 {
            return Err(self.wrong("it has no rows"));
        }
        let values = match names.as_slice() {
            [one] if self.is_list(one) => self.list_points(one)?,
            [one] if self.is_struct(one) => self.struct_points(one)?,
            several => self.column_points(several)?,
        };
        Ok((names, values))
    }

    /// The columns that a name, a list of names or a pattern stands for.
    fn named_columns(&self, name: &str) -> Result<Vec<String>> {
        if self.has(name) {
            return Ok(vec![name.to_owned()]);
        }
        if let Some((before, after)) = name.split_once('*') {
            let rest = |column: &str| Some(column.strip_prefix(before)?.strip_suffix(after)?.to_owned());
            let mut found: Vec<(String, String)> = self
                .schema
                .iter_names()
                .filter_map(|column| Some((rest(column)?, column.to_string())))
                .collect();
            // `x_2` comes before `x_10`.
            if found.iter().all(|(rest, _)| rest.parse::<u64>().is_ok()) {
                found.sort_by_key(|(rest, _)| rest.parse::<u64>().ok());
            }
            if !found.is_empty() {
                return Ok(found.into_iter().map(|(_, column)| column).collect());
            }
            return Err(self.wrong(format!("it has no column like `{name}`")).found(self.column_names()));
        }
        let names: Vec<String> = name.split(',').map(|name| name.trim().to_owned()).collect();
        if names.len() > 1
            && let Some(missing) = names.iter().find(|name| !self.has(name))
        {
            return Err(self.wrong(format!("it has no column `{missing}`")).found(self.column_names()));
        }
        Ok(names) // of one name that is not there, reading tells
    }

    /// The columns that hold the points where nobody says which.
    fn usual_columns(&self) -> Result<Vec<String>> {
        for prefix in ["z", ""] {
            if self.has(&format!("{prefix}0")) {
                return self.numbered_columns(prefix);
            }
        }
        let mut candidates: Vec<Vec<String>> = Vec::new();
        let lists = self.schema.iter_names().filter(|name| self.is_list(name));
        candidates.extend(lists.map(|name| vec![name.to_string()]));
        if candidates.iter().any(|names| names[0] == "z") {
            return Ok(vec!["z".to_owned()]);
        }
        for prefix in self.numbered_prefixes() {
            candidates.push(self.numbered_columns(&prefix)?);
        }
        match candidates.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(self
                .wrong("it has no columns that are known to hold points")
                .expected("columns `z0`, `z1`, ..., `0`, `1`, ... or others that are numbered from 0 on, or a column of lists")
                .found(self.column_names())
                .hint("name them with `--column NAME`, `--column 'x,y'` or `--column 'pattern_*'`")),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|names| match names.as_slice() {
                        [one] => format!("`{one}`"),
                        [first, .., last] => format!("`{first}` to `{last}`"),
                        [] => String::new(),
                    })
                    .collect();
                Err(self
                    .wrong("several of its columns may hold the points")
                    .found(names.join(", "))
                    .hint("name one with `--column NAME`, or several with `--column 'pattern_*'`"))
            }
        }
    }

    fn is_list(&self, name: &str) -> bool {
        self.schema.get(name).is_some_and(|field| is_list(field.dtype()))
    }

    /// What stands before the numbers of columns of numbers that are numbered from 0 on, at least two of each.
    fn numbered_prefixes(&self) -> Vec<String> {
        let mut prefixes = BTreeMap::new();
        for (name, field) in self.schema.iter() {
            if !is_number(field.dtype()) {
                continue;
            }
            let prefix = name.trim_end_matches(|character: char| character.is_ascii_digit());
            if prefix.len() < name.len() {
                *prefixes.entry(prefix.to_owned()).or_insert(0) += 1;
            }
        }
        let is_number = |name: &str| self.schema.get(name).is_some_and(|field| is_number(field.dtype()));
        let numbered = |(prefix, count): &(String, i32)| *count > 1 && is_number(&format!("{prefix}0"));
        prefixes.into_iter().filter(numbered).map(|(prefix, _)| prefix).collect()
    }

    /// The names `z0`, `z1`, ... up to the last that the table has, with another prefix where it is another.
    fn numbered_columns(&self, prefix: &str) -> Result<Vec<String>> {
        let index = |name: &str| {
            let index: usize = name.strip_prefix(prefix)?.parse().ok()?;
            // Not `z07` or `z+7`.
            (format!("{prefix}{index}") == name).then_some(index)
        };
        let last = self.schema.iter_names().filter_map(|name| index(name)).max().unwrap_or(0);
        let names = (0..=last).map(|index| format!("{prefix}{index}"));
        let missing = names.clone().find(|name| !self.has(name));
        match missing {
            None => Ok(names.collect()),
            Some(missing) => Err(self
                .wrong(format!("it has no column `{missing}`"))
                .expected(format!("all of `{prefix}0` to `{prefix}{last}`"))
                .hint("add the column, rename those after the gap, or name the columns with `--column`")),
        }
    }

    /// The points whose coordinates are the columns `names`.
    fn column_points(&self, names: &[String]) -> Result<Values> {
        if names.iter().all(|name| self.schema.get(name).is_some_and(|field| fits_single(field.dtype()))) {
            return self.columns_of(names, Self::singles).map(Values::Single);
        }
        self.columns_of(names, Self::doubles).map(|values| Values::Double(values).simplified())
    }

    fn columns_of<T: Copy + Default>(
        &self,
        names: &[String],
        read: impl Fn(&Self, &str, &Series, Rows) -> Result<Vec<T>>,
    ) -> Result<Array2<T>> {
        let mut points = Array2::from_elem((self.height, names.len()), T::default());
        let mut columns = points.columns_mut().into_iter();
        self.each_series(names, |name, series| {
            self.no_nulls(name, series)?;
            let values = read(self, name, series, Rows { first: 0, width: 1 })?;
            let column = columns.next().expect("as many columns as names");
            column.into_iter().zip(values).for_each(|(point, value)| *point = value);
            Ok(())
        })?;
        Ok(points)
    }

    /// The points that are the lists of one column.
    fn list_points(&self, name: &str) -> Result<Values> {
        let single = self.schema.get(name).is_some_and(|field| fits_single(innermost(field.dtype())));
        if single {
            return self.lists_of(name, Self::singles).map(Values::Single);
        }
        self.lists_of(name, Self::doubles).map(|values| Values::Double(values).simplified())
    }

    fn lists_of<T: Copy>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str, &Series, Rows) -> Result<Vec<T>>,
    ) -> Result<Array2<T>> {
        let (mut all, mut width) = (Vec::new(), 0);
        for (first, series) in self.groups(name)? {
            let series = series?;
            if let Some(row) = first_null(&series) {
                return Err(self.null_at(name, first + row));
            }
            let (values, ends) = flatten(&series).ok_or_else(|| {
                self.wrong(format!("column `{name}` holds no points"))
                    .expected("lists of numbers")
                    .found(format!("`{}`", series.dtype()))
            })?;
            let mut start = 0;
            for (row, end) in ends.into_iter().enumerate() {
                let length = end - start;
                if first == 0 && row == 0 {
                    width = length;
                }
                if length != width || width == 0 {
                    return Err(self.wrong_length(name, first + row, width, length));
                }
                start = end;
            }
            let rows = Rows { first, width };
            if let Some(place) = first_null(&values) {
                let row = rows.of(place);
                return Err(
                    self.wrong(format!("column `{name}`, row {row} (counted from 0) has a null in its list"))
                );
            }
            if first == 0 {
                all.reserve_exact(self.height.saturating_mul(width).min(self.values(name)));
            }
            // Some rows at a time, so that no more copies of all of them are in memory.
            let at_once = (AT_ONCE / width.max(1)).max(1) * width;
            for place in (0..values.len()).step_by(at_once.max(1)) {
                let rows = Rows { first: first + place / width, width };
                all.extend(read(self, name, &values.slice(place as i64, at_once), rows)?);
            }
        }
        Array2::from_shape_vec((self.height, width), all).map_err(|error| self.wrong(error))
    }

    pub(super) fn wrong_length(&self, name: &str, row: usize, width: usize, length: usize) -> Error {
        self.wrong(format!("column `{name}`, row {row} (counted from 0) has a list of another length"))
            .expected(if width == 0 {
                "at least 1 value".to_owned()
            } else {
                format!("{width} values, as in row 0")
            })
            .found(length.to_string())
    }

    /// The values as f32, which holds those of the type exactly.
    fn singles(&self, name: &str, series: &Series, rows: Rows) -> Result<Vec<f32>> {
        let cast = self.cast(name, series, &DataType::Float32)?;
        let values: Vec<f32> = cast.f32().map_err(|error| self.wrong(error))?.into_no_null_iter().collect();
        self.all_finite(name, values.iter().map(|value| f64::from(*value)), rows)?;
        Ok(values)
    }

    /// The values as f64.
    pub(super) fn doubles(&self, name: &str, series: &Series, rows: Rows) -> Result<Vec<f64>> {
        let cast = self.cast(name, series, &DataType::Float64)?;
        let values: Vec<f64> = cast.f64().map_err(|error| self.wrong(error))?.into_no_null_iter().collect();
        self.all_finite(name, values.iter().copied(), rows)?;
        Ok(values)
    }

    fn cast(&self, name: &str, series: &Series, dtype: &DataType) -> Result<Series> {
        if !(series.dtype().is_numeric() || series.dtype().is_bool()) {
            return Err(self
                .wrong(format!("column `{name}` has the wrong type"))
                .expected("numbers")
                .found(format!("`{}`", series.dtype())));
        }
        series.cast(dtype).map_err(|error| self.wrong(format!("column `{name}`: {error}")))
    }

    pub(super) fn all_finite(
        &self,
        name: &str,
        mut values: impl Iterator<Item = f64>,
        rows: Rows,
    ) -> Result<()> {
        let Some((place, value)) = values.by_ref().enumerate().find(|(_, value)| !value.is_finite()) else {
            return Ok(());
        };
        let row = rows.of(place);
        Err(self
            .wrong(format!("column `{name}`, row {row} (counted from 0) is not finite"))
            .found(format!("`{value}`"))
            .hint("drop the row, or mend what made it"))
    }
}

/// Values of lists that are converted at a time, roughly.
const AT_ONCE: usize = 1 << 20;

/// Which rows of the table values are of.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) first: usize,
    /// Values of a row, at least 1.
    pub(super) width: usize,
}

impl Rows {
    fn of(self, place: usize) -> usize {
        self.first + place / self.width
    }
}

/// The values of lists, of lists of lists and so on, and where those of each row end.
pub(super) fn flatten(series: &Series) -> Option<(Series, Vec<usize>)> {
    let mut values = series.rechunk();
    let mut ends: Vec<usize> = (1..=values.len()).collect();
    while values.dtype().is_nested() {
        // A row that is null has no values to tell from those of others.
        if values.null_count() > 0 {
            return None;
        }
        if let Ok(lists) = values.list() {
            let lists = lists.rechunk();
            let offsets = lists.downcast_iter().next()?.offsets().as_slice();
            let place = |offset: i64| usize::try_from(offset - offsets[0]).ok();
            for end in &mut ends {
                *end = place(offsets[*end])?;
            }
            values = lists.get_inner().slice(offsets[0], place(*offsets.last()?)?).rechunk();
        } else {
            let lists = values.array().ok()?;
            let width = lists.width();
            for end in &mut ends {
                *end *= width;
            }
            values = lists.get_inner().rechunk();
        }
    }
    let are_numbers = values.dtype().is_numeric() || values.dtype().is_bool();
    (series.dtype().is_nested() && are_numbers).then_some((values, ends))
}

pub(super) fn is_list(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::LargeList(_) | ArrowDataType::List(_) | ArrowDataType::FixedSizeList(..) => {
            is_number(innermost(dtype))
        }
        _ => false,
    }
}

/// The type of the values of lists, or of lists of lists and so on.
fn innermost(dtype: &ArrowDataType) -> &ArrowDataType {
    match dtype {
        ArrowDataType::LargeList(inner)
        | ArrowDataType::List(inner)
        | ArrowDataType::FixedSizeList(inner, _) => innermost(inner.dtype()),
        other => other,
    }
}
