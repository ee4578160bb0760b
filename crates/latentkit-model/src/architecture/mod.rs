//! The architectures, each a list of layers in a file of its own.

mod reference;
mod strided;

use crate::config::{Architecture, LatentActivation, ModelConfig};
use latentkit_core::{Error, Result};

use crate::layer::{Activation, Layer, Shape, TENSORS};

/// The layers of an auto-encoder for grey images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blueprint {
    /// Shape of an image.
    pub input: Shape,
    /// From the image to the latents.
    pub encoder: Vec<Layer>,
    /// From the latents to the image; the last layer ends in a sigmoid.
    pub decoder: Vec<Layer>,
}

impl Blueprint {
    /// The layers that `config` asks for.
    ///
    /// # Errors
    /// When the architecture does not take images of this size.
    pub fn new(config: &ModelConfig, height: usize, width: usize) -> Result<Self> {
        let input = Shape::Image { height, width, channels: 1 };
        let latents = Layer::Dense {
            units: config.latent_dim.get() as usize,
            activation: match config.latent_activation {
                LatentActivation::Relu => Activation::Relu,
                LatentActivation::Linear => Activation::Linear,
            },
        };
        let ((encoder, decoder), sizes) = match config.architecture {
            Architecture::Reference => (reference::layers(latents), reference::SIZES),
            Architecture::Strided => (strided::layers(latents, input), strided::SIZES),
        };
        let blueprint = Self { input, encoder, decoder };
        if !blueprint.is_sound() {
            return Err(Error::config(
                "model.architecture",
                format!("the architecture `{}` does not fit the images", config.architecture.name()),
            )
            .expected(sizes)
            .found(format!("{height}x{width}")));
        }
        Ok(blueprint)
    }

    /// Whether each layer can follow the one before, and the last makes images like the input with a sigmoid.
    fn is_sound(&self) -> bool {
        let last = self.decoder.last().and_then(|layer| layer.activation());
        last == Some(Activation::Sigmoid)
            && self.shapes().is_some_and(|shapes| shapes.last() == Some(&self.input))
    }

    /// Shape after each layer of encoder and decoder. None when a layer cannot follow the one before.
    fn shapes(&self) -> Option<Vec<Shape>> {
        let layers = self.encoder.iter().chain(&self.decoder);
        layers
            .scan(Some(self.input), |shape, layer| {
                *shape = shape.and_then(|input| layer.output(input));
                Some(*shape)
            })
            .collect()
    }

    /// Numbers that the layers hold, those that are not trained counted as well.
    pub fn parameters(&self) -> usize {
        self.tensors().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
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
