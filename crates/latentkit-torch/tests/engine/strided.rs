//! The strided model against PyTorch, in both engines: same weights, same images, same numbers. See strided.py of
//! latentkit-model's fixtures.

use latentkit_core::ImageShape;
use latentkit_model::config::{self, Loss, ModelConfig, Optimizer, Precision};
use latentkit_model::{AutoEncoder, Tensor};
use serde::Deserialize;

use crate::support::{BOTH, ENGINES, difference, engine, gradients, request};

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

fn expected() -> Expected {
    serde_json::from_str(include_str!("../../../latentkit-model/tests/fixtures/strided.json")).unwrap()
}

fn wave(count: usize, phase: f64) -> Vec<f32> {
    (0..count).map(|index| (1.3 * index as f64 + phase).sin() as f32).collect()
}

fn model() -> AutoEncoder {
    let config: ModelConfig = serde_json::from_str(
        r#"{ "architecture": "strided", "latent-dim": 10, "latent-activation": "linear" }"#,
    )
    .unwrap();
    let mut model = AutoEncoder::new(&config, ImageShape::grey(28, 28), 0).unwrap();
    for (index, tensor) in model.tensors.iter_mut().enumerate() {
        let area: usize = tensor.shape.iter().skip(2).product();
        let fans = match *tensor.shape {
            [outer, inner, ..] => (outer + inner) * area,
            _ => 600,
        };
        let scale = (6.0 / fans as f64).sqrt();
        tensor.values = wave(tensor.values.len(), index as f64)
            .into_iter()
            .map(|value| (f64::from(value) * scale) as f32)
            .collect();
    }
    model
}

fn images() -> Vec<u8> {
    (0..3 * 784).map(|index| (index * 7919 % 256) as u8).collect()
}

#[test]
fn outputs_loss_and_gradients_are_pytorchs() {
    let (model, images, expected) = (model(), images(), expected());
    let parameters: usize = model.tensors.iter().map(|tensor| tensor.values.len()).sum();
    assert_eq!(parameters, expected.parameters);
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
            assert!((product - expected.product).abs() < 1e-4 * expected.norm, "{kind:?}, {name}: {product}");
        }
    }
}

#[test]
fn a_bfloat16_step_is_close_to_a_float32_one_and_all_else_is_float32() {
    let (model, images, optimizer) = (model(), images(), Optimizer::default());
    let start =
        |precision| ENGINES.start(&model, &request(config::Engine::Libtorch, precision, &optimizer)).unwrap();
    let (mut exact, mut rounded) = (start(Precision::Float32), start(Precision::Bfloat16));
    assert_eq!(rounded.encode(&images), exact.encode(&images));
    exact.step(&images, None, Loss::Bce, 1e-3);
    rounded.step(&images, None, Loss::Bce, 1e-3);
    let (exact, rounded) = (gradients(exact.as_ref()), gradients(rounded.as_ref()));
    for (exact, rounded) in exact.iter().zip(&rounded) {
        let off = difference(&rounded.values, &exact.values);
        assert!(off > 1e-5 && off < 0.2, "{}: {off}: another precision, and not another model", exact.name);
    }
}

#[test]
fn images_that_do_not_mirror_are_refused() {
    let config: ModelConfig = serde_json::from_str(r#"{ "architecture": "strided" }"#).unwrap();
    for side in [1, 3, 8, 30, 32] {
        let error = AutoEncoder::new(&config, ImageShape::grey(side, side), 0).unwrap_err();
        assert_eq!(error.key(), Some("model.architecture"), "{side}");
    }
    for (height, width) in [(12, 12), (20, 28), (36, 36)] {
        let model = AutoEncoder::new(&config, ImageShape::grey(height, width), 0).unwrap();
        let images = vec![0; 2 * height * width];
        for kind in BOTH {
            assert_eq!(engine(kind, &model).logits(&images).len(), images.len());
        }
    }
}
