//! The architectures, each a list of layers in a file of its own.

mod reference;
mod strided;

use latentkit_core::config::{Architecture, LatentActivation, ModelConfig};
use latentkit_core::{Error, Result};

use crate::layer::{Activation, Layer, Shape};

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
        if blueprint.shapes().is_none_or(|shapes| shapes.last() != Some(&input)) {
            return Err(Error::config(
                "model.architecture",
                format!("the architecture `{}` does not fit the images", config.architecture.name()),
            )
            .expected(sizes)
            .found(format!("{height}x{width}")));
        }
        Ok(blueprint)
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
        let (mut shape, mut sum) = (self.input, 0);
        for layer in self.encoder.iter().chain(&self.decoder) {
            sum += layer.parameters(shape).total();
            shape = layer.output(shape).expect("a blueprint's layers fit each other");
        }
        sum
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
