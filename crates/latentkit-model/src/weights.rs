//! Tensors to and from safetensors files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use latentkit_core::{Error, Result, atomic};
use safetensors::tensor::{Dtype, SafeTensors, View};
use tch::Tensor;

use crate::engine::numbers;

/// The one key of a file's metadata; its value is JSON. One key only, since several would be written in random order.
const METADATA: &str = "latentkit";

/// A tensor of f32 as the bytes that a file holds.
struct Bytes {
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for &Bytes {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }
    fn data_len(&self) -> usize {
        self.data.len()
    }
}

/// Writes f32 tensors and a JSON value. The same tensors and value give the same bytes.
pub fn write_tensors(path: &Path, tensors: &[(String, Tensor)], metadata: &serde_json::Value) -> Result<()> {
    let bytes: Vec<(&str, Bytes)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let shape = tensor.size().iter().map(|&length| length as usize).collect();
            let data = numbers(tensor).iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.as_str(), Bytes { shape, data })
        })
        .collect();
    let metadata = HashMap::from([(METADATA.to_owned(), metadata.to_string())]);
    let file = safetensors::serialize(bytes.iter().map(|(name, bytes)| (*name, bytes)), Some(metadata))
        .map_err(|error| Error::failed(format!("cannot write `{}`: {error}", path.display())))?;
    atomic::write(path, &file)
}

/// Reads the JSON value, hands it to `prepare` for the tensors to fill, and copies the file's values into them.
///
/// # Errors
/// Of kind input when the file is missing, is no safetensors file of this project, or lacks a tensor of the right shape.
pub fn read_tensors<T>(
    path: &Path,
    prepare: impl FnOnce(serde_json::Value) -> Result<(T, Vec<(String, Tensor)>)>,
) -> Result<T> {
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
    let (result, tensors) = prepare(metadata)?;
    // All are checked before the first is copied, so that a file that is refused changes nothing.
    let mut checked = Vec::new();
    for (name, tensor) in tensors {
        let view = file.tensor(&name).map_err(|_| wrong(format!("it has no tensor `{name}`")))?;
        let shape: Vec<i64> = view.shape().iter().map(|&length| length as i64).collect();
        if view.dtype() != Dtype::F32 || shape != tensor.size() {
            return Err(wrong(format!("the tensor `{name}` is another one"))
                .expected(format!("f32 {:?}", tensor.size()))
                .found(format!("{:?} {shape:?}", view.dtype())));
        }
        let (values, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(wrong(format!("the tensor `{name}` holds `{}` at {index}", values[index])));
        }
        checked.push((tensor, Tensor::from_slice(&values).reshape(shape)));
    }
    tch::no_grad(|| {
        for (mut tensor, values) in checked {
            tensor.copy_(&values);
        }
    });
    Ok(result)
}
