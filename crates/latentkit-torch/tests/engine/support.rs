//! Engines for models, and the tensors of fixtures.

use std::path::{Path, PathBuf};

use latentkit_model::config::{self, Device, Optimizer, Precision};
use latentkit_model::{AutoEncoder, Engine, Engines, Request, Tensor, read_tensors};
use latentkit_torch::LIBTORCH;

/// Every engine of the program with libtorch.
pub(crate) const ENGINES: Engines = Engines { libtorch: Some(&LIBTORCH) };

pub(crate) const BOTH: [config::Engine; 2] = [config::Engine::Libtorch, config::Engine::Native];

/// A file of this package, or of latentkit-model's fixtures.
pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

pub(crate) fn model_fixture(name: &str) -> PathBuf {
    path("../latentkit-model/tests/fixtures").join(name)
}

/// What is asked of an engine that trains on the CPU.
pub(crate) fn request(engine: config::Engine, precision: Precision, optimizer: &Optimizer) -> Request<'_> {
    Request { section: "train", engine, device: Device::Cpu, precision, optimizer: Some(optimizer) }
}

/// An engine that trains in float32.
pub(crate) fn engine(kind: config::Engine, model: &AutoEncoder) -> Box<dyn Engine> {
    ENGINES.start(model, &request(kind, Precision::Float32, &Optimizer::default())).unwrap()
}

/// The gradients that the first step of an engine has had, from the first moments of Adam.
pub(crate) fn gradients(engine: &dyn Engine) -> Vec<Tensor> {
    let share = 1.0 - Optimizer::default().beta1.get();
    let moments = engine.state().moments.into_iter();
    moments
        .filter_map(|mut moment| {
            moment.name = moment.name.strip_prefix("adam.mean.")?.to_owned();
            moment.values.iter_mut().for_each(|value| *value = (f64::from(*value) / share) as f32);
            Some(moment)
        })
        .collect()
}

/// The numbers of a tensor in a file.
pub(crate) fn numbers(file: &Path, name: &str, shape: &[usize]) -> Vec<f32> {
    let wanted = vec![(name.to_owned(), shape.to_vec())];
    read_tensors(file, |_| Ok(wanted)).unwrap().1.remove(0).values
}

/// Numbers in 0 .. 1 as bytes, which they are multiples of.
pub(crate) fn bytes(values: &[f32]) -> Vec<u8> {
    let byte = |&value: &f32| {
        let byte = (value * 255.0).round();
        assert!((value * 255.0 - byte).abs() < 1e-4, "{value} is no byte");
        byte as u8
    };
    values.iter().map(byte).collect()
}

/// The Euclidean norm of the difference over that of what is expected.
pub(crate) fn difference(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let scale = norm(&mut expected.iter().map(|&value| f64::from(value)));
    assert!(scale > 0.0, "all zeros, which proves nothing");
    norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b))) / scale
}

#[track_caller]
pub(crate) fn assert_close(name: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    let difference = difference(found, expected);
    assert!(difference <= tolerance, "{name} differs by {difference:e}");
}
