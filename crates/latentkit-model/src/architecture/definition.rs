//! What an architecture is.

use latentkit_core::Result;

use super::conv_keys::ConvConfig;
use crate::layer::{Layer, Shape};

/// The layers of encoder and decoder.
pub(crate) type Halves = (Vec<Layer>, Vec<Layer>);

/// What an architecture makes its layers for.
pub(crate) struct Task<'a> {
    /// Shape of an image.
    pub(crate) input: Shape,
    /// The dense layer that makes the latents.
    pub(crate) latents: Layer,
    /// The keys of `conv`.
    pub(crate) conv: &'a ConvConfig,
}

/// An architecture: its name, and its layers for images of a shape.
pub(crate) trait Definition: Sync {
    /// The name in the config.
    fn name(&self) -> &'static str;

    /// The images that it takes, as in `grey images of 28x28 pixels`.
    fn images(&self) -> &'static str;

    /// Encoder and decoder. None, or layers that do not follow each other, where it does not take such images.
    ///
    /// # Errors
    /// When a key of its own does not fit the images.
    fn layers(&self, task: &Task) -> Result<Option<Halves>>;
}
