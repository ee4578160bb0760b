//! An auto-encoder with its weights.

use latentkit_core::Result;
use latentkit_core::config::ModelConfig;
use latentkit_core::rng::{self, Rng};
use rand::Rng as _;
use tch::{Device, Kind, Tensor};

use crate::architecture::Blueprint;
use crate::layer::{Activation, Layer, Shape};

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

    /// Where the weights are.
    pub fn device(&self) -> Device {
        self.device
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
            // An odd kernel is padded alike on all sides; `same` pads an even one below and right, as Keras does.
            let sums = if kernel % 2 == 1 {
                let padding = (kernel / 2) as i64;
                x.conv2d(&tensors[0], Some(&tensors[1]), [1, 1], [padding, padding], [1, 1], 1)
            } else {
                x.conv2d_padding(&tensors[0], Some(&tensors[1]), [1, 1], "same", [1, 1], 1)
            };
            activate(sums, activation)
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

fn activate(sums: Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Relu => sums.relu(),
        Activation::Linear | Activation::Sigmoid => sums,
    }
}
