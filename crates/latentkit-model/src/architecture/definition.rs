//! What an architecture is.

use crate::layer::{Layer, Shape};

/// An architecture: its name, and its layers for images of a shape.
pub(crate) trait Definition: Sync {
    /// The name in the config.
    fn name(&self) -> &'static str;

    /// The images that it takes, as in `images of 28x28 pixels`.
    fn images(&self) -> &'static str;

    /// Encoder and decoder for images of the shape `input`; `latents` is the dense layer that makes the latents. None, or layers
    /// that do not follow each other, where it does not take such images.
    fn layers(&self, latents: Layer, input: Shape) -> Option<(Vec<Layer>, Vec<Layer>)>;
}
