//! Ids of points, from tables that anyone may have made and from those of this project.

use latentkit_core::{Error, Result};
use polars::prelude::{ArrowDataType, ArrowField, DataType};

use super::column::Column;
use super::labels::{Usable, numbers, texts};
use super::reader::{TableReader, first_null};
use super::writer::Table;
use crate::ids::{Ids, uuid};

/// Bytes of a UUID.
const UUID: usize = 16;

impl TableReader {
    /// The ids of the points: whole numbers of any type, texts, UUIDs or other bytes.
    pub(crate) fn ids(&self, name: &str) -> Result<Usable<Ids>> {
        let series = match self.optional(name)? {
            Ok(series) => series,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Some(row) = first_null(&series) {
            return Ok(Err(format!("row {row} (counted from 0) is null")));
        }
        let no_type = || "no type of 64 bits holds all of its numbers".to_owned();
        Ok(match series.dtype() {
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => match texts(&series) {
                Ok(texts) => {
                    self.within_reason(
                        name,
                        texts.iter().flatten().map(|text| text.len() + size_of::<String>()),
                    )?;
                    Ok(Ids::Texts(texts.into_iter().flatten().collect()))
                }
                Err(reason) => Err(reason),
            },
            DataType::Binary => {
                let bytes = series.binary().map_err(|error| self.wrong(error))?;
                let lengths =
                    bytes.iter().flatten().map(|bytes| bytes.len().max(2 * UUID) + size_of::<String>());
                self.within_reason(name, lengths)?;
                let field = self.schema.get(name).map(ArrowField::dtype);
                Ok(if matches!(field, Some(ArrowDataType::FixedSizeBinary(UUID))) {
                    let uuids = bytes.iter().flatten().filter_map(|bytes| bytes.first_chunk());
                    Ids::Texts(uuids.map(uuid).collect())
                } else {
                    Ids::Bytes(bytes.iter().flatten().map(<[u8]>::to_vec).collect())
                })
            }
            DataType::UInt64 => {
                let numbers = series.u64().map_err(|error| self.wrong(error))?;
                Ids::whole(|| numbers.into_no_null_iter().map(i128::from)).ok_or_else(no_type)
            }
            _ => numbers(&series).and_then(|numbers| {
                if let Some(row) = numbers.iter().position(Option::is_none) {
                    return Err(format!("row {row} (counted from 0) is NaN"));
                }
                Ids::whole(|| numbers.iter().flatten().map(|&number| i128::from(number))).ok_or_else(no_type)
            }),
        })
    }

    /// The ids of a column that must have them.
    pub(crate) fn required_ids(&self, name: &str) -> Result<Ids> {
        self.must_have(name)?;
        self.ids(name)?.map_err(|reason| self.unusable(name, "ids", &reason, "whole numbers, texts or UUIDs"))
    }

    /// Ids as [`Table::ids`] wrote them.
    pub(crate) fn own_ids(&self, name: &str) -> Result<Ids> {
        let ids = self.required_ids(name)?;
        // Numbers of some points may fit a narrower type than those of all.
        let dtype = self.schema.get(name).map(ArrowField::dtype);
        let wide = match (ids, dtype) {
            (Ids::U32(ids), Some(ArrowDataType::Int64)) => Ids::I64(ids.into_iter().map(i64::from).collect()),
            (Ids::U32(ids), Some(ArrowDataType::UInt64)) => {
                Ids::U64(ids.into_iter().map(u64::from).collect())
            }
            (Ids::I64(ids), Some(ArrowDataType::UInt64)) => {
                Ids::U64(ids.into_iter().map(i64::cast_unsigned).collect())
            }
            (ids, _) => ids,
        };
        Ok(wide)
    }

    /// An error about a column that was asked for by name.
    pub(super) fn unusable(&self, name: &str, purpose: &str, reason: &str, expected: &str) -> Error {
        self.wrong(format!("column `{name}` cannot be used as {purpose}: {reason}")).expected(expected)
    }
}

impl Table {
    /// A column of ids, of the type that they have.
    pub(crate) fn ids(self, name: &str, ids: &Ids) -> Self {
        match ids {
            Ids::U32(ids) => self.u32(name, ids.clone()),
            Ids::I64(ids) => self.column(Column::numbers(name, ids.clone())),
            Ids::U64(ids) => self.column(Column::numbers(name, ids.clone())),
            Ids::Texts(ids) => self.text(name, ids.iter().map(String::as_str)),
            Ids::Bytes(ids) => self.binary(name, ids.iter().map(Vec::as_slice)),
        }
    }
}
