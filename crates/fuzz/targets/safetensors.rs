//! Weights: the file of a model, and of tensors by name.
#![no_main]

use latentkit_fuzz::{file, within};
use latentkit_model::{AutoEncoder, read_tensors};
use libfuzzer_sys::fuzz_target;
use tch::{Device, Kind, Tensor};

fuzz_target!(|bytes: &[u8]| {
    let path = file("model.safetensors", bytes);
    // Tensors are libtorch's own memory; what a model holds of it is limited by the file as well.
    within((1 << 20) + 200 * bytes.len(), || {
        let tensors = |shape: &[i64]| vec![("a".to_owned(), Tensor::zeros(shape, (Kind::Float, Device::Cpu)))];
        let _ = read_tensors(&path, |metadata| Ok((metadata, tensors(&[2, 3]))));
        let _ = AutoEncoder::load(&path, Device::Cpu);
    });
});
