//! A trained model that encodes images after it was trained.

use std::path::Path;

use latentkit_core::{ImageShape, Result};
use latentkit_model::{AutoEncoder, Engine, Engines, Request};
use serde_json::Value;

use crate::batch::Batch;

/// A trained model that encodes images.
pub struct Encoder {
    engine: Box<dyn Engine>,
    shape: ImageShape,
    dimensions: usize,
    /// What the file of weights says of its training.
    pub training: Value,
    encoded: usize,
}

impl Encoder {
    /// The model in a file of weights.
    ///
    /// # Errors
    /// When the file is missing or is no such file, and when no engine can compute the model.
    pub fn open(model: &Path, request: &Request, engines: Engines) -> Result<Self> {
        let (network, training) = AutoEncoder::load(model)?;
        let engine = engines.start(&network, request)?;
        let dimensions = network.blueprint.latent_dim();
        Ok(Self { engine, shape: network.image_shape(), dimensions, training, encoded: 0 })
    }

    /// The shape of the images that it takes.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Number of latents.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Encodes the next images, given one after the other.
    ///
    /// # Errors
    /// Of kind input when a latent or an error is not finite, naming the image among all that were encoded.
    pub fn encode(&mut self, images: &[u8]) -> Result<Batch> {
        let batch = Batch::of(self.engine.as_mut(), images, self.shape.len(), self.encoded)?;
        self.encoded += batch.errors.len();
        Ok(batch)
    }
}
