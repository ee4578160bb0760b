//! An auto-encoder with its weights.

use std::path::Path;

use latentkit_core::config::{ModelConfig, Precision};
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

/// The longest side of an image in pixels, as ingest reads them.
const MAX_SIDE: usize = 1 << 15;

/// An auto-encoder with its weights. Images are `[n, 1, height, width]` in 0 .. 1, latents `[n, d]`.
#[derive(Debug)]
pub struct AutoEncoder {
    /// The config that the layers come from.
    pub config: ModelConfig,
    /// The layers.
    pub blueprint: Blueprint,
    /// What convolutions compute in; float32 for a new model. The weights are float32 always.
    pub precision: Precision,
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
        Ok(Self {
            config: config.clone(),
            blueprint,
            precision: Precision::default(),
            encoder,
            decoder,
            device,
        })
    }

    /// The model in a file that train wrote, and the rest of the file's metadata.
    pub fn load(path: &Path, device: Device) -> Result<(Self, serde_json::Value)> {
        read_tensors(path, |metadata| {
            let wrong = |error: serde_json::Error| {
                Error::input(format!("cannot read the weights `{}`: {error} in its metadata", path.display()))
            };
            let config = ModelConfig::deserialize(&metadata["model"]).map_err(wrong)?;
            let size = <(usize, usize)>::deserialize(&metadata["image_size"]).map_err(wrong)?;
            check_size(path, &config, size)?;
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
        self.run(&self.blueprint.encoder, &self.encoder, images.shallow_clone(), training)
    }

    /// The reconstructions of latents as logits; their sigmoid is the image.
    pub fn decode_logits(&self, latents: &Tensor, training: bool) -> Tensor {
        self.run(&self.blueprint.decoder, &self.decoder, latents.shallow_clone(), training)
    }

    /// The reconstructions of images as logits.
    pub fn logits(&self, images: &Tensor, training: bool) -> Tensor {
        self.decode_logits(&self.encode(images, training), training)
    }

    /// The layers one after the other, the result in float32. A final sigmoid is left out: losses and errors are computed
    /// from logits. A ReLU before a max-pool comes after it instead: the same numbers and gradients, a quarter of the work.
    fn run(&self, layers: &[Layer], weights: &[Weights], input: Tensor, training: bool) -> Tensor {
        let kind = match self.precision {
            Precision::Float32 => Kind::Float,
            Precision::Bfloat16 => Kind::BFloat16,
        };
        let (mut x, mut postponed) = (input, Activation::Linear);
        for (index, (layer, Weights(tensors))) in layers.iter().zip(weights).enumerate() {
            // Input, weight and bias of a convolution.
            let cast = || (x.to_kind(kind), tensors[0].to_kind(kind), tensors[1].to_kind(kind));
            let (sums, activation) = match *layer {
                Layer::Conv { kernel, activation, .. } => {
                    let (x, weight, bias) = cast();
                    (same_conv(&x, &weight, &bias, kernel), activation)
                }
                Layer::StridedConv { stride, padding, activation, .. } => {
                    let (x, weight, bias) = cast();
                    let (stride, padding) = ([stride as i64; 2], [padding as i64; 2]);
                    (x.conv2d(&weight, Some(&bias), stride, padding, [1, 1], 1), activation)
                }
                Layer::TransposedConv { stride, padding, output_padding, activation, .. } => {
                    let (x, weight, bias) = cast();
                    let (stride, padding, added) =
                        ([stride as i64; 2], [padding as i64; 2], [output_padding as i64; 2]);
                    (x.conv_transpose2d(&weight, Some(&bias), stride, padding, added, 1, [1, 1]), activation)
                }
                Layer::Dense { activation, .. } => {
                    (x.to_kind(Kind::Float).linear(&tensors[0], Some(&tensors[1])), activation)
                }
                Layer::MaxPool { size } => {
                    let size = [size as i64; 2];
                    (x.max_pool2d(size, size, [0, 0], [1, 1], false), postponed)
                }
                Layer::BatchNorm => (batch_norm(&x, tensors, training), Activation::Linear),
                Layer::Flatten => (x.flatten(1, -1), Activation::Linear),
                Layer::Reshape { height, width, channels } => {
                    (x.reshape([-1, channels as i64, height as i64, width as i64]), Activation::Linear)
                }
                Layer::UpSample { factor } => {
                    let (factor, size) = (factor as i64, x.size());
                    let larger = [size[2] * factor, size[3] * factor];
                    (x.upsample_nearest2d(larger, None, None), Activation::Linear)
                }
            };
            let pooled = matches!(layers.get(index + 1), Some(Layer::MaxPool { .. }));
            postponed = activation;
            x = if pooled { sums } else { activate(sums, activation) };
        }
        x.to_kind(Kind::Float)
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

/// Checks that the file is as large as the weights of the model that it claims to hold, before they are allocated.
fn check_size(path: &Path, config: &ModelConfig, (height, width): (usize, usize)) -> Result<()> {
    let wrong =
        |problem: &str| Error::input(format!("cannot read the weights `{}`: {problem}", path.display()));
    if height.max(width) > MAX_SIDE {
        return Err(wrong("its images are too large")
            .expected(format!("at most {MAX_SIDE} pixels a side"))
            .found(format!("{height}x{width}")));
    }
    let parameters = Blueprint::new(config, height, width).map_err(Error::into_input)?.parameters();
    let (needed, held) = (4 * parameters as u64, fs_err::metadata(path)?.len());
    if held < needed {
        return Err(wrong("it is too short for the model that its metadata names")
            .expected(format!("at least {needed} bytes for {parameters} numbers"))
            .found(format!("{held} bytes")));
    }
    Ok(())
}

impl Weights {
    fn new(layer: Layer, input: Shape, rng: &mut Rng, device: Device) -> Self {
        let tensors = match (layer, input) {
            (
                Layer::Conv { filters, kernel, .. } | Layer::StridedConv { filters, kernel, .. },
                Shape::Image { channels, .. },
            ) => {
                vec![conv_weight(rng, [filters, channels, kernel, kernel], device), zeros(filters, device)]
            }
            (Layer::TransposedConv { filters, kernel, .. }, Shape::Image { channels, .. }) => {
                vec![conv_weight(rng, [channels, filters, kernel, kernel], device), zeros(filters, device)]
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

/// The weights of a convolution, channels-last: what the CPU kernels of libtorch run fastest on.
fn conv_weight(rng: &mut Rng, size: [usize; 4], device: Device) -> Tensor {
    let area = size[2] * size[3];
    glorot(rng, &size, area * size[1], area * size[0], device)
        .permute([0, 2, 3, 1])
        .contiguous()
        .permute([0, 3, 1, 2])
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

/// A convolution with Keras's `same` padding: an odd kernel is padded alike on all sides, an even one below and right.
fn same_conv(x: &Tensor, weight: &Tensor, bias: &Tensor, kernel: usize) -> Tensor {
    let before = ((kernel - 1) / 2) as i64;
    if kernel % 2 == 1 {
        return x.conv2d(weight, Some(bias), [1, 1], [before, before], [1, 1], 1);
    }
    let after = before + 1;
    x.constant_pad_nd([before, after, before, after]).conv2d(weight, Some(bias), [1, 1], [0, 0], [1, 1], 1)
}

fn batch_norm(x: &Tensor, tensors: &[Tensor], training: bool) -> Tensor {
    let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|index| Some(&tensors[index]));
    x.batch_norm(weight, bias, mean, variance, training, BATCH_NORM_MOMENTUM, BATCH_NORM_EPSILON, true)
}

/// In place: nothing that makes sums needs them for its gradient.
fn activate(mut sums: Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Relu => sums.relu_(),
        Activation::Linear | Activation::Sigmoid => sums,
    }
}
