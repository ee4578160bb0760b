//! A file of trained weights, as the program writes it, gives what `scripts/load_in_pytorch.py` makes of it in PyTorch.
//! See loader.py of latentkit-model's fixtures.

use latentkit_model::AutoEncoder;

use crate::support::{BOTH, bytes, engine, model_fixture, numbers};

fn expected(name: &str, shape: &[usize]) -> Vec<f32> {
    numbers(&model_fixture("loader_outputs.safetensors"), name, shape)
}

/// Equal to 1e-5 of the largest value.
#[track_caller]
fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.0, "{name} is all zeros, which proves nothing");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 1e-5 * largest, "{name}: {found} is not {expected} at {index}");
    }
}

#[test]
fn weights_that_the_program_wrote_mean_the_same_to_pytorch() {
    let (model, metadata) = AutoEncoder::load(&model_fixture("loader.safetensors")).unwrap();
    assert_eq!(metadata["model"]["architecture"], "reference");
    for kind in BOTH {
        let mut engine = engine(kind, &model);
        let latents = engine.encode(&bytes(&expected("images", &[8, 1, 28, 28])));
        assert_close("latents", &latents, &expected("latents", &[8, 6]));
        let images: Vec<f32> =
            engine.decode(&latents).iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
        assert_close("reconstructions", &images, &expected("reconstructions", &[8, 1, 28, 28]));
    }
}
