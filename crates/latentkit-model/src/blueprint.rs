//! The layers of an auto-encoder.

use latentkit_core::{Error, ImageShape, Result};
use serde::{Deserialize, Serialize};

use crate::architecture::Task;
use crate::config::{LatentActivation, ModelConfig};
use crate::layer::{Activation, Layer, Shape, TENSORS};

/// Layers of encoder or decoder at most, in a file.
const MOST_LAYERS: usize = 256;

/// The layers of an auto-encoder for images of one shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// Shape of an image.
    pub input: Shape,
    /// From the image to the latents.
    pub encoder: Vec<Layer>,
    /// From the latents to the image; the last layer that makes sums ends in a sigmoid.
    pub decoder: Vec<Layer>,
}

impl Blueprint {
    /// The layers that `config` asks for.
    ///
    /// # Errors
    /// When the architecture does not take images of this shape, or a key of its own does not fit them.
    pub fn new(config: &ModelConfig, images: ImageShape) -> Result<Self> {
        let ImageShape { height, width, channels } = images;
        let input = Shape::Image { height, width, channels };
        let latents = Layer::Dense {
            units: config.latent_dim.get() as usize,
            activation: match config.latent_activation {
                LatentActivation::Relu => Activation::Relu,
                LatentActivation::Linear => Activation::Linear,
            },
        };
        let architecture = config.architecture;
        let conv = config.conv.clone().unwrap_or_default();
        let layers = architecture.layers(&Task { input, latents, conv: &conv })?;
        let blueprint = layers.map(|(encoder, decoder)| Self { input, encoder, decoder });
        blueprint.filter(Self::is_sound).ok_or_else(|| {
            let message = format!("the architecture `{}` does not fit the images", architecture.name());
            Error::config("model.architecture", message)
                .expected(architecture.images())
                .found(images.to_string())
        })
    }

    /// Whether each layer can follow the one before, an encoder makes a vector, and the decoder makes images like the input, with
    /// a sigmoid and at most a change of shape after it. No size is so large that products of sizes overflow.
    pub(crate) fn is_sound(&self) -> bool {
        let mut layers = self.encoder.iter().chain(&self.decoder);
        let possible = self.encoder.len().max(self.decoder.len()) <= MOST_LAYERS
            && self.input.is_possible()
            && layers.all(|layer| layer.is_possible());
        let Some(shapes) = possible.then(|| self.shapes()).flatten() else { return false };
        let makes_latents = matches!(self.encoder.last(), Some(Layer::Dense { .. }));
        makes_latents
            && shapes.last() == Some(&self.input)
            && self.last_sums().is_some_and(|last| {
                self.decoder[last].activation() == Some(Activation::Sigmoid)
                    && self.decoder[last + 1..].iter().all(|layer| matches!(layer, Layer::Reshape { .. }))
            })
    }

    /// The last layer of the decoder that makes sums.
    fn last_sums(&self) -> Option<usize> {
        self.decoder.iter().rposition(|layer| layer.activation().is_some())
    }

    /// The layers of the decoder without the sigmoid, which losses are computed without.
    pub fn decoder_to_logits(&self) -> Vec<Layer> {
        let mut layers = self.decoder.clone();
        if let Some(last) = self.last_sums() {
            layers[last] = layers[last].with_activation(Activation::Linear);
        }
        layers
    }

    /// Shape after each layer of encoder and decoder. None when a layer cannot follow the one before.
    fn shapes(&self) -> Option<Vec<Shape>> {
        let layers = self.encoder.iter().chain(&self.decoder);
        layers
            .scan(Some(self.input), |shape, layer| {
                *shape = shape.and_then(|input| layer.output(input)).filter(Shape::is_possible);
                Some(*shape)
            })
            .collect()
    }

    /// Numbers that the layers hold, those that are not trained counted as well.
    pub fn parameters(&self) -> u128 {
        self.tensors().iter().map(|(_, shape)| shape.iter().map(|&size| size as u128).product::<u128>()).sum()
    }

    /// Name and shape of every tensor, in the order of the layers: `encoder.0.weight`, `encoder.0.bias`, ...
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut shape = self.input;
        let mut tensors = Vec::new();
        for (half, layers) in [("encoder", &self.encoder), ("decoder", &self.decoder)] {
            for (index, layer) in layers.iter().enumerate() {
                let named = layer.tensors(shape).into_iter().zip(TENSORS);
                tensors.extend(named.map(|(shape, name)| (format!("{half}.{index}.{name}"), shape)));
                shape = layer.output(shape).expect("a blueprint's layers fit each other");
            }
        }
        tensors
    }

    /// Number of latents.
    pub fn latent_dim(&self) -> usize {
        self.encoder
            .iter()
            .rev()
            .find_map(|layer| match layer {
                Layer::Dense { units, .. } => Some(*units),
                _ => None,
            })
            .expect("an encoder ends in a dense layer")
    }
}
