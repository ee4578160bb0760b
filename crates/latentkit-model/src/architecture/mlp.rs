//! Dense layers of 500, 500 and 2 000 units and their mirror image: the auto-encoder of J. Xie, R. Girshick and A. Farhadi,
//! "Unsupervised deep embedding for clustering analysis", ICML 2016, and of many papers on deep clustering since, there with 10
//! linear latents. Here its output is a sigmoid, as of all architectures.

use latentkit_core::Result;

use super::definition::{Definition, Halves, Task};
use crate::layer::{Activation, Layer, Shape};

/// Units of the layers between image and latents.
const HIDDEN: [usize; 3] = [500, 500, 2000];

pub(super) struct Mlp;

impl Definition for Mlp {
    fn name(&self) -> &'static str {
        "mlp"
    }

    fn images(&self) -> &'static str {
        "images of any size"
    }

    fn layers(&self, &Task { input, latents, .. }: &Task) -> Result<Option<Halves>> {
        let Shape::Image { height, width, channels } = input else { return Ok(None) };
        let hidden = HIDDEN.map(|units| Layer::Dense { units, activation: Activation::Relu });
        let encoder = [&[Layer::Flatten], &hidden[..], &[latents]].concat();
        let image = Layer::Dense { units: input.len(), activation: Activation::Sigmoid };
        let decoder =
            hidden.into_iter().rev().chain([image, Layer::Reshape { height, width, channels }]).collect();
        Ok(Some((encoder, decoder)))
    }
}
