//! The reference model against PyTorch: same weights, same batch, same numbers. See reference.py of latentkit-model's fixtures,
//! which computed in float64.

use latentkit_core::summary::Metrics;
use latentkit_core::{ErrorKind, ImageShape};
use latentkit_model::config::{self, Device, Loss, ModelConfig, Optimizer, Precision};
use latentkit_model::{Activation, AutoEncoder, Engines, MetricSums, errors, read_tensors};

use crate::support::{
    BOTH, ENGINES, assert_close, bytes, engine, gradients, model_fixture, numbers, request,
};

const IMAGES: usize = 8;
const PIXELS: usize = 784;

/// Relative, in the Euclidean norm.
const TOLERANCE: f64 = 1e-5;

fn expected(name: &str, shape: &[usize]) -> Vec<f32> {
    numbers(&model_fixture("reference.safetensors"), name, shape)
}

fn images() -> Vec<u8> {
    bytes(&expected("images", &[IMAGES, 1, 28, 28]))
}

/// The model with the fixture's weights.
fn model() -> AutoEncoder {
    let (metadata, _) = read_tensors(&model_fixture("reference.safetensors"), |_| Ok(Vec::new())).unwrap();
    let config: ModelConfig = serde_json::from_value(metadata["model"].clone()).unwrap();
    let mut model = AutoEncoder::new(&config, ImageShape::grey(28, 28), 0).unwrap();
    for tensor in &mut model.tensors {
        tensor.values = expected(&format!("weights.{}", tensor.name), &tensor.shape);
    }
    model
}

fn list(metrics: Metrics) -> [f32; 4] {
    [metrics.bce, metrics.mse, metrics.mae, metrics.binary_accuracy].map(|value| value as f32)
}

#[test]
fn evaluation_mode_is_pytorchs() {
    let (model, images) = (model(), images());
    for kind in BOTH {
        let mut engine = engine(kind, &model);
        let latents = engine.encode(&images);
        assert_close("latents", &latents, &expected("eval.latents", &[IMAGES, 6]), TOLERANCE);
        let logits = engine.decode(&latents);
        assert_close("logits", &logits, &expected("eval.logits", &[IMAGES, 1, 28, 28]), TOLERANCE);
        assert_close("both", &engine.logits(&images), &logits, TOLERANCE);
        let found = errors(&logits, &images, PIXELS);
        let bce: Vec<f32> = found.iter().map(|errors| errors.bce as f32).collect();
        let mse: Vec<f32> = found.iter().map(|errors| errors.mse as f32).collect();
        assert_close("bce", &bce, &expected("eval.bce", &[IMAGES]), TOLERANCE);
        assert_close("mse", &mse, &expected("eval.mse", &[IMAGES]), TOLERANCE);
        let mut sums = MetricSums::default();
        let (first, rest) = images.split_at(5 * PIXELS);
        sums.add_images(&logits[..5 * PIXELS], first, PIXELS);
        sums.add_images(&logits[5 * PIXELS..], rest, PIXELS);
        assert_close("metrics", &list(sums.means()), &expected("eval.metrics", &[4]), TOLERANCE);
    }
}

#[test]
fn a_step_of_either_engine_is_pytorchs() {
    let (model, images) = (model(), images());
    for kind in BOTH {
        let mut engine = engine(kind, &model);
        engine.step(&images, None, Loss::Bce, 1e-3);
        let found = engine.metrics();
        assert_eq!(found.images, IMAGES as u64);
        // The metrics are those of training mode, in which the fixture has only the loss.
        let metrics = list(found.means());
        assert_close("loss", &metrics[..1], &expected("train.loss", &[1]), TOLERANCE);
        let mut sums = MetricSums::default();
        sums.add_images(&expected("train.logits", &[IMAGES, 1, 28, 28]), &images, PIXELS);
        assert_close("metrics", &metrics, &list(sums.means()), TOLERANCE);
        let gradients = gradients(engine.as_ref());
        assert_eq!(gradients.len(), 44);
        for gradient in gradients {
            let wanted = expected(&format!("gradient.{}", gradient.name), &gradient.shape);
            assert_close(&gradient.name, &gradient.values, &wanted, TOLERANCE);
        }
        let state = engine.state();
        let statistics: Vec<_> = state.tensors.iter().filter(|tensor| !tensor.is_trained()).collect();
        assert_eq!(statistics.len(), 8);
        for tensor in statistics {
            let wanted = expected(&format!("after.{}", tensor.name), &tensor.shape);
            assert_close(&tensor.name, &tensor.values, &wanted, TOLERANCE);
        }
    }
}

#[test]
fn the_native_engine_says_what_it_cannot_compute() {
    let mut hidden = model();
    hidden.blueprint.encoder[0] = hidden.blueprint.encoder[0].with_activation(Activation::Sigmoid);
    let optimizer = Optimizer::default();
    for (model, precision, found) in
        [(&hidden, Precision::Float32, "conv 3x3, sigmoid"), (&model(), Precision::Bfloat16, "bfloat16")]
    {
        let native = request(config::Engine::Native, precision, &optimizer);
        let error = ENGINES.start(model, &native).err().unwrap();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("train.engine")));
        assert!(error.to_string().contains(found), "{error}");
        let auto = request(config::Engine::Auto, precision, &optimizer);
        assert_eq!(ENGINES.start(model, &auto).unwrap().name(), "libtorch");
        assert!(Engines::needs_libtorch(model, &auto).unwrap().contains(found));
        let error = Engines::default().start(model, &auto).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().contains(found), "{error}");
    }
    let auto = request(config::Engine::Auto, Precision::Float32, &optimizer);
    assert_eq!(Engines::needs_libtorch(&model(), &auto), None);
    let name = ENGINES.start(&model(), &auto).unwrap().name();
    assert!(name.starts_with("native ("), "{name}");
}

#[test]
fn a_cuda_device_that_is_not_there_is_an_error() {
    let optimizer = Optimizer::default();
    let wanted = request(config::Engine::Auto, Precision::Float32, &optimizer);
    let error = ENGINES
        .start(&model(), &latentkit_model::Request { device: Device::Cuda(99), ..wanted })
        .err()
        .unwrap();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("train.device")));
    assert!(error.to_string().contains("no CUDA device 99"), "{error}");
}

#[test]
fn a_hidden_sigmoid_is_applied_by_libtorch_and_refused_by_the_native_engine() {
    use latentkit_model::{Activation, Layer};
    let plain = model();
    let mut hidden = model();
    let Some(Layer::Dense { activation, .. }) = hidden.blueprint.encoder.last_mut() else { unreachable!() };
    *activation = Activation::Sigmoid;
    let mut linear = model();
    let Some(Layer::Dense { activation, .. }) = linear.blueprint.encoder.last_mut() else { unreachable!() };
    *activation = Activation::Linear;
    let latents = engine(config::Engine::Libtorch, &hidden).encode(&images());
    let sums = engine(config::Engine::Libtorch, &linear).encode(&images());
    let expected: Vec<f32> = sums.iter().map(|sum| 1.0 / (1.0 + (-sum).exp())).collect();
    assert_close("sigmoids", &latents, &expected, TOLERANCE);
    let optimizer = Optimizer::default();
    let request = request(config::Engine::Auto, Precision::Float32, &optimizer);
    assert!(Engines::needs_libtorch(&hidden, &request).unwrap().contains("sigmoid"));
    assert_eq!(Engines::needs_libtorch(&plain, &request), None);
}
