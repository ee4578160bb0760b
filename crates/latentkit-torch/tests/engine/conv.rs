//! Models of the architecture `conv` against PyTorch: same weights, same images, same numbers. See conv.py of latentkit-model's
//! fixtures.

use latentkit_core::ImageShape;
use latentkit_model::config::{Loss, ModelConfig};
use latentkit_model::{AutoEncoder, Tensor};
use serde::Deserialize;

use crate::support::{BOTH, difference, engine, gradients};

const BATCH: usize = 3;

/// Of logits the fixture holds one of as many.
const EVERY: usize = 37;

#[derive(Clone, Deserialize)]
struct Case {
    shape: [usize; 3],
    keys: serde_json::Value,
    layers: serde_json::Value,
    tensors: Vec<(String, Vec<usize>)>,
    latents: Vec<f32>,
    logits: Vec<f32>,
    loss: f64,
    gradients: Vec<Digest>,
    changes: Vec<Digest>,
}

#[derive(Clone, Deserialize)]
struct Digest {
    name: String,
    norm: f64,
    product: f64,
}

impl Digest {
    #[track_caller]
    fn assert_is_of(&self, name: &str, values: &[f32], tolerance: f64) {
        assert_eq!(self.name, name);
        let sum =
            |other: &[f32]| values.iter().zip(other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let (norm, product) = (sum(values).sqrt(), sum(&wave(values.len(), 0.5)));
        let largest = tolerance * self.norm + 1e-7; // sums of thousands of numbers that cancel each other
        assert!((norm - self.norm).abs() < largest, "{name}: {norm} is not {}", self.norm);
        assert!((product - self.product).abs() < largest, "{name}: {product} is not {}", self.product);
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../latentkit-model/tests/fixtures/conv.json")).unwrap()
}

fn wave(count: usize, phase: f64) -> Vec<f32> {
    (0..count).map(|index| (1.3 * index as f64 + phase).sin() as f32).collect()
}

fn shape([height, width, channels]: [usize; 3]) -> ImageShape {
    ImageShape { height, width, channels }
}

/// The model with the weights of the fixture.
fn model(case: &Case) -> AutoEncoder {
    let config = serde_json::json!({
        "architecture": "conv", "latent-dim": 10, "latent-activation": "linear", "conv": case.keys,
    });
    let config: ModelConfig = serde_json::from_value(config).unwrap();
    let mut model = AutoEncoder::new(&config, shape(case.shape), 0).unwrap();
    for (index, tensor) in model.tensors.iter_mut().enumerate() {
        let area: usize = tensor.shape.iter().skip(2).product();
        let (middle, width) = match *tensor.shape {
            [outer, inner, ..] => (0.0, (6.0 / ((outer + inner) * area) as f64).sqrt()),
            _ if tensor.name.ends_with(".weight") || tensor.name.ends_with(".running_var") => (1.0, 0.5),
            _ => (0.0, 0.1),
        };
        let values = wave(tensor.values.len(), index as f64).into_iter();
        tensor.values = values.map(|value| (middle + width * f64::from(value)) as f32).collect();
    }
    model
}

fn images(shape: ImageShape) -> Vec<u8> {
    (0..BATCH * shape.len()).map(|index| (index * 7919 % 256) as u8).collect()
}

#[test]
fn outputs_loss_gradients_and_statistics_are_pytorchs() {
    for (case, kind) in cases().into_iter().flat_map(|case| BOTH.map(|kind| (case.clone(), kind))) {
        let (model, images) = (model(&case), images(shape(case.shape)));
        let layout: Vec<_> = model.tensors.iter().map(|t| (t.name.clone(), t.shape.clone())).collect();
        assert_eq!(layout, case.tensors);
        assert_eq!(serde_json::to_value(&model.blueprint).unwrap(), case.layers);
        let mut engine = engine(kind, &model);
        let latents = engine.encode(&images);
        assert!(difference(&latents, &case.latents) < 1e-5, "{kind:?}");
        let logits: Vec<f32> = engine.decode(&latents).into_iter().step_by(EVERY).collect();
        assert!(difference(&logits, &case.logits) < 1e-5, "{kind:?}");
        engine.step(&images, None, Loss::Bce, 1e-3);
        assert!((engine.metrics().means().bce / case.loss - 1.0).abs() < 1e-5);
        let gradients = gradients(engine.as_ref());
        assert_eq!(gradients.len(), case.gradients.len());
        for (Tensor { name, values, .. }, expected) in gradients.iter().zip(&case.gradients) {
            expected.assert_is_of(name, values, 1e-4);
        }
        let state = engine.state();
        let both = state.tensors.iter().zip(&model.tensors).filter(|(tensor, _)| !tensor.is_trained());
        assert_eq!(both.clone().count(), case.changes.len());
        for ((after, before), expected) in both.zip(&case.changes) {
            let change: Vec<f32> = after.values.iter().zip(&before.values).map(|(a, b)| a - b).collect();
            expected.assert_is_of(&after.name, &change, 1e-4);
        }
    }
}

#[test]
fn images_of_any_size_and_colours_are_taken() {
    let cases = [
        (r#"{}"#, [8, 8, 1]),
        (r#"{ "activation": "gelu" }"#, [8, 61, 3]),
        (r#"{ "batch-norm": false, "channels": [4, 5, 6, 7, 8] }"#, [120, 9, 2]),
        (r#"{ "kernel": 9 }"#, [1, 3, 3]),
    ];
    for ((keys, shape), kind) in cases.into_iter().flat_map(|case| BOTH.map(|kind| (case, kind))) {
        let config = format!(r#"{{ "architecture": "conv", "conv": {keys} }}"#);
        let config: ModelConfig = serde_json::from_str(&config).unwrap();
        let shape = self::shape(shape);
        let model = AutoEncoder::new(&config, shape, 0).unwrap();
        let mut engine = engine(kind, &model);
        let images = images(shape);
        engine.step(&images, None, Loss::Mse, 1e-3);
        let logits = engine.logits(&images);
        assert_eq!(logits.len(), images.len());
        assert!(logits.iter().all(|logit| logit.is_finite()));
    }
}
