//! How two files of weights differ.

use std::path::Path;

use latentkit_core::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors};

/// A tensor that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorDifference {
    /// Its name.
    pub name: String,
    /// The largest absolute difference of its numbers; infinite where only one of two is finite. None when the tensors
    /// cannot be compared number by number: only one file has it, or it has another shape or type.
    pub largest: Option<f64>,
}

/// Compares the tensors of two safetensors files by name, in the order of their names.
///
/// # Errors
/// Of kind input when one of them cannot be read.
pub fn tensor_differences(first: &Path, second: &Path) -> Result<Vec<TensorDifference>> {
    let (first_bytes, second_bytes) = (read(first)?, read(second)?);
    let (first, second) = (parse(first, &first_bytes)?, parse(second, &second_bytes)?);
    let mut names: Vec<&str> = first.names().into_iter().chain(second.names()).collect();
    names.sort_unstable();
    names.dedup();
    let mut differences = Vec::new();
    for name in names {
        let largest = match (first.tensor(name), second.tensor(name)) {
            (Ok(a), Ok(b)) if a.data() == b.data() && a.shape() == b.shape() && a.dtype() == b.dtype() => {
                continue;
            }
            (Ok(a), Ok(b))
                if a.dtype() == Dtype::F32 && b.dtype() == Dtype::F32 && a.shape() == b.shape() =>
            {
                Some(largest(a.data(), b.data()))
            }
            _ => None,
        };
        differences.push(TensorDifference { name: name.to_owned(), largest });
    }
    Ok(differences)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).map_err(|error| Error::from(error).into_input())
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| Error::input(format!("cannot read the weights `{}`: {error}", path.display())))
}

/// The largest absolute difference of little-endian f32. Zeros of both signs are equal, and so is NaN to NaN.
#[expect(clippy::float_cmp, reason = "asks whether both are the same number")]
fn largest(first: &[u8], second: &[u8]) -> f64 {
    let numbers = |bytes: &[u8]| -> Vec<f64> {
        bytes.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
    };
    numbers(first)
        .into_iter()
        .zip(numbers(second))
        .map(|(a, b)| match (a - b).abs() {
            _ if a == b || (a.is_nan() && b.is_nan()) => 0.0,
            distance if distance.is_finite() => distance,
            _ => f64::INFINITY,
        })
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tensor, write_tensors};

    #[test]
    fn the_largest_difference_of_each_tensor_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, tensors: &[(&str, &[f32])]| {
            let path = folder.path().join(name);
            let tensors: Vec<_> = tensors
                .iter()
                .map(|(name, values)| Tensor {
                    name: (*name).to_owned(),
                    shape: vec![values.len()],
                    values: values.to_vec(),
                })
                .collect();
            write_tensors(&path, &tensors, &serde_json::json!({})).unwrap();
            path
        };
        let one = write("one", &[("a", &[1.0, 2.0]), ("b", &[0.0]), ("c", &[1.0]), ("d", &[1.0, 2.0])]);
        let two = write("two", &[("a", &[1.0, 2.5]), ("b", &[0.0]), ("d", &[1.0]), ("e", &[f32::NAN])]);
        let found: Vec<_> =
            tensor_differences(&one, &two).unwrap().into_iter().map(|d| (d.name, d.largest)).collect();
        let expected = [("a", Some(0.5)), ("c", None), ("d", None), ("e", None)];
        assert_eq!(found, expected.map(|(name, largest)| (name.to_owned(), largest)));
        assert!(tensor_differences(&one, &one).unwrap().is_empty());
        let three = write("three", &[("e", &[1.0])]);
        assert_eq!(tensor_differences(&two, &three).unwrap().last().unwrap().largest, Some(f64::INFINITY));
        fs_err::write(&one, "x").unwrap();
        assert!(tensor_differences(&one, &two).unwrap_err().to_string().contains("cannot read the weights"));
    }
}
