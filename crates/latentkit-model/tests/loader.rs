//! A file of trained weights, as the program writes it, gives what `scripts/load_in_pytorch.py` makes of it in PyTorch.
//! See fixtures/loader.py.

use std::path::PathBuf;

use latentkit_model::{AutoEncoder, read_tensors};
use tch::{Device, Kind, Tensor};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A tensor of what PyTorch computed.
fn expected(name: &str, shape: &[i64]) -> Tensor {
    let tensor = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    let wanted = vec![(name.to_owned(), tensor.shallow_clone())];
    read_tensors(&fixture("loader_outputs.safetensors"), |_| Ok((tensor, wanted))).unwrap()
}

/// Equal to 1e-5 of the largest value.
#[track_caller]
fn assert_close(name: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.size(), expected.size(), "shape of {name}");
    let largest = expected.abs().max().double_value(&[]);
    let difference = (found - expected).abs().max().double_value(&[]);
    assert!(largest > 0.0, "{name} is all zeros, which proves nothing");
    assert!(difference <= 1e-5 * largest, "{name} differs by {difference:e} of {largest:e}");
}

#[test]
fn weights_that_the_program_wrote_mean_the_same_to_pytorch() {
    let (model, metadata) = AutoEncoder::load(&fixture("loader.safetensors"), Device::Cpu).unwrap();
    assert_eq!(metadata["model"]["architecture"], "reference");
    tch::no_grad(|| {
        let latents = model.encode(&expected("images", &[8, 1, 28, 28]), false);
        assert_close("latents", &latents, &expected("latents", &[8, 6]));
        let images = model.decode_logits(&latents, false).sigmoid();
        assert_close("reconstructions", &images, &expected("reconstructions", &[8, 1, 28, 28]));
    });
}
