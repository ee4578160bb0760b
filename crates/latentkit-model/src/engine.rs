//! What computes a model: the one trait that training, export and decode know, and the choice of an engine.

use crate::config::{self, Device, Loss, Optimizer, Precision};
use latentkit_core::{Error, Result};

use crate::autoencoder::AutoEncoder;
use crate::metrics::MetricSums;
use crate::native::NativeEngine;
use crate::tensor::Tensor;

/// A model where it is computed: its weights and running statistics, and in training the moments of Adam and the metrics of
/// the epoch. Images are bytes, `[n, height, width]`, of which 255 is 1; latents are `[n, d]`; logits are like images.
pub trait Engine: Send {
    /// Its name, with the instructions that it uses where it knows them.
    fn name(&self) -> String;

    /// Where it computes: `cpu` or `cuda:N`.
    fn device(&self) -> String;

    /// A training step: moves the weights along the gradients of the mean loss of reconstructing these images, moves
    /// batch-norm's running statistics, and adds the metrics of the images before the step to those of the epoch.
    ///
    /// # Panics
    /// When the engine was started without an optimizer.
    fn step(&mut self, images: &[u8], loss: Loss, learning_rate: f64);

    /// The latents of images in float32, with batch-norm's running statistics.
    fn encode(&mut self, images: &[u8]) -> Vec<f32>;

    /// The reconstructions of latents as logits, likewise; their sigmoid is the image.
    fn decode(&mut self, latents: &[f32]) -> Vec<f32>;

    /// The reconstructions of images as logits, likewise.
    fn logits(&mut self, images: &[u8]) -> Vec<f32> {
        let latents = self.encode(images);
        self.decode(&latents)
    }

    /// Metrics of the images of the epoch so far. May wait for the device.
    fn metrics(&self) -> MetricSums;

    /// Begins another epoch.
    fn reset_metrics(&mut self);

    /// All that the steps have changed, as plain arrays. Reading it changes nothing.
    fn state(&self) -> EngineState;

    /// Goes on from a state, of whichever engine it is.
    fn restore(&mut self, state: EngineState);
}

/// What the steps of a training change.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    /// Weights and running statistics, in the order of [`AutoEncoder::tensors`].
    pub tensors: Vec<Tensor>,
    /// Adam's moments of the tensors that are trained: first all means of the gradients, `adam.mean.<name>`, then all means of
    /// their squares, `adam.square.<name>`.
    pub moments: Vec<Tensor>,
    /// Steps done.
    pub steps: u32,
    /// Metrics of the epoch that has begun.
    pub metrics: MetricSums,
}

impl EngineState {
    /// Name and shape of every tensor of a state, the moments last, and how many of them are no moments.
    pub fn layout(model: &AutoEncoder) -> (Vec<(String, Vec<usize>)>, usize) {
        let mut layout: Vec<_> =
            model.tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect();
        let count = layout.len();
        for kind in MOMENTS {
            let trained = model.tensors.iter().filter(|tensor| tensor.is_trained());
            layout
                .extend(trained.map(|tensor| (format!("adam.{kind}.{}", tensor.name), tensor.shape.clone())));
        }
        (layout, count)
    }

    /// Whether all numbers are finite.
    pub fn is_finite(&self) -> bool {
        let tensors = self.tensors.iter().chain(&self.moments);
        tensors.flat_map(|tensor| &tensor.values).all(|value| value.is_finite())
    }
}

/// Names of Adam's moments.
pub const MOMENTS: [&str; 2] = ["mean", "square"];

/// What is asked of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Section of the config that asks, for errors.
    pub section: &'static str,
    /// Which engine.
    pub engine: config::Engine,
    /// Where.
    pub device: Device,
    /// What the convolutions of a training step compute in.
    pub precision: Precision,
    /// How training updates the weights; none where nothing is trained.
    pub optimizer: Option<&'a Optimizer>,
}

impl Request<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.section)
    }
}

/// libtorch as an engine, where the program has it.
pub trait Libtorch: Sync {
    /// Its version, where its headers tell it.
    fn version(&self) -> Option<&'static str>;

    /// What it can compute on: `cpu`, then `cuda:0`, `cuda:1`, ...
    fn devices(&self) -> Vec<String>;

    /// Whether it would compute on a CUDA device.
    ///
    /// # Errors
    /// Of kind config, about `key`, when the config asks for a CUDA device that there is not.
    fn takes_cuda(&self, device: Device, key: &str) -> Result<bool>;

    /// An engine for the model.
    ///
    /// # Errors
    /// As [`Libtorch::takes_cuda`].
    fn start(&self, model: &AutoEncoder, request: &Request) -> Result<Box<dyn Engine>>;
}

/// The engines that a program has: the native one, and libtorch or not.
#[derive(Clone, Copy, Default)]
pub struct Engines {
    /// libtorch, where the program has it.
    pub libtorch: Option<&'static dyn Libtorch>,
}

impl Engines {
    /// Why only libtorch can do what is asked; none when the native engine can. A device `auto` is the CPU here.
    pub fn needs_libtorch(model: &AutoEncoder, request: &Request) -> Option<String> {
        if request.engine == config::Engine::Libtorch {
            return Some(format!("{} is `libtorch`", request.key("engine")));
        }
        if let Device::Cuda(_) = request.device {
            return Some(format!("{} is `{}`", request.key("device"), request.device));
        }
        if request.engine == config::Engine::Native {
            return None; // what it cannot compute is an error
        }
        Self::native_refuses(model, request)
    }

    /// Why the native engine cannot do what is asked on the CPU.
    fn native_refuses(model: &AutoEncoder, request: &Request) -> Option<String> {
        if request.precision != Precision::Float32 {
            return Some(format!("{} is `{}`", request.key("precision"), request.precision.name()));
        }
        NativeEngine::new(model, None).err()
    }

    /// An engine with the weights of the model: the one that is asked for; for `auto` the native one where it can do it, on the
    /// CPU, else libtorch.
    ///
    /// # Errors
    /// Of kind config when the engine that is asked for cannot do it, or the device is not there; of kind failed when it takes
    /// libtorch, and the program has none.
    pub fn start(self, model: &AutoEncoder, request: &Request) -> Result<Box<dyn Engine>> {
        let cuda = match self.libtorch {
            Some(libtorch) => libtorch.takes_cuda(request.device, &request.key("device"))?,
            None => matches!(request.device, Device::Cuda(_)),
        };
        let reason = match Self::native_refuses(model, request) {
            _ if request.engine == config::Engine::Libtorch => None,
            _ if cuda => Some("another device than the CPU".to_owned()),
            Some(reason) => Some(reason),
            None => {
                let native = NativeEngine::new(model, request.optimizer).map_err(Error::failed)?;
                return Ok(Box::new(native));
            }
        };
        match (reason, self.libtorch) {
            (Some(reason), _) if request.engine == config::Engine::Native => {
                Err(Error::config(request.key("engine"), "the native engine cannot compute this model")
                    .expected("float32 on the CPU, and layers that it has")
                    .found(reason)
                    .hint("use `engine = \"auto\"`"))
            }
            (_, Some(libtorch)) => libtorch.start(model, request),
            (_, None) => Err(Error::failed(format!(
                "cannot do this without libtorch: {}",
                Self::needs_libtorch(model, request).unwrap_or_default()
            ))),
        }
    }
}
