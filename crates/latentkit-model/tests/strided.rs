//! The strided model against PyTorch: same weights, same images, same numbers. See fixtures/strided.py.

use latentkit_core::config::{Loss, ModelConfig, Precision};
use latentkit_model::{AutoEncoder, loss};
use serde::Deserialize;
use tch::{Device, Kind, Tensor};

#[derive(Deserialize)]
struct Expected {
    parameters: usize,
    latents: Vec<f64>,
    logits: Vec<f64>,
    loss: f64,
    gradients: Vec<Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    name: String,
    norm: f64,
    product: f64,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("fixtures/strided.json")).unwrap()
}

fn wave(count: usize, phase: f64) -> Tensor {
    let values: Vec<f64> = (0..count).map(|index| (1.3 * index as f64 + phase).sin()).collect();
    Tensor::from_slice(&values).to_kind(Kind::Float)
}

fn model() -> AutoEncoder {
    let config: ModelConfig = serde_json::from_str(
        r#"{ "architecture": "strided", "latent-dim": 10, "latent-activation": "linear" }"#,
    )
    .unwrap();
    let model = AutoEncoder::new(&config, (28, 28), 0, Device::Cpu).unwrap();
    tch::no_grad(|| {
        for (index, (_, mut tensor)) in model.named_tensors().into_iter().enumerate() {
            let size = tensor.size();
            let area: i64 = size.iter().skip(2).product();
            let fans = if size.len() > 1 { ((size[0] + size[1]) * area) as f64 } else { 600.0 };
            let values = wave(tensor.numel(), index as f64).to_kind(Kind::Double) * (6.0 / fans).sqrt();
            tensor.copy_(&values.to_kind(Kind::Float).reshape(size));
        }
    });
    model
}

fn images() -> Tensor {
    let values: Vec<f32> = (0..3 * 784).map(|index| (index * 7919 % 256) as f32 / 255.0).collect();
    Tensor::from_slice(&values).reshape([3, 1, 28, 28])
}

/// The Euclidean norm of the difference over that of what is expected.
fn difference(found: &Tensor, expected: &[f64]) -> f64 {
    let expected = Tensor::from_slice(expected);
    let norm = |tensor: &Tensor| tensor.norm().double_value(&[]);
    norm(&(found.flatten(0, -1).to_kind(Kind::Double) - &expected)) / norm(&expected)
}

#[test]
fn outputs_loss_and_gradients_are_pytorchs() {
    let (model, images, expected) = (model(), images(), expected());
    let parameters: usize = model.trainable().iter().map(Tensor::numel).sum();
    assert_eq!(parameters, expected.parameters);
    let latents = model.encode(&images, true);
    assert!(difference(&latents, &expected.latents) < 1e-5);
    let logits = model.decode_logits(&latents, true);
    assert!(difference(&logits, &expected.logits) < 1e-5);
    let value = loss(Loss::Bce, &logits, &images);
    assert!((value.double_value(&[]) / expected.loss - 1.0).abs() < 1e-5);
    value.backward();
    let named = model.named_tensors();
    assert_eq!(named.len(), expected.gradients.len());
    for ((name, tensor), expected) in named.iter().zip(&expected.gradients) {
        assert_eq!(*name, expected.name);
        let gradient = tensor.grad().flatten(0, -1).to_kind(Kind::Double);
        let norm = gradient.norm().double_value(&[]);
        let product = gradient.dot(&wave(tensor.numel(), 0.5).to_kind(Kind::Double)).double_value(&[]);
        assert!((norm / expected.norm - 1.0).abs() < 1e-4, "{name}: {norm} is not {}", expected.norm);
        assert!((product - expected.product).abs() < 1e-4 * expected.norm, "{name}: {product}");
    }
}

#[test]
fn bfloat16_is_close_to_float32_and_trains_float32_weights() {
    let (mut model, images, expected) = (model(), images(), expected());
    model.precision = Precision::Bfloat16;
    let logits = model.logits(&images, true);
    assert_eq!(logits.kind(), Kind::Float);
    let off = difference(&logits, &expected.logits);
    assert!(off > 1e-5 && off < 3e-2, "{off}: another precision, and not another model");
    loss(Loss::Bce, &logits, &images).backward();
    assert!(model.trainable().iter().all(|tensor| tensor.grad().kind() == Kind::Float));
}

#[test]
fn images_that_do_not_mirror_are_refused() {
    let config: ModelConfig = serde_json::from_str(r#"{ "architecture": "strided" }"#).unwrap();
    for side in [1, 3, 8, 30, 32] {
        let error = AutoEncoder::new(&config, (side, side), 0, Device::Cpu).unwrap_err();
        assert_eq!(error.key(), Some("model.architecture"), "{side}");
    }
    for (height, width) in [(12, 12), (20, 28), (36, 36)] {
        let model = AutoEncoder::new(&config, (height, width), 0, Device::Cpu).unwrap();
        let images = Tensor::zeros([2, 1, height as i64, width as i64], (Kind::Float, Device::Cpu));
        assert_eq!(model.logits(&images, false).size(), images.size());
    }
}
