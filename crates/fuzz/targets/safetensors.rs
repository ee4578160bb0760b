//! Weights: the file of a model, and tensors by name.
#![no_main]

use latentkit_fuzz::{file, within};
use latentkit_model::{AutoEncoder, read_tensors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file("model.safetensors", bytes);
    within((1 << 20) + 200 * bytes.len(), || {
        let _ = read_tensors(&path, |_| Ok(vec![("a".to_owned(), vec![2, 3])]));
        let _ = AutoEncoder::load(&path);
    });
});
