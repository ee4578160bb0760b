//! Convolutions of stride 2 until the longer side is at most [`FINAL_SIDE`], at least one, and their mirror image: for grey and
//! colour images of any size. Sides round up: 64x48 becomes 32x24, 16x12, 8x6, 4x3. Between the last of them and its mirror image
//! are the dense latents. Batch-norm follows what follows the sums, as in `reference`.
//!
//! Channels double from 32 to [`MOST_CHANNELS`] where the config names none, so that a convolution of a large image, which is mostly
//! pixels, costs about as much as the one before.

use latentkit_core::{Error, Result};

use super::definition::{Definition, Halves, Task};
use super::mirror::{self, Between, Down};
use crate::layer::Shape;

/// The longer side after the last convolution, at most.
const FINAL_SIDE: usize = 7;

/// Channels out of the first convolution, and of any, where the config names none.
const FIRST_CHANNELS: usize = 32;
const MOST_CHANNELS: usize = 128;

pub(super) struct Conv;

impl Definition for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }

    fn images(&self) -> &'static str {
        "images of any size"
    }

    fn layers(&self, &Task { input, latents, conv }: &Task) -> Result<Option<Halves>> {
        let Shape::Image { height, width, channels } = input else { return Ok(None) };
        let count = halvings(height.max(width));
        let filters: Vec<usize> = match &conv.channels {
            None => {
                let doubled = |&before: &usize| Some(MOST_CHANNELS.min(2 * before));
                std::iter::successors(Some(FIRST_CHANNELS), doubled).take(count).collect()
            }
            Some(given) if given.len() == count => given.iter().map(|count| count.get() as usize).collect(),
            Some(given) => {
                let message = "the architecture `conv` needs as many channels as it has convolutions";
                return Err(Error::config("model.conv.channels", message)
                    .expected(format!(
                        "a list of length {count}: of {height}x{width} pixels, {count} halvings make at most \
                         {FINAL_SIDE}x{FINAL_SIDE}"
                    ))
                    .found(format!(
                        "a list of length {}, for images of {height}x{width}x{channels}",
                        given.len()
                    ))
                    .hint("where the key is left out, channels follow from the size"));
            }
        };
        let kernel = conv.kernel.get();
        let down = |filters| Down { filters, kernel, padding: kernel / 2 };
        let downs: Vec<Down> = filters.into_iter().map(down).collect();
        let between = Between { activation: conv.activation.into(), batch_norm: conv.batch_norm };
        Ok(mirror::layers(&downs, between, latents, input))
    }
}

/// How often a side is halved, rounding up, at least once, until it is at most [`FINAL_SIDE`].
fn halvings(side: usize) -> usize {
    let halved = |&side: &usize| (side > FINAL_SIDE).then(|| side.div_ceil(2));
    std::iter::successors(Some(side), halved).count().saturating_sub(1).max(1)
}

#[cfg(test)]
mod tests {
    use latentkit_core::ImageShape;

    use crate::blueprint::Blueprint;
    use crate::config::ModelConfig;
    use crate::layer::{Layer, Shape};
    use crate::summary::ModelSummary;

    fn config(json: &str) -> ModelConfig {
        serde_json::from_str(json).unwrap()
    }

    /// The shape before the vector, and how many convolutions make it.
    fn last_image(blueprint: &Blueprint) -> (Shape, usize) {
        let is_image = |layer: &&Layer| !matches!(layer, Layer::Flatten | Layer::Dense { .. });
        let layers: Vec<&Layer> = blueprint.encoder.iter().take_while(is_image).collect();
        let shape = layers.iter().try_fold(blueprint.input, |shape, layer| layer.output(shape)).unwrap();
        (shape, layers.iter().filter(|layer| matches!(layer, Layer::StridedConv { .. })).count())
    }

    #[test]
    fn images_of_any_size_come_back_as_large() {
        let configs = [
            config(r#"{ "architecture": "conv" }"#),
            config(r#"{ "architecture": "conv", "conv": { "kernel": 5, "batch-norm": false } }"#),
        ];
        let small = (8..=64).flat_map(|height| (8..=64).map(move |width| (height, width)));
        let large = [(512, 512), (511, 8), (8, 509), (224, 225), (100, 451), (448, 449)];
        let smallest = [(1, 1), (2, 7), (7, 7), (1, 30)];
        for (height, width) in small.chain(large).chain(smallest) {
            for (config, channels) in configs.iter().flat_map(|config| [(config, 1), (config, 3)]) {
                // A blueprint whose output is not as its input would be an error.
                let blueprint = Blueprint::new(config, ImageShape { height, width, channels }).unwrap();
                let longer = height.max(width);
                let (Shape::Image { height: rows, width: columns, .. }, count) = last_image(&blueprint)
                else {
                    unreachable!("a convolution makes an image")
                };
                assert!(rows.max(columns) <= 7 && (longer < 8 || rows.max(columns) >= 4), "{height}x{width}");
                assert_eq!(rows, height.div_ceil(1 << count));
                assert_eq!(columns, width.div_ceil(1 << count));
            }
        }
    }

    #[test]
    fn the_layers_are_as_they_are_described() {
        let json = r#"{ "architecture": "conv", "latent-dim": 10, "conv": { "activation": "gelu" } }"#;
        let blueprint =
            Blueprint::new(&config(json), ImageShape { height: 25, width: 18, channels: 3 }).unwrap();
        let summary = ModelSummary::new(&blueprint);
        assert_eq!(
            summary.to_string(),
            "\
Encoder
  layer                  output       parameters
  input                  25x18x3               0
  conv 3x3 /2, GELU      13x9x32             896
  batch-norm             13x9x32             128
  conv 3x3 /2, GELU      7x5x64           18 496
  batch-norm             7x5x64              256
  flatten                2240                  0
  dense, ReLU            10               22 410
  42 186 parameters (41 994 trainable, 192 not)

Decoder
  layer                          output       parameters
  input                          10                    0
  dense, GELU                    2240             24 640
  reshape                        7x5x64                0
  conv-transpose 3x3 /2, GELU    13x9x32          18 464
  batch-norm                     13x9x32             128
  conv-transpose 3x3 /2, sigmoid 25x18x3             867
  44 099 parameters (44 035 trainable, 64 not)

Total: 86 285 parameters (86 029 trainable, 256 not)"
        );
        assert_eq!(blueprint.parameters(), 86_285);
        let json = serde_json::to_value(&blueprint).unwrap();
        // One number where rows and columns are the same.
        assert_eq!(json["decoder"][2]["output-padding"], 0);
        assert_eq!(json["decoder"][4]["output-padding"], serde_json::json!([0, 1]));
        assert_eq!(serde_json::from_value::<Blueprint>(json).unwrap(), blueprint);
    }

    #[test]
    fn channels_are_those_of_the_config_or_grow_to_128() {
        let filters = |json: &str, side: usize| {
            let blueprint = Blueprint::new(&config(json), ImageShape::grey(side, 9)).unwrap();
            let filters = |layer: &Layer| match *layer {
                Layer::StridedConv { filters, .. } => Some(filters),
                _ => None,
            };
            blueprint.encoder.iter().filter_map(filters).collect::<Vec<_>>()
        };
        let plain = r#"{ "architecture": "conv" }"#;
        assert_eq!(filters(plain, 14), [32]);
        assert_eq!(filters(plain, 28), [32, 64]);
        assert_eq!(filters(plain, 29), [32, 64, 128]);
        assert_eq!(filters(plain, 512), [32, 64, 128, 128, 128, 128, 128]);
        let given = r#"{ "architecture": "conv", "conv": { "channels": [5, 7] } }"#;
        assert_eq!(filters(given, 28), [5, 7]);
        let error =
            Blueprint::new(&config(given), ImageShape { height: 64, width: 48, channels: 3 }).unwrap_err();
        assert_eq!(error.key(), Some("model.conv.channels"));
        let text = error.to_string();
        for part in ["a list of length 4", "of 64x48 pixels", "a list of length 2"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
