//! Three strided convolutions and their mirror image: the auto-encoder of X. Guo, X. Liu, E. Zhu and J. Yin, "Deep
//! clustering with convolutional autoencoders", ICONIP 2017, with zeros on all sides of the 5x5 kernels. It has no
//! pooling and no batch-norm, and an encoder with a third of the reference's multiplications.

use latentkit_core::Result;

use super::definition::{Definition, Halves, Task};
use super::mirror::{self, Between, Down};
use crate::layer::{Activation, Shape};

/// Of images of 28x28 pixels they make 14x14x32, 7x7x64 and 3x3x128.
const DOWNS: [Down; 3] = [
    Down { filters: 32, kernel: 5, padding: 2 },
    Down { filters: 64, kernel: 5, padding: 2 },
    Down { filters: 128, kernel: 3, padding: 0 },
];

pub(super) struct Strided;

impl Definition for Strided {
    fn name(&self) -> &'static str {
        "strided"
    }

    fn images(&self) -> &'static str {
        "images whose height and width are 4 times an odd number above 1, such as 28x28"
    }

    fn layers(&self, &Task { input, latents, .. }: &Task) -> Result<Option<Halves>> {
        let Shape::Image { height, width, .. } = input else { return Ok(None) };
        // Of other sides the last convolution leaves a column out.
        let fits = [height, width].iter().all(|side| side % 8 == 4 && *side > 4);
        let between = Between { activation: Activation::Relu, batch_norm: false };
        Ok(fits.then(|| mirror::layers(&DOWNS, between, latents, input)).flatten())
    }
}

#[cfg(test)]
mod tests {
    use latentkit_core::ImageShape;
    use serde_json::json;

    use crate::blueprint::Blueprint;

    #[test]
    fn the_layers_are_those_of_all_versions() {
        let config = serde_json::from_value(json!({ "architecture": "strided" })).unwrap();
        let down = |filters, kernel, padding| {
            json!({
                "kind": "strided-conv", "filters": filters, "kernel": kernel, "stride": 2, "padding": padding,
                "activation": "relu",
            })
        };
        let up = |filters, kernel, padding, output_padding, activation| {
            json!({
                "kind": "transposed-conv", "filters": filters, "kernel": kernel, "stride": 2, "padding": padding,
                "output-padding": output_padding, "activation": activation,
            })
        };
        let blueprint = Blueprint::new(&config, ImageShape::grey(28, 28)).unwrap();
        let expected = json!({
            "input": [28, 28, 1],
            "encoder": [
                down(32, 5, 2),
                down(64, 5, 2),
                down(128, 3, 0),
                { "kind": "flatten" },
                { "kind": "dense", "units": 6, "activation": "relu" },
            ],
            "decoder": [
                { "kind": "dense", "units": 1152, "activation": "relu" },
                { "kind": "reshape", "height": 3, "width": 3, "channels": 128 },
                up(64, 3, 0, 0, "relu"),
                up(32, 5, 2, 1, "relu"),
                up(1, 5, 2, 1, "sigmoid"),
            ],
        });
        assert_eq!(serde_json::to_value(blueprint).unwrap(), expected);
    }
}
