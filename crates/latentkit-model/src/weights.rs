//! Tensors to and from safetensors files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use latentkit_core::{Error, Result, atomic};
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde_json::Value;

use crate::tensor::Tensor;

/// The one key of a file's metadata; its value is JSON. One key only, since several would be written in random order.
const METADATA: &str = "latentkit";

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }
    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}

/// Writes tensors and a JSON value. The same tensors and value give the same bytes.
pub fn write_tensors(path: &Path, tensors: &[Tensor], metadata: &Value) -> Result<()> {
    let metadata = HashMap::from([(METADATA.to_owned(), metadata.to_string())]);
    let named = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor));
    let file = safetensors::serialize(named, Some(metadata))
        .map_err(|error| Error::failed(format!("cannot write `{}`: {error}", path.display())))?;
    atomic::write(path, &file)
}

/// Reads the JSON value of a file, and the tensors whose names and shapes `wanted` derives from it, in that order.
///
/// # Errors
/// Of kind input when the file is missing, is no safetensors file of this project, lacks a tensor of the right shape, or
/// holds a number that is not finite.
pub fn read_tensors(
    path: &Path,
    wanted: impl FnOnce(&Value) -> Result<Vec<(String, Vec<usize>)>>,
) -> Result<(Value, Vec<Tensor>)> {
    let wrong =
        |problem: String| Error::input(format!("cannot read the weights `{}`: {problem}", path.display()));
    let bytes = fs_err::read(path).map_err(|error| Error::from(error).into_input())?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| wrong(error.to_string()))?;
    let metadata = header
        .metadata()
        .as_ref()
        .and_then(|pairs| pairs.get(METADATA))
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| wrong(format!("its metadata has no JSON under `{METADATA}`")))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| wrong(error.to_string()))?;
    let mut tensors = Vec::new();
    for (name, shape) in wanted(&metadata)? {
        let view = file.tensor(&name).map_err(|_| wrong(format!("it has no tensor `{name}`")))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            return Err(wrong(format!("the tensor `{name}` is another one"))
                .expected(format!("f32 {shape:?}"))
                .found(format!("{:?} {:?}", view.dtype(), view.shape())));
        }
        let (values, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(wrong(format!("the tensor `{name}` holds `{}` at {index}", values[index])));
        }
        tensors.push(Tensor { name, shape, values });
    }
    Ok((metadata, tensors))
}
