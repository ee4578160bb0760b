//! The forward pass in libtorch.

use latentkit_model::config::Precision;
use latentkit_model::{Activation, AutoEncoder, Layer};
use tch::{Device, Kind, Tensor};

/// Batch-norm constants of Keras.
const BATCH_NORM_MOMENTUM: f64 = 0.01; // Keras writes 0.99: the share of the old value
const BATCH_NORM_EPSILON: f64 = 1e-3;

/// The layers of a model with their tensors on a device. Images are `[n, channels, height, width]` in 0 .. 1, latents `[n, d]`.
#[derive(Debug)]
pub(crate) struct Network {
    encoder: Vec<(Layer, Vec<Tensor>)>,
    decoder: Vec<(Layer, Vec<Tensor>)>,
}

impl Network {
    pub(crate) fn new(model: &AutoEncoder, device: Device) -> Self {
        let mut tensors = model.tensors.iter().peekable();
        let mut half = |name: &str, layers: &[Layer]| {
            let of_layer = |(index, &layer): (usize, &Layer)| {
                let prefix = format!("{name}.{index}.");
                let mut own = Vec::new();
                while let Some(tensor) = tensors.next_if(|tensor| tensor.name.starts_with(&prefix)) {
                    own.push(to_device(tensor, device));
                }
                (layer, own)
            };
            layers.iter().enumerate().map(of_layer).collect()
        };
        let encoder = half("encoder", &model.blueprint.encoder);
        Self { encoder, decoder: half("decoder", &model.blueprint.decoder_to_logits()) }
    }

    /// Every tensor, in the order of the model's.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> + Clone {
        self.encoder.iter().chain(&self.decoder).flat_map(|(_, tensors)| tensors)
    }

    /// The tensors that training changes by their gradients, in the order of the model's.
    pub(crate) fn trained(&self) -> Vec<Tensor> {
        let layers = self.encoder.iter().chain(&self.decoder);
        layers.flat_map(|(_, tensors)| tensors.iter().take(2).map(Tensor::shallow_clone)).collect()
    }

    /// The latents of images. `training` makes batch-norm use and record the statistics of the batch.
    pub(crate) fn encode(&self, images: Tensor, precision: Precision, training: bool) -> Tensor {
        run(&self.encoder, images, precision, training)
    }

    /// The reconstructions of latents as logits: the sigmoid is left to the losses.
    pub(crate) fn decode(&self, latents: Tensor, precision: Precision, training: bool) -> Tensor {
        run(&self.decoder, latents, precision, training)
    }
}

/// The tensor on a device, to be trained where it is a weight or a bias. Kernels are channels-last: what the CPU kernels of
/// libtorch run fastest on.
fn to_device(tensor: &latentkit_model::Tensor, device: Device) -> Tensor {
    let shape: Vec<i64> = tensor.shape.iter().map(|&length| length as i64).collect();
    let values = Tensor::from_slice(&tensor.values).reshape(&shape).to_device(device);
    let values = if shape.len() == 4 {
        values.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
    } else {
        values
    };
    values.set_requires_grad(tensor.is_trained())
}

/// The layers one after the other, the result in float32. A ReLU or sigmoid before a max-pool comes after it instead: the same
/// numbers and gradients, a quarter of the work.
fn run(layers: &[(Layer, Vec<Tensor>)], input: Tensor, precision: Precision, training: bool) -> Tensor {
    let kind = match precision {
        Precision::Float32 => Kind::Float,
        Precision::Bfloat16 => Kind::BFloat16,
    };
    let (mut x, mut postponed) = (input, Activation::Linear);
    for (index, (layer, tensors)) in layers.iter().enumerate() {
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
                let (stride, padding) = ([stride as i64; 2], [padding as i64; 2]);
                let added = output_padding.map(|added| added as i64);
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
        let pooled = matches!(layers.get(index + 1), Some((Layer::MaxPool { .. }, _)));
        let postpones = pooled && activation.is_monotonic();
        x = if postpones { sums } else { activate(sums, activation) };
        postponed = if postpones { activation } else { Activation::Linear };
    }
    x.to_kind(Kind::Float)
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

/// In place where the gradient needs no more than the result: nothing that makes sums needs them for its gradient.
fn activate(mut sums: Tensor, activation: Activation) -> Tensor {
    match activation {
        Activation::Linear => sums,
        Activation::Relu => sums.relu_(),
        Activation::Gelu => sums.gelu("none"),
        Activation::Sigmoid => sums.sigmoid_(),
    }
}
