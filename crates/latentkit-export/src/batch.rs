//! What a trained model makes of some images.

use latentkit_core::summary::Metrics;
use latentkit_core::{Error, Result};
use latentkit_model::{Engine, errors};

/// What a trained model makes of some images.
pub struct Batch {
    /// Latents, one image after the other.
    pub latents: Vec<f32>,
    /// The logits of the reconstructions, image by image.
    pub logits: Vec<f32>,
    /// The errors of the reconstructions, means over the values of an image.
    pub errors: Vec<Metrics>,
}

impl Batch {
    /// Encodes images of `length` bytes each, and decodes what came out. `first` is the number of the first of them.
    ///
    /// # Errors
    /// Of kind input, naming the image, when a latent or an error is not finite.
    pub(crate) fn of(engine: &mut dyn Engine, images: &[u8], length: usize, first: usize) -> Result<Self> {
        let latents = engine.encode(images); // [n, d]
        let logits = engine.decode(&latents);
        let errors = errors(&logits, images, length);
        let dimensions = latents.len() / errors.len().max(1);
        let finite = |(latents, errors): (&[f32], &Metrics)| {
            latents.iter().all(|value| value.is_finite()) && errors.bce.is_finite()
        };
        match latents.chunks(dimensions.max(1)).zip(&errors).position(|image| !finite(image)) {
            None => Ok(Self { latents, logits, errors }),
            Some(row) => Err(Error::input("the weights give a latent or an error that is not finite")
                .found(format!("image {}", first + row))
                .hint("train again with a lower learning rate")),
        }
    }
}
