//! An auto-encoder with its weights.

use std::path::Path;

use crate::config::ModelConfig;
use latentkit_core::rng::{self, Rng};
use latentkit_core::{Error, ImageShape, Result};
use rand::Rng as _;
use serde::Deserialize;
use serde_json::Value;

use crate::blueprint::Blueprint;
use crate::layer::Shape;
use crate::tensor::Tensor;
use crate::weights::read_tensors;

/// The longest side of an image in pixels, as ingest reads them.
const MAX_SIDE: usize = 1 << 15;

/// An auto-encoder with its weights, as files hold it. An engine computes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoEncoder {
    /// The config that the layers come from.
    pub config: ModelConfig,
    /// The layers.
    pub blueprint: Blueprint,
    /// The tensors of every layer, those of the encoder first, as [`Blueprint::tensors`] names them.
    pub tensors: Vec<Tensor>,
}

impl AutoEncoder {
    /// A fresh model: Glorot uniform weights (Glorot and Bengio, 2010) drawn from the seed, biases 0.
    ///
    /// # Errors
    /// When the architecture does not take images of this shape.
    pub fn new(config: &ModelConfig, images: ImageShape, seed: u64) -> Result<Self> {
        let blueprint = Blueprint::new(config, images)?;
        let mut rng = rng::generator(seed, "weights", 0);
        let fresh = |(name, shape): (String, Vec<usize>)| {
            let mut tensor = Tensor::zeros(name, &shape);
            match *shape {
                [outer, inner, ref area @ ..] => {
                    let area: usize = area.iter().product();
                    glorot(&mut rng, &mut tensor.values, area * inner, area * outer);
                }
                // The scales and variances of batch-norm.
                _ if tensor.name.ends_with(".weight") || tensor.name.ends_with(".running_var") => {
                    tensor.values.fill(1.0);
                }
                _ => {}
            }
            tensor
        };
        let tensors = blueprint.tensors().into_iter().map(fresh).collect();
        Ok(Self { config: config.clone(), blueprint, tensors })
    }

    /// The model in a file that train wrote, and the file's metadata.
    ///
    /// # Errors
    /// Of kind input when the file is missing, is no such file, or is too short for the model that it names.
    pub fn load(path: &Path) -> Result<(Self, Value)> {
        let wrong = |error: serde_json::Error| {
            Error::input(format!("cannot read the weights `{}`: {error} in its metadata", path.display()))
        };
        let mut found = None;
        let (metadata, tensors) = read_tensors(path, |metadata| {
            let config = ModelConfig::deserialize(&metadata["model"]).map_err(wrong)?;
            let blueprint = if let Some(layers) = metadata.get("layers") {
                Blueprint::deserialize(layers).map_err(wrong)?
            } else {
                // A file of a version that did not list the layers.
                let (height, width) = Deserialize::deserialize(&metadata["image_size"]).map_err(wrong)?;
                check_sides(path, (height, width))?;
                Blueprint::new(&config, ImageShape::grey(height, width)).map_err(Error::into_input)?
            };
            check_size(path, &blueprint)?;
            let wanted = blueprint.tensors();
            found = Some((config, blueprint));
            Ok(wanted)
        })?;
        let (config, blueprint) = found.expect("the reader asked which tensors are wanted");
        Ok((Self { config, blueprint, tensors }, metadata))
    }

    /// What a file of its weights says of it: its config, the shape of its images, and its layers, from which alone it can be built.
    pub fn metadata(&self) -> Value {
        let ImageShape { height, width, .. } = self.image_shape();
        serde_json::json!({
            "model": self.config,
            "image_size": (height, width),
            "layers": self.blueprint,
        })
    }

    /// The shape of the images that it takes.
    pub fn image_shape(&self) -> ImageShape {
        match self.blueprint.input {
            Shape::Image { height, width, channels } => ImageShape { height, width, channels },
            Shape::Flat(length) => ImageShape::grey(1, length),
        }
    }
}

/// Checks the sides of the images that a file without layers names.
fn check_sides(path: &Path, (height, width): (usize, usize)) -> Result<()> {
    if height.max(width) > MAX_SIDE {
        return Err(wrong(path, "its images are too large")
            .expected(format!("at most {MAX_SIDE} pixels a side"))
            .found(format!("{height}x{width}")));
    }
    Ok(())
}

/// Checks that the layers fit each other, and that the file is as large as their weights before they are allocated.
fn check_size(path: &Path, blueprint: &Blueprint) -> Result<()> {
    if !blueprint.is_sound() {
        return Err(wrong(path, "the layers in its metadata do not make images of images"));
    }
    let parameters = blueprint.parameters();
    let (needed, held) = (4 * parameters, u128::from(fs_err::metadata(path)?.len()));
    if held < needed {
        return Err(wrong(path, "it is too short for the model that its metadata names")
            .expected(format!("at least {needed} bytes for {parameters} numbers"))
            .found(format!("{held} bytes")));
    }
    Ok(())
}

fn wrong(path: &Path, problem: &str) -> Error {
    Error::input(format!("cannot read the weights `{}`: {problem}", path.display()))
}

/// Uniform in +-sqrt(6 / (`fan_in` + `fan_out`)).
fn glorot(rng: &mut Rng, values: &mut [f32], fan_in: usize, fan_out: usize) {
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
    values.fill_with(|| rng.gen_range(-limit..limit));
}
