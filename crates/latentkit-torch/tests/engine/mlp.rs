//! The model of dense layers against PyTorch, in both engines: same weights, same images, same numbers. See mlp.py of
//! latentkit-model's fixtures.

use latentkit_core::ImageShape;
use latentkit_model::config::{Device, Engine, Loss, ModelConfig, Precision};
use latentkit_model::{AutoEncoder, Engines, Request, Tensor};
use serde::Deserialize;

use crate::support::{BOTH, difference, engine, gradients};

#[derive(Deserialize)]
struct Expected {
    parameters: usize,
    latents: Vec<f32>,
    logits: Vec<f32>,
    loss: f64,
    gradients: Vec<Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    name: String,
    norm: f64,
    product: f64,
}

fn wave(count: usize, phase: f64) -> Vec<f32> {
    (0..count).map(|index| (1.3 * index as f64 + phase).sin() as f32).collect()
}

fn config() -> ModelConfig {
    serde_json::from_str(r#"{ "architecture": "mlp", "latent-dim": 10, "latent-activation": "linear" }"#)
        .unwrap()
}

#[test]
fn outputs_loss_and_gradients_are_pytorchs() {
    let expected: Expected =
        serde_json::from_str(include_str!("../../../latentkit-model/tests/fixtures/mlp.json")).unwrap();
    let mut model = AutoEncoder::new(&config(), ImageShape::grey(28, 28), 0).unwrap();
    for (index, tensor) in model.tensors.iter_mut().enumerate() {
        let fans = if let [outer, inner] = tensor.shape[..] { outer + inner } else { 600 };
        let scale = (6.0 / fans as f64).sqrt();
        let values = wave(tensor.values.len(), index as f64).into_iter();
        tensor.values = values.map(|value| (f64::from(value) * scale) as f32).collect();
    }
    let parameters: usize = model.tensors.iter().map(|tensor| tensor.values.len()).sum();
    assert_eq!(parameters, expected.parameters);
    let images: Vec<u8> = (0..3 * 784).map(|index| (index * 7919 % 256) as u8).collect();
    for kind in BOTH {
        let mut engine = engine(kind, &model);
        let latents = engine.encode(&images);
        assert!(difference(&latents, &expected.latents) < 1e-5, "{kind:?}");
        assert!(difference(&engine.decode(&latents), &expected.logits) < 1e-5, "{kind:?}");
        engine.step(&images, None, Loss::Bce, 1e-3);
        assert!((engine.metrics().means().bce / expected.loss - 1.0).abs() < 1e-5, "{kind:?}");
        let gradients = gradients(engine.as_ref());
        assert_eq!(gradients.len(), expected.gradients.len());
        for (Tensor { name, values, .. }, expected) in gradients.iter().zip(&expected.gradients) {
            assert_eq!(*name, expected.name);
            let sum = |other: &[f32]| {
                values.iter().zip(other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
            };
            let (norm, product) = (sum(values).sqrt(), sum(&wave(values.len(), 0.5)));
            assert!((norm / expected.norm - 1.0).abs() < 1e-4, "{kind:?}, {name}: {norm}");
            assert!((product - expected.product).abs() < 1e-3 * expected.norm, "{kind:?}, {name}: {product}");
        }
    }
}

#[test]
fn images_of_any_size_are_taken_and_an_engine_that_may_choose_is_native() {
    for size in [(1, 1), (8, 8), (5, 31)] {
        let model = AutoEncoder::new(&config(), ImageShape::grey(size.0, size.1), 0).unwrap();
        let images = vec![7; 2 * size.0 * size.1];
        for kind in BOTH {
            assert_eq!(engine(kind, &model).logits(&images).len(), images.len());
        }
        let (device, precision) = (Device::Cpu, Precision::Float32);
        let request = |engine| Request { section: "train", engine, device, precision, optimizer: None };
        for engine in [Engine::Auto, Engine::Native] {
            assert_eq!(Engines::needs_libtorch(&model, &request(engine)), None);
        }
    }
}
