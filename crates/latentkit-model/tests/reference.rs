//! The reference model against PyTorch: same weights, same batch, same numbers. See fixtures/reference.py.

use latentkit_core::config::{Loss, ModelConfig, Optimizer};
use latentkit_model::{Adam, AutoEncoder, MetricSums, loss, per_image_errors, read_tensors};
use serde::Deserialize;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};

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

#[test]
fn evaluation_mode_is_pytorchs() {
    let (model, images) = (model(), images());
    tch::no_grad(|| {
        let latents = model.encode(&images, false);
        assert_close("latents", &latents, &expected("eval.latents", &[8, 6]));
        let logits = model.decode_logits(&latents, false);
        assert_close("logits", &logits, &expected("eval.logits", &[8, 1, 28, 28]));
        let (bce, mse) = per_image_errors(&logits, &images);
        assert_close("bce", &bce, &expected("eval.bce", &[8]));
        assert_close("mse", &mse, &expected("eval.mse", &[8]));
        let mut sums = MetricSums::new(Device::Cpu);
        sums.add(&logits.narrow(0, 0, 5), &images.narrow(0, 0, 5));
        sums.add(&logits.narrow(0, 5, 3), &images.narrow(0, 5, 3));
        let means = sums.means();
        let means = Tensor::from_slice(&[means.bce, means.mse, means.mae, means.binary_accuracy]);
        assert_close("metrics", &means.to_kind(Kind::Float), &expected("eval.metrics", &[4]));
    });
}

#[test]
fn training_mode_loss_gradients_and_statistics_are_pytorchs() {
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
fn two_steps_of_adam_are_pytorchs() {
    let (model, images) = (model(), images());
    let optimizer: Optimizer = serde_json::from_str(r#"{ "kind": "adam", "epsilon": 1e-12 }"#).unwrap();
    let mut parameters = model.trainable();
    let mut adam = Adam::new(&optimizer, &parameters);
    for _ in 0..2 {
        let value = loss(Loss::Bce, &model.logits(&images, true), &images);
        let gradients = Tensor::run_backward(&[value], &parameters, false, false);
        adam.step(&mut parameters, &gradients, 1e-3);
    }
    // A weight moves by 1e-3 a step, whatever its gradient: where that is zero but for rounding, its sign decides.
    let (mut moved, mut astray) = (0, 0);
    for (name, tensor) in model.named_tensors() {
        if !name.contains("running") {
            let difference = (&tensor - expected(&format!("adam.{name}"), &tensor.size())).abs();
            astray += difference.gt(2e-5).sum(Kind::Int64).int64_value(&[]);
            moved += tensor.numel();
        }
    }
    assert_eq!(moved, 77_298);
    assert!(astray * 200 < moved as i64, "{astray} of {moved} weights went elsewhere");
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
