//! The metadata of a file, by which readers of Arrow and Hugging Face's `datasets` know its columns.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use polars::prelude::{ArrowDataType, ArrowSchema};
use polars_arrow::io::ipc::write::{default_ipc_fields, schema_to_bytes};
use polars_parquet::write::KeyValue;
use serde_json::{Map, Value, json};

use super::column::Column;
use crate::metadata::{Metadata, PREFIX};

/// The key of the columns as readers of Arrow know them.
pub(super) const ARROW_SCHEMA: &str = "ARROW:schema";

/// The key of the columns as `datasets` knows them.
const HUGGING_FACE: &str = "huggingface";

/// All metadata of a file. The schema repeats the rest: readers of Arrow look nowhere else.
pub(super) fn metadata(schema: &ArrowSchema, columns: &[Column], metadata: &Metadata) -> Vec<KeyValue> {
    let own = metadata.iter().map(|(key, value)| (format!("{PREFIX}{key}"), value.clone()));
    let features = features(columns).map(|features| (HUGGING_FACE.to_owned(), features));
    let mut pairs: Vec<(String, String)> = own.chain(features).collect();
    let custom = pairs.iter().map(|(key, value)| (key.into(), value.into())).collect();
    let schema = schema_to_bytes(schema, &default_ipc_fields(schema.iter_values()), Some(&custom));
    pairs.insert(0, (ARROW_SCHEMA.to_owned(), message(&schema)));
    pairs.into_iter().map(|(key, value)| KeyValue { key, value: Some(value) }).collect()
}

/// A message of Arrow as Parquet holds it: after a mark and its length, as base64.
fn message(bytes: &[u8]) -> String {
    let length = (bytes.len() as u32).to_le_bytes();
    BASE64_STANDARD.encode([&[255; 4], &length, bytes].concat())
}

/// What `datasets` is told of the columns; none where it finds out by itself.
fn features(columns: &[Column]) -> Option<String> {
    columns.iter().any(|column| column.feature.is_some()).then(|| {
        let feature = |column: &Column| column.feature.clone().unwrap_or_else(|| plain(&column.field.dtype));
        let features: Map<String, Value> =
            columns.iter().map(|column| (column.field.name.to_string(), feature(column))).collect();
        json!({ "info": { "features": features } }).to_string()
    })
}

/// The feature of a column of plain values.
fn plain(dtype: &ArrowDataType) -> Value {
    let name = match dtype {
        ArrowDataType::FixedSizeList(item, length) => {
            return json!({ "_type": "List", "feature": plain(&item.dtype), "length": length });
        }
        ArrowDataType::Boolean => "bool",
        ArrowDataType::UInt8 => "uint8",
        ArrowDataType::UInt32 => "uint32",
        ArrowDataType::Float32 => "float32",
        ArrowDataType::Float64 => "float64",
        ArrowDataType::Utf8 => "string",
        other => unreachable!("no table with features has a column of {other:?}"),
    };
    json!({ "_type": "Value", "dtype": name })
}
