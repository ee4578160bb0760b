//! An auto-encoder with its weights.

use std::path::Path;

use latentkit_core::config::ModelConfig;
use latentkit_core::rng::{self, Rng};
use latentkit_core::{Error, Result};
use rand::Rng as _;
use serde::Deserialize;
use tch::{Device, Kind, Tensor};

use crate::architecture::Blueprint;
use crate::layer::{Activation, Layer, Shape};
use crate::weights::read_tensors;

/// Batch-norm constants of Keras.
const BATCH_NORM_MOMENTUM: f64 = 0.01; // Keras writes 0.99: the share of the old value
const BATCH_NORM_EPSILON: f64 = 1e-3;

/// An auto-encoder with its weights. Images are `[n, 1, height, width]` in 0 .. 1, latents `[n, d]`.
#[derive(Debug)]
pub struct AutoEncoder {
    /// The config that the layers come from.
    pub config: ModelConfig,
    /// The layers.
    pub blueprint: Blueprint,
    encoder: Vec<Weights>,
    decoder: Vec<Weights>,
    device: Device,
}

/// The tensors of a layer, in the order of [`NAMES`]; none for a layer without parameters.
#[derive(Debug)]
struct Weights(Vec<Tensor>);

/// Names of a layer's tensors, as PyTorch has them. The last two belong to batch-norm and are not trained.
const NAMES: [&str; 4] = ["weight", "bias", "running_mean", "running_var"];

impl AutoEncoder {
    /// A fresh model: Glorot uniform weights (Glorot and Bengio, 2010) drawn from the seed, biases 0.
    ///
    /// # Errors
    /// When the architecture does not take images of this size.
    pub fn new(
        config: &ModelConfig,
        (height, width): (usize, usize),
        seed: u64,
        device: Device,
    ) -> Result<Self> {
        let blueprint = Blueprint::new(config, height, width)?;
        let mut rng = rng::generator(seed, "weights", 0);
        let mut initialise = |layers: &[Layer], mut shape: Shape| -> Vec<Weights> {
            let mut all = Vec::new();
            for layer in layers {
                all.push(Weights::new(*layer, shape, &mut rng, device));
                shape = layer.output(shape).expect("a blueprint's layers fit each other");
            }
            all
        };
        let encoder = initialise(&blueprint.encoder, blueprint.input);
        let decoder = initialise(&blueprint.decoder, Shape::Flat(blueprint.latent_dim()));
        Ok(Self { config: config.clone(), blueprint, encoder, decoder, device })
    }

    /// The model in a file that train wrote, and the rest of the file's metadata.
    pub fn load(path: &Path, device: Device) -> Result<(Self, serde_json::Value)> {
        read_tensors(path, |metadata| {
            let wrong = |error: serde_json::Error| {
                Error::input(format!("cannot read the weights `{}`: {error} in its metadata", path.display()))
            };
            let config = ModelConfig::deserialize(&metadata["model"]).map_err(wrong)?;
            let size = <(usize, usize)>::deserialize(&metadata["image_size"]).map_err(wrong)?;
            let model = Self::new(&config, size, 0, device).map_err(Error::into_input)?;
            let tensors = model.named_tensors();
            Ok(((model, metadata), tensors))
        })
    }

    /// Where the weights are.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Height and width of the images that it takes.
    pub fn image_size(&self) -> (usize, usize) {
        match self.blueprint.input {
            Shape::Image { height, width, .. } => (height, width),
            Shape::Flat(length) => (1, length),
        }
    }

    /// The latents of images. `training` makes batch-norm use and record the statistics of the batch.
    pub fn encode(&self, images: &Tensor, training: bool) -> Tensor {
        run(&self.blueprint.encoder, &self.encoder, images.shallow_clone(), training)
    }

    /// The reconstructions of latents as logits; their sigmoid is the image.
    pub fn decode_logits(&self, latents: &Tensor, training: bool) -> Tensor {
        run(&self.blueprint.decoder, &self.decoder, latents.shallow_clone(), training)
    }

    /// The reconstructions of images as logits.
    pub fn logits(&self, images: &Tensor, training: bool) -> Tensor {
        self.decode_logits(&self.encode(images, training), training)
    }

    /// Every tensor with its name (`encoder.0.weight`), in the order of the layers.
    pub fn named_tensors(&self) -> Vec<(String, Tensor)> {
        let halves = [("encoder", &self.encoder), ("decoder", &self.decoder)];
        let mut named = Vec::new();
        for (half, layers) in halves {
            for (index, Weights(tensors)) in layers.iter().enumerate() {
                for (tensor, name) in tensors.iter().zip(NAMES) {
                    named.push((format!("{half}.{index}.{name}"), tensor.shallow_clone()));
                }
            }
        }
        named
    }

    /// The tensors that training changes, in the order of the layers.
    pub fn trainable(&self) -> Vec<Tensor> {
        let layers = self.encoder.iter().chain(&self.decoder);
        layers.flat_map(|Weights(tensors)| tensors.iter().take(2).map(Tensor::shallow_clone)).collect()
    }
}

impl Weights {
    fn new(layer: Layer, input: Shape, rng: &mut Rng, device: Device) -> Self {
        let tensors = match (layer, input) {
            (Layer::Conv { filters, kernel, .. }, Shape::Image { channels, .. }) => {
                let area = kernel * kernel;
                let size = [filters, channels, kernel, kernel];
                // Channels-last is what the CPU kernels of libtorch run fastest on.
                let weight = glorot(rng, &size, area * channels, area * filters, device)
                    .permute([0, 2, 3, 1])
                    .contiguous()
                    .permute([0, 3, 1, 2]);
                vec![weight, zeros(filters, device)]
            }
            (Layer::Dense { units, .. }, Shape::Flat(length)) => {
                vec![glorot(rng, &[units, length], length, units, device), zeros(units, device)]
            }
            (Layer::BatchNorm, Shape::Image { channels, .. }) => {
                let ones = || Tensor::ones([channels as i64], (Kind::Float, device));
                vec![ones(), zeros(channels, device), zeros(channels, device), ones()]
            }
            _ => Vec::new(),
        };
        let trained = |(index, tensor): (usize, Tensor)| tensor.set_requires_grad(index < 2);
        Self(tensors.into_iter().enumerate().map(trained).collect())
    }
}

/// Uniform in +-sqrt(6 / (`fan_in` + `fan_out`)).
fn glorot(rng: &mut Rng, size: &[usize], fan_in: usize, fan_out: usize, device: Device) -> Tensor {
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
    let values: Vec<f32> = (0..size.iter().product()).map(|_| rng.gen_range(-limit..limit)).collect();
    let size: Vec<i64> = size.iter().map(|&length| length as i64).collect();
    Tensor::from_slice(&values).reshape(size).to_device(device)
}

fn zeros(length: usize, device: Device) -> Tensor {
    Tensor::zeros([length as i64], (Kind::Float, device))
}

/// The layers one after the other. A final sigmoid is left out: losses and errors are computed from logits.
fn run(layers: &[Layer], weights: &[Weights], input: Tensor, training: bool) -> Tensor {
    layers.iter().zip(weights).fold(input, |x, (layer, Weights(tensors))| match *layer {
        Layer::Conv { kernel, activation, .. } => {
            activate(same_conv(&x, &tensors[0], &tensors[1], kernel), activation)
        }
        Layer::Dense { activation, .. } => activate(x.linear(&tensors[0], Some(&tensors[1])), activation),
        Layer::BatchNorm => x.batch_norm(
            Some(&tensors[0]),
            Some(&tensors[1]),
            Some(&tensors[2]),
            Some(&tensors[3]),
            training,
            BATCH_NORM_MOMENTUM,
            BATCH_NORM_EPSILON,
            true,
        ),
        Layer::MaxPool { size } => {
            let size = size as i64;
            x.max_pool2d([size, size], [size, size], [0, 0], [1, 1], false)
        }
        Layer::Flatten => x.flatten(1, -1),
        Layer::Reshape { height, width, channels } => {
            x.reshape([-1, channels as i64, height as i64, width as i64])
        }
        Layer::UpSample { factor } => {
            let factor = factor as i64;
            let size = x.size();
            x.upsample_nearest2d([size[2] * factor, size[3] * factor], None, None)
        }
    })
}

/// A convolution with Keras's `same` padding: an odd kernel is padded alike on all sides, an even one below and right.
fn same_conv(x: &Tensor, weight: &Tensor, bias: &Tensor, kernel: usize) -> Tensor {
    let before = ((kernel - 1) / 2) as i64;
    if kernel % 2 == 1 {
        return x.conv2d(weight, Some(bias), [1, 1], [before, before], [1, 1], 1);
    }
    let after = before + 1;
    x.constant_pad_nd([before, after, before, after]).conv2d(weight, Some(bias), [1, 1], [0, 0], [1, 1], 1)
}

fn activate(sums: Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Relu => sums.relu(),
        Activation::Linear | Activation::Sigmoid => sums,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_kernel_is_padded_below_and_right() {
        // A 2x2 kernel whose only weight is at its bottom right moves the image up and left by one.
        let image = Tensor::arange(9, (Kind::Float, Device::Cpu)).reshape([1, 1, 3, 3]);
        let weight = Tensor::from_slice(&[0.0_f32, 0.0, 0.0, 1.0]).reshape([1, 1, 2, 2]);
        let found = same_conv(&image, &weight, &zeros(1, Device::Cpu), 2);
        let expected =
            Tensor::from_slice(&[4.0_f32, 5.0, 0.0, 7.0, 8.0, 0.0, 0.0, 0.0, 0.0]).reshape([1, 1, 3, 3]);
        assert!(found.equal(&expected));
    }
}
