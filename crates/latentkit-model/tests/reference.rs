//! The reference model against PyTorch: same weights, same batch, same numbers. See fixtures/reference.py.

use latentkit_core::ErrorKind;
use latentkit_core::config::{self, Loss, ModelConfig, Optimizer, Precision};
use latentkit_model::{Adam, AutoEncoder, Engine, MetricSums, loss, per_image_errors, read_tensors};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tch::{Device, Kind, Tensor};

/// Held by each test that computes: the native engine changes the threads of libtorch, and libtorch takes other kernels with
/// one thread, whose rounding is ten times as large.
static LIBTORCH: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let guard = LIBTORCH.lock().unwrap_or_else(PoisonError::into_inner);
    tch::set_num_threads(2);
    guard
}

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference.safetensors")
}

/// A tensor of the fixture.
fn expected(name: &str, shape: &[i64]) -> Tensor {
    let tensor = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    read_tensors(&fixture(), |_| {
        Ok((tensor.shallow_clone(), vec![(name.to_owned(), tensor.shallow_clone())]))
    })
    .unwrap()
}

fn images() -> Tensor {
    expected("images", &[8, 1, 28, 28])
}

fn config() -> ModelConfig {
    #[derive(Deserialize)]
    struct Metadata {
        model: ModelConfig,
    }
    read_tensors(&fixture(), |metadata| {
        Ok((serde_json::from_value::<Metadata>(metadata).unwrap().model, Vec::new()))
    })
    .unwrap()
}

/// The model with the fixture's weights.
fn model() -> AutoEncoder {
    let model = AutoEncoder::new(&config(), (28, 28), 0, Device::Cpu).unwrap();
    let named =
        model.named_tensors().into_iter().map(|(name, tensor)| (format!("weights.{name}"), tensor)).collect();
    read_tensors(&fixture(), |_| Ok(((), named))).unwrap();
    model
}

/// Equal to 1e-5, relative, in the Euclidean norm. The fixture was computed in float64.
#[track_caller]
fn assert_close(name: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.size(), expected.size(), "shape of {name}");
    let norm =
        |tensor: Tensor| tensor.to_kind(Kind::Double).square().sum(Kind::Double).sqrt().double_value(&[]);
    let (scale, difference) = (norm(expected.shallow_clone()), norm(found - expected));
    assert!(scale > 0.0, "{name} is all zeros, which proves nothing");
    assert!(difference <= 1e-5 * scale, "{name} differs by {difference:e} of {scale:e}");
}

const ENGINES: [config::Engine; 2] = [config::Engine::Libtorch, config::Engine::Native];

/// The means as the fixture has them.
fn means(sums: &MetricSums) -> Tensor {
    let means = sums.means();
    Tensor::from_slice(&[means.bce, means.mse, means.mae, means.binary_accuracy]).to_kind(Kind::Float)
}

#[test]
fn evaluation_mode_is_pytorchs() {
    let _alone = alone();
    let (model, images) = (model(), images());
    for kind in ENGINES {
        let mut engine = Engine::new(kind, &model, "engine").unwrap();
        let latents = engine.encode(&model, &images);
        assert_close("latents", &latents, &expected("eval.latents", &[8, 6]));
        let logits = engine.decode_logits(&model, &latents);
        assert_close("logits", &logits, &expected("eval.logits", &[8, 1, 28, 28]));
        assert_close("both", &engine.logits(&model, &images), &logits);
        let (bce, mse) = per_image_errors(&logits, &images);
        assert_close("bce", &bce, &expected("eval.bce", &[8]));
        assert_close("mse", &mse, &expected("eval.mse", &[8]));
        let mut sums = MetricSums::new(Device::Cpu);
        sums.add(&logits.narrow(0, 0, 5), &images.narrow(0, 0, 5));
        sums.add(&logits.narrow(0, 5, 3), &images.narrow(0, 5, 3));
        assert_close("metrics", &means(&sums), &expected("eval.metrics", &[4]));
    }
}

#[test]
fn a_step_of_either_engine_is_pytorchs() {
    let _alone = alone();
    for kind in ENGINES {
        let (model, images) = (model(), images());
        let mut engine = Engine::new(kind, &model, "engine").unwrap();
        let mut sums = MetricSums::new(Device::Cpu);
        // The metrics are those of training mode, in which the fixture has only the loss.
        let gradients = engine.step(&model, &images, Loss::Bce, &mut sums);
        assert_close("loss", &means(&sums).narrow(0, 0, 1), &expected("train.loss", &[1]));
        let logits = expected("train.logits", &[8, 1, 28, 28]);
        let mut of_logits = MetricSums::new(Device::Cpu);
        of_logits.add(&logits, &images);
        assert_close("metrics", &means(&sums), &means(&of_logits));
        let mut gradients = gradients.iter();
        for (name, tensor) in model.named_tensors() {
            if name.contains("running") {
                assert_close(&name, &tensor, &expected(&format!("after.{name}"), &tensor.size()));
            } else {
                let gradient = gradients.next().unwrap();
                assert_close(&name, gradient, &expected(&format!("gradient.{name}"), &tensor.size()));
            }
        }
        assert!(gradients.next().is_none());
    }
}

#[test]
fn the_native_engine_says_what_it_cannot_compute() {
    let _alone = alone();
    let strided: ModelConfig = serde_json::from_str(r#"{ "architecture": "strided" }"#).unwrap();
    let strided = AutoEncoder::new(&strided, (28, 28), 0, Device::Cpu).unwrap();
    let mut rounded = model();
    rounded.precision = Precision::Bfloat16;
    for (model, found) in [(strided, "conv 5x5 /2"), (rounded, "bfloat16")] {
        let error = Engine::new(config::Engine::Native, &model, "train.engine").unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("train.engine")));
        assert!(error.to_string().contains(found), "{error}");
        let auto = Engine::new(config::Engine::Auto, &model, "train.engine").unwrap();
        assert_eq!(auto.name(), "libtorch");
    }
    let auto = Engine::new(config::Engine::Auto, &model(), "train.engine").unwrap();
    assert!(auto.name().starts_with("native"), "{}", auto.name());
}

#[test]
fn training_mode_loss_gradients_and_statistics_are_pytorchs() {
    let _alone = alone();
    let (model, images) = (model(), images());
    let latents = model.encode(&images, true);
    assert_close("latents", &latents, &expected("train.latents", &[8, 6]));
    let logits = model.decode_logits(&latents, true);
    assert_close("logits", &logits, &expected("train.logits", &[8, 1, 28, 28]));
    let value = loss(Loss::Bce, &logits, &images);
    assert_close("loss", &value.reshape([1]), &expected("train.loss", &[1]));
    value.backward();
    let (mut gradients, mut statistics) = (0, 0);
    for (name, tensor) in model.named_tensors() {
        if name.contains("running") {
            assert_close(&name, &tensor, &expected(&format!("after.{name}"), &tensor.size()));
            statistics += 1;
        } else {
            assert_close(&name, &tensor.grad(), &expected(&format!("gradient.{name}"), &tensor.size()));
            gradients += 1;
        }
    }
    assert_eq!((gradients, statistics), (44, 8));
}

#[test]
fn adam_is_pytorchs() {
    #[derive(Deserialize)]
    struct Fixture {
        optimizer: Optimizer,
        rates: Vec<f64>,
        weights: Vec<f32>,
        gradients: Vec<Vec<f32>>,
        after: Vec<f32>,
    }
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/adam.json")).unwrap();
    let mut parameters = [Tensor::from_slice(&fixture.weights).set_requires_grad(true)];
    let mut adam = Adam::new(&fixture.optimizer, &parameters);
    for (rate, gradient) in fixture.rates.iter().zip(&fixture.gradients) {
        adam.step(&mut parameters, &[Tensor::from_slice(gradient)], *rate);
    }
    let moved = |to: &[f32]| Tensor::from_slice(to) - Tensor::from_slice(&fixture.weights);
    let found = parameters[0].detach() - Tensor::from_slice(&fixture.weights);
    // Each weight has moved by some 1e-3, which float32 knows to 1e-7.
    let difference = (found - moved(&fixture.after)).abs().max().double_value(&[]);
    assert!(difference < 3e-7, "{difference:e}");
    assert!(moved(&fixture.after).abs().max().double_value(&[]) > 5e-3);
}

#[test]
fn fresh_weights_are_glorot_uniform_and_follow_the_seed() {
    let fresh = |seed| AutoEncoder::new(&config(), (28, 28), seed, Device::Cpu).unwrap();
    let same = |a: &AutoEncoder, b: &AutoEncoder| {
        a.named_tensors().iter().zip(b.named_tensors()).all(|((_, a), (_, b))| a.equal(&b))
    };
    assert!(same(&fresh(1), &fresh(1)));
    assert!(!same(&fresh(1), &fresh(2)));
    for (name, tensor) in fresh(1).named_tensors() {
        let size = tensor.size();
        let (low, high) = (tensor.min().double_value(&[]), tensor.max().double_value(&[]));
        if size.len() > 1 {
            let area: i64 = size[2..].iter().product();
            let limit = (6.0 / ((size[0] + size[1]) * area) as f64).sqrt();
            assert!(low >= -limit && high <= limit, "{name} is outside of its limit");
            if tensor.numel() > 1000 {
                assert!(high > 0.98 * limit && low < -0.98 * limit, "{name} does not fill its range");
                let variance = tensor.var(true).double_value(&[]);
                assert!((variance / (limit * limit / 3.0) - 1.0).abs() < 0.1, "{name} is not uniform");
            }
        } else if name.ends_with("bias") || name.ends_with("mean") {
            assert_eq!((low, high), (0.0, 0.0), "{name}");
        } else {
            assert_eq!((low, high), (1.0, 1.0), "{name}");
        }
    }
}
