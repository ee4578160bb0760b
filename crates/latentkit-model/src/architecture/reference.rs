//! The auto-encoder of the reference experiment: 77 522 parameters with 6 latents.

use latentkit_core::Result;

use super::definition::{Definition, Halves, Task};
use crate::layer::{Activation, Layer};

pub(super) struct Reference;

impl Definition for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn images(&self) -> &'static str {
        "grey images of 28x28 pixels"
    }

    fn layers(&self, task: &Task) -> Result<Option<Halves>> {
        Ok(Some(layers(task.latents)))
    }
}

const fn conv(kernel: usize, filters: usize) -> Layer {
    Layer::Conv { filters, kernel, activation: Activation::Relu }
}

/// Encoder and decoder; `latents` is the dense layer between them.
fn layers(latents: Layer) -> Halves {
    let encoder = vec![
        conv(3, 32), // 28x28x32
        conv(3, 32),
        Layer::MaxPool { size: 2 }, // 14x14x32
        Layer::BatchNorm,
        conv(3, 32),
        conv(3, 32),
        conv(2, 32),
        Layer::MaxPool { size: 2 }, // 7x7x32
        Layer::BatchNorm,
        conv(2, 16),    // 7x7x16
        conv(2, 4),     // 7x7x4
        conv(2, 1),     // 7x7x1
        Layer::Flatten, // 49
        latents,
    ];
    let decoder = vec![
        Layer::Dense { units: 4, activation: Activation::Relu },
        Layer::Reshape { height: 2, width: 2, channels: 1 }, // 2x2x1
        conv(2, 4),
        conv(2, 16), // 2x2x16
        Layer::BatchNorm,
        Layer::UpSample { factor: 7 }, // 14x14x16
        conv(3, 32),
        conv(3, 32),
        conv(3, 32),
        Layer::BatchNorm,
        Layer::UpSample { factor: 2 }, // 28x28x32
        conv(3, 32),
        conv(3, 32),
        Layer::Conv { filters: 1, kernel: 3, activation: Activation::Sigmoid }, // 28x28x1
    ];
    (encoder, decoder)
}
