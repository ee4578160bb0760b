//! latentkit-native as an engine: float32 on the processor, with the same bits for any number of threads.

use std::borrow::Cow;

use crate::config::{Loss, Optimizer};
use latentkit_core::ImageShape;
use latentkit_native::{Images, Network};

use crate::adam::Adam;
use crate::autoencoder::AutoEncoder;
use crate::engine::{Engine, EngineState};
use crate::layer::{Activation, Layer, Shape};
use crate::metrics::MetricSums;
use crate::tensor::Tensor;

/// A model that latentkit-native computes, in rayon's threads.
pub(crate) struct NativeEngine {
    whole: Network,
    encoder: Network,
    decoder: Network,
    /// Of the images.
    shape: ImageShape,
    /// Name and shape of every tensor.
    layout: Vec<(String, Vec<usize>)>,
    /// Whether each is trained.
    trained: Vec<bool>,
    tensors: Vec<Vec<f32>>,
    /// How many of them are the encoder's.
    of_encoder: usize,
    adam: Option<Adam>,
    metrics: MetricSums,
}

impl NativeEngine {
    /// The engine with the model's weights, or why it cannot compute the model.
    pub(crate) fn new(model: &AutoEncoder, optimizer: Option<&Optimizer>) -> Result<Self, String> {
        let blueprint = &model.blueprint;
        let encoder = native_layers(&blueprint.encoder)?;
        let decoder = native_layers(&blueprint.decoder_to_logits())?;
        let shape = |shape| match shape {
            Shape::Image { height, width, channels } => {
                latentkit_native::Shape::Image { height, width, channels }
            }
            Shape::Flat(length) => latentkit_native::Shape::Flat(length),
        };
        let refused = |reason: latentkit_native::Unsupported| reason.to_string();
        let input = shape(blueprint.input);
        let whole = [&encoder[..], &decoder[..]].concat();
        let encoder = Network::new(&encoder, input).map_err(refused)?;
        let latents = latentkit_native::Shape::Flat(blueprint.latent_dim());
        let trained: Vec<bool> = model.tensors.iter().map(Tensor::is_trained).collect();
        let tensors: Vec<Vec<f32>> = model.tensors.iter().map(|tensor| tensor.values.clone()).collect();
        let of_trained = tensors.iter().zip(&trained).filter(|&(_, &trained)| trained);
        let lengths = of_trained.map(|(values, _)| values.len());
        let adam = optimizer.map(|optimizer| Adam::new(optimizer, lengths));
        Ok(Self {
            whole: Network::autoencoder(&whole, input).map_err(refused)?,
            decoder: Network::new(&decoder, latents).map_err(refused)?,
            shape: model.image_shape(),
            of_encoder: encoder.tensors().len(),
            encoder,
            layout: blueprint.tensors(),
            trained,
            tensors,
            adam,
            metrics: MetricSums::default(),
        })
    }
}

impl NativeEngine {
    /// Images as latentkit-native has them, each channel by channel.
    fn channels_first<'a>(&self, images: &'a [u8]) -> Cow<'a, [u8]> {
        match self.shape {
            ImageShape { channels: 1, .. } => images.into(),
            ImageShape { height, width, channels } => transposed(images, height * width, channels).into(),
        }
    }

    /// Images of latentkit-native as engines have them, each pixel by pixel.
    fn channels_last(&self, images: Vec<f32>) -> Vec<f32> {
        match self.shape {
            ImageShape { channels: 1, .. } => images,
            ImageShape { height, width, channels } => transposed(&images, channels, height * width),
        }
    }
}

/// Each image's values, [rows, columns], as [columns, rows].
fn transposed<T: Copy>(images: &[T], rows: usize, columns: usize) -> Vec<T> {
    let of_image = |image: &[T]| {
        (0..columns)
            .flat_map(|column| (0..rows).map(move |row| row * columns + column))
            .map(|place| image[place])
            .collect::<Vec<_>>()
    };
    images.chunks_exact(rows * columns).flat_map(of_image).collect()
}

impl Engine for NativeEngine {
    fn name(&self) -> String {
        format!("native ({})", self.whole.instructions())
    }

    fn device(&self) -> String {
        "cpu".to_owned()
    }

    fn step(&mut self, images: &[u8], targets: Option<&[u8]>, loss: Loss, learning_rate: f64) {
        let loss = match loss {
            Loss::Bce => latentkit_native::Loss::Bce,
            Loss::Mse => latentkit_native::Loss::Mse,
        };
        let count = images.len() / self.whole.input_len();
        let (images, targets) =
            (self.channels_first(images), targets.map(|targets| self.channels_first(targets)));
        let targets = targets.as_deref().map(Images::Bytes);
        let step = self.whole.step(Images::Bytes(&images), targets, &mut self.tensors, loss);
        let pixels = step.pixels as f64 / count as f64;
        let found = step.sums;
        self.metrics
            .add([found.bce, found.mse, found.mae, found.binary_accuracy].map(|sum| sum / pixels), count);
        let adam = self.adam.as_mut().expect("an engine that trains has an optimizer");
        let weights = self.tensors.iter_mut().zip(&self.trained).filter(|&(_, &trained)| trained);
        let gradients = step.gradients.iter().zip(&self.trained).filter(|&(_, &trained)| trained);
        adam.update(
            weights.map(|(values, _)| values.as_mut_slice()),
            gradients.map(|(values, _)| values.as_slice()),
            learning_rate,
        );
    }

    fn encode(&mut self, images: &[u8]) -> Vec<f32> {
        let images = self.channels_first(images);
        self.encoder.infer(Images::Bytes(&images), &self.tensors[..self.of_encoder])
    }

    fn decode(&mut self, latents: &[f32]) -> Vec<f32> {
        let logits = self.decoder.infer(Images::Floats(latents), &self.tensors[self.of_encoder..]);
        self.channels_last(logits)
    }

    fn logits(&mut self, images: &[u8]) -> Vec<f32> {
        let images = self.channels_first(images);
        let logits = self.whole.infer(Images::Bytes(&images), &self.tensors);
        self.channels_last(logits)
    }

    fn metrics(&self) -> MetricSums {
        self.metrics
    }

    fn reset_metrics(&mut self) {
        self.metrics = MetricSums::default();
    }

    fn state(&self) -> EngineState {
        let (moments, steps) = self.adam.as_ref().map_or((&[][..], 0), |adam| (&adam.moments[..], adam.step));
        EngineState::new(&self.layout, self.tensors.iter().cloned(), moments, steps, self.metrics)
    }

    fn restore(&mut self, state: EngineState) {
        if let Some(adam) = &mut self.adam {
            adam.step = state.steps;
            adam.moments =
                state.moment_pairs().map(|both| both.map(|moment| moment.values.clone())).collect();
        }
        self.tensors = state.tensors.into_iter().map(|tensor| tensor.values).collect();
        self.metrics = state.metrics;
    }
}

fn unsupported(layer: Layer) -> String {
    format!("a layer `{layer}`")
}

fn native_layers(layers: &[Layer]) -> Result<Vec<latentkit_native::Layer>, String> {
    layers.iter().map(|&layer| native_layer(layer).ok_or_else(|| unsupported(layer))).collect()
}

/// The layer in latentkit-native; none when it has none like it.
fn native_layer(layer: Layer) -> Option<latentkit_native::Layer> {
    use latentkit_native::Layer as To;
    let activated = |activation| match activation {
        Activation::Linear => Some(latentkit_native::Activation::Linear),
        Activation::Relu => Some(latentkit_native::Activation::Relu),
        Activation::Gelu => Some(latentkit_native::Activation::Gelu),
        Activation::Sigmoid => None,
    };
    Some(match layer {
        Layer::Conv { filters, kernel, activation } => {
            To::Conv { filters, kernel, activation: activated(activation)? }
        }
        Layer::StridedConv { filters, kernel, stride, padding, activation } => {
            To::StridedConv { filters, kernel, stride, padding, activation: activated(activation)? }
        }
        Layer::TransposedConv { filters, kernel, stride, padding, output_padding, activation } => {
            let activation = activated(activation)?;
            To::TransposedConv { filters, kernel, stride, padding, output_padding, activation }
        }
        Layer::MaxPool { size: 2 } => To::MaxPool,
        Layer::BatchNorm => To::BatchNorm,
        Layer::Flatten => To::Flatten,
        Layer::Dense { units, activation } => To::Dense { units, activation: activated(activation)? },
        Layer::Reshape { height, width, channels } => To::Reshape { height, width, channels },
        Layer::UpSample { factor } => To::UpSample { factor },
        Layer::MaxPool { .. } => return None,
    })
}
