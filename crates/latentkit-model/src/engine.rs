//! What computes a model: libtorch, or latentkit-native.

use latentkit_core::config::{self, Loss, Precision};
use latentkit_core::{Error, Result};
use latentkit_native::{Images, Network};
use tch::{Device, Kind, Tensor};

use crate::layer::{Activation, Layer, Shape};
use crate::metrics::{MetricSums, loss};
use crate::network::AutoEncoder;

/// What computes a model. The weights stay in the model; images are `[n, 1, height, width]` in 0 .. 1 on its device.
#[derive(Debug)]
pub enum Engine {
    /// libtorch: every device and precision.
    Libtorch,
    /// latentkit-native: float32 on the processor. The results have the same bits for any number of threads.
    Native(Box<Native>),
}

/// The networks of latentkit-native for a model. They compute in rayon's threads. While it lives, libtorch computes with one
/// thread: after each parallel operation its workers wait in a loop, on processors that rayon's threads need.
#[derive(Debug)]
pub struct Native {
    whole: Network,
    encoder: Network,
    decoder: Network,
    libtorch_threads: i32,
}

impl Drop for Native {
    fn drop(&mut self) {
        tch::set_num_threads(self.libtorch_threads);
    }
}

impl Engine {
    /// The engine that `wanted` asks for; `auto` is native where that can compute the model. `key` is the key in the
    /// config, for the error.
    ///
    /// # Errors
    /// When it asks for the native engine, which cannot compute this model on its device in its precision.
    pub fn new(wanted: config::Engine, model: &AutoEncoder, key: &str) -> Result<Self> {
        if wanted == config::Engine::Libtorch {
            return Ok(Self::Libtorch);
        }
        match Native::new(model) {
            Ok(native) => Ok(Self::Native(Box::new(native))),
            Err(_) if wanted == config::Engine::Auto => Ok(Self::Libtorch),
            Err(reason) => Err(Error::config(key, "the native engine cannot compute this model")
                .expected("float32 on the CPU, and layers that it has")
                .found(reason)
                .hint("use `engine = \"auto\"`")),
        }
    }

    /// Its name, with the instructions that it uses where it knows them.
    pub fn name(&self) -> String {
        match self {
            Self::Libtorch => "libtorch".to_owned(),
            Self::Native(native) => format!("native ({})", native.whole.instructions()),
        }
    }

    /// A training step without its update: the gradients of the mean loss of reconstructing these images, in the order of
    /// [`AutoEncoder::trainable`]. Moves batch-norm's running statistics, and adds the metrics to `sums`.
    pub fn step(
        &mut self,
        model: &AutoEncoder,
        images: &Tensor,
        kind: Loss,
        sums: &mut MetricSums,
    ) -> Vec<Tensor> {
        match self {
            Self::Libtorch => {
                let logits = model.logits(images, true);
                let value = loss(kind, &logits, images);
                let gradients = Tensor::run_backward(&[value], &model.trainable(), false, false);
                sums.add(&logits, images);
                gradients
            }
            Self::Native(native) => native.step(model, images, kind, sums),
        }
    }

    /// The latents of images, `[n, d]`, with batch-norm's running statistics.
    pub fn encode(&mut self, model: &AutoEncoder, images: &Tensor) -> Tensor {
        match self {
            Self::Libtorch => tch::no_grad(|| model.encode(images, false)),
            Self::Native(native) => {
                let shape = [model.blueprint.latent_dim() as i64];
                infer(&mut native.encoder, &tensors(model, "encoder."), images, &shape)
            }
        }
    }

    /// The reconstructions of latents as logits, with batch-norm's running statistics.
    pub fn decode_logits(&mut self, model: &AutoEncoder, latents: &Tensor) -> Tensor {
        match self {
            Self::Libtorch => tch::no_grad(|| model.decode_logits(latents, false)),
            Self::Native(native) => {
                infer(&mut native.decoder, &tensors(model, "decoder."), latents, &image_shape(model))
            }
        }
    }

    /// The reconstructions of images as logits, with batch-norm's running statistics.
    pub fn logits(&mut self, model: &AutoEncoder, images: &Tensor) -> Tensor {
        match self {
            Self::Libtorch => tch::no_grad(|| model.logits(images, false)),
            Self::Native(native) => {
                infer(&mut native.whole, &tensors(model, ""), images, &image_shape(model))
            }
        }
    }
}

impl Native {
    fn new(model: &AutoEncoder) -> std::result::Result<Self, String> {
        if model.device() != Device::Cpu {
            return Err("another device than the CPU".to_owned());
        }
        if model.precision != Precision::Float32 {
            return Err(format!("precision `{}`", model.precision.name()));
        }
        let blueprint = &model.blueprint;
        let layers = |layers: &[Layer]| -> std::result::Result<Vec<_>, String> {
            layers
                .iter()
                .map(|&layer| native_layer(layer).ok_or_else(|| format!("a layer `{layer}`")))
                .collect()
        };
        let network =
            |layers: &[_], input| Network::new(layers, input).map_err(|unsupported| unsupported.to_string());
        let (encoder, decoder) = (layers(&blueprint.encoder)?, layers(&blueprint.decoder)?);
        let input = native_shape(blueprint.input);
        let native = Self {
            whole: network(&[&encoder[..], &decoder[..]].concat(), input)?,
            encoder: network(&encoder, input)?,
            decoder: network(&decoder, latentkit_native::Shape::Flat(blueprint.latent_dim()))?,
            libtorch_threads: tch::get_num_threads(),
        };
        tch::set_num_threads(1);
        Ok(native)
    }

    fn step(
        &mut self,
        model: &AutoEncoder,
        images: &Tensor,
        kind: Loss,
        sums: &mut MetricSums,
    ) -> Vec<Tensor> {
        let kind = match kind {
            Loss::Bce => latentkit_native::Loss::Bce,
            Loss::Mse => latentkit_native::Loss::Mse,
        };
        let mut values = tensors(model, "");
        let step = self.whole.step(Images::Floats(&numbers(images)), &mut values, kind);
        let found = step.sums;
        let pixels = (step.pixels as f64) / images.size()[0] as f64;
        sums.add_sums(
            [found.bce, found.mse, found.mae, found.binary_accuracy].map(|sum| sum / pixels),
            images.size()[0] as u64,
        );
        let mut gradients = Vec::new();
        for ((_, mut tensor), (values, gradient)) in
            model.named_tensors().into_iter().zip(values.iter().zip(&step.gradients))
        {
            if tensor.requires_grad() {
                gradients.push(Tensor::from_slice(gradient).reshape(tensor.size()));
            } else {
                tensor.copy_(&Tensor::from_slice(values));
            }
        }
        gradients
    }
}

/// The tensors whose names start so, row by row.
fn tensors(model: &AutoEncoder, prefix: &str) -> Vec<Vec<f32>> {
    let named = model.named_tensors();
    named.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, tensor)| numbers(tensor)).collect()
}

fn infer(network: &mut Network, tensors: &[Vec<f32>], inputs: &Tensor, shape: &[i64]) -> Tensor {
    let outputs = network.infer(Images::Floats(&numbers(inputs)), tensors);
    Tensor::from_slice(&outputs).reshape([&[-1], shape].concat())
}

/// [1, height, width].
fn image_shape(model: &AutoEncoder) -> [i64; 3] {
    let (height, width) = model.image_size();
    [1, height as i64, width as i64]
}

/// The values of a tensor as f32, row by row.
pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().flatten(0, -1);
    let mut values = vec![0.0; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    values
}

fn native_shape(shape: Shape) -> latentkit_native::Shape {
    match shape {
        Shape::Image { height, width, channels } => {
            latentkit_native::Shape::Image { height, width, channels }
        }
        Shape::Flat(length) => latentkit_native::Shape::Flat(length),
    }
}

/// The layer in latentkit-native; None when it has none like it. A sigmoid is left out, as [`AutoEncoder`] does.
fn native_layer(layer: Layer) -> Option<latentkit_native::Layer> {
    use latentkit_native::Layer as To;
    let activated = |activation| match activation {
        Activation::Linear | Activation::Sigmoid => latentkit_native::Activation::Linear,
        Activation::Relu => latentkit_native::Activation::Relu,
    };
    Some(match layer {
        Layer::Conv { filters, kernel, activation } => {
            To::Conv { filters, kernel, activation: activated(activation) }
        }
        Layer::MaxPool { size: 2 } => To::MaxPool,
        Layer::BatchNorm => To::BatchNorm,
        Layer::Flatten => To::Flatten,
        Layer::Dense { units, activation } => To::Dense { units, activation: activated(activation) },
        Layer::Reshape { height, width, channels } => To::Reshape { height, width, channels },
        Layer::UpSample { factor } => To::UpSample { factor },
        Layer::MaxPool { .. } | Layer::StridedConv { .. } | Layer::TransposedConv { .. } => return None,
    })
}
