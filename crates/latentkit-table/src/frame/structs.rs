//! Points from a column of structs: of numbers, or the vectors of Spark's machine learning, which may be sparse.

use std::ops::Range;

use latentkit_core::{Error, Result};
use ndarray::Array2;
use polars::prelude::*;

use super::points::Rows;
use super::reader::TableReader;
use crate::values::Values;

/// The fields of a `VectorUDT`.
const VECTOR: [&str; 4] = ["type", "size", "indices", "values"];

/// The `type` of a vector that lists all of its values; others list those that are not 0.
const DENSE: i8 = 1;

impl TableReader {
    /// Whether a column is of structs.
    pub(super) fn is_struct(&self, name: &str) -> bool {
        self.schema.get(name).is_some_and(|field| matches!(field.dtype(), ArrowDataType::Struct(_)))
    }

    /// The points that are the structs of one column.
    pub(super) fn struct_points(&self, name: &str) -> Result<Values> {
        let series = self.series(name)?;
        self.no_nulls(name, &series)?;
        let fields = series.struct_().map_err(|error| self.wrong(error))?.fields_as_series();
        if VECTOR.iter().all(|part| fields.iter().any(|field| field.name() == part)) {
            return self.vectors(name, &fields).map(|values| Values::Double(values).simplified());
        }
        let mut points = Array2::zeros((self.height, fields.len()));
        for (field, mut column) in fields.iter().zip(points.columns_mut()) {
            let name = format!("{name}.{}", field.name());
            self.no_nulls(&name, field)?;
            let values = self.doubles(&name, field, Rows { first: 0, width: 1 })?;
            column.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
        }
        Ok(Values::Double(points).simplified())
    }

    fn vectors(&self, name: &str, fields: &[Series]) -> Result<Array2<f64>> {
        let failed = |error: PolarsError| self.wrong(format!("column `{name}`: {error}"));
        let part =
            |part: &str| fields.iter().find(|field| field.name() == part).expect("a vector has the field");
        let kinds = part("type").cast(&DataType::Int8).map_err(failed)?;
        let sizes = part("size").cast(&DataType::Int64).map_err(failed)?;
        let (kinds, sizes) = (kinds.i8().map_err(failed)?, sizes.i64().map_err(failed)?);
        let indices = Lists::of(part("indices"), &DataType::Int64).map_err(failed)?;
        let values = Lists::of(part("values"), &DataType::Float64).map_err(failed)?;
        let (indices_of, values_of) =
            (indices.values.i64().map_err(failed)?, values.values.f64().map_err(failed)?);
        let (mut width, mut points) = (0, Vec::new());
        for row in 0..self.height {
            let listed = values.row(row);
            let is_dense = kinds.get(row) == Some(DENSE);
            let size = if is_dense {
                Some(listed.len())
            } else {
                sizes.get(row).and_then(|size| size.try_into().ok())
            };
            let size = size.ok_or_else(|| self.damaged(name, row))?;
            if row == 0 {
                width = size;
                self.within_reason(
                    name,
                    [width.saturating_mul(self.height).saturating_mul(size_of::<f64>())].into_iter(),
                )?;
            }
            if size != width || width == 0 {
                return Err(self.wrong_length(name, row, width, size));
            }
            let start = points.len();
            points.resize(start + width, 0.0);
            for (place, at) in listed.enumerate() {
                let column = if is_dense { Some(place) } else { index(indices_of, &indices, row, place) };
                let slot = column.and_then(|column| points[start..].get_mut(column));
                let (slot, value) = slot.zip(values_of.get(at)).ok_or_else(|| self.damaged(name, row))?;
                *slot = value;
            }
        }
        self.all_finite(name, points.iter().copied(), Rows { first: 0, width: width.max(1) })?;
        Array2::from_shape_vec((self.height, width), points).map_err(|error| self.wrong(error))
    }

    fn damaged(&self, name: &str, row: usize) -> Error {
        self.wrong(format!("column `{name}`, row {row} (counted from 0) is no vector"))
            .expected("a dense one with values, or a sparse one with its size, indices and as many values")
    }
}

/// The column of a value of a sparse vector.
fn index(numbers: &Int64Chunked, indices: &Lists, row: usize, place: usize) -> Option<usize> {
    numbers.get(indices.row(row).nth(place)?)?.try_into().ok()
}

/// Lists of numbers, each a range of all of them; that of a null is empty.
struct Lists {
    values: Series,
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl Lists {
    fn of(series: &Series, dtype: &DataType) -> PolarsResult<Self> {
        let series = series.rechunk();
        let lists = series.cast(&DataType::List(Box::new(dtype.clone())))?.rechunk();
        let lists = lists.list()?;
        let offsets = lists.downcast_iter().next().map(|chunk| chunk.offsets().as_slice().to_vec());
        let offsets = offsets.unwrap_or_default();
        let first = offsets.first().copied().unwrap_or(0);
        let last = offsets.last().copied().unwrap_or(0);
        Ok(Self {
            values: lists.get_inner().slice(first, (last - first) as usize).rechunk(),
            ends: offsets.iter().map(|offset| (offset - first) as usize).collect(),
            present: series.is_not_null().iter().map(|present| present == Some(true)).collect(),
        })
    }

    /// Where the values of a row lie.
    fn row(&self, row: usize) -> Range<usize> {
        if self.present[row] { self.ends[row]..self.ends[row + 1] } else { 0..0 }
    }
}
