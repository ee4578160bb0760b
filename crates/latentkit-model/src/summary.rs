//! The model layer by layer, as Keras prints it.

use std::fmt;

use latentkit_core::summary::Parameters;
use serde::Serialize;

use crate::blueprint::Blueprint;
use crate::layer::{Layer, Shape};

/// A model layer by layer. Prints as tables; serialises for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelSummary {
    /// From the image to the latents, the input first.
    pub encoder: Vec<LayerSummary>,
    /// From the latents to the image, the input first.
    pub decoder: Vec<LayerSummary>,
    /// Parameters of the encoder.
    pub encoder_parameters: Parameters,
    /// Parameters of the decoder.
    pub decoder_parameters: Parameters,
    /// Parameters of both.
    pub parameters: Parameters,
}

/// A layer of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// What it is, such as `conv 3x3, ReLU`.
    pub layer: String,
    /// Height, width and channels of its output, or its length.
    pub output: Shape,
    /// How many numbers it holds.
    pub parameters: usize,
}

impl ModelSummary {
    /// The summary of a model.
    pub fn new(blueprint: &Blueprint) -> Self {
        let (encoder, encoder_parameters) = half(&blueprint.encoder, blueprint.input);
        let (decoder, decoder_parameters) = half(&blueprint.decoder, Shape::Flat(blueprint.latent_dim()));
        let parameters = add(encoder_parameters, decoder_parameters);
        Self { encoder, decoder, encoder_parameters, decoder_parameters, parameters }
    }
}

fn add(a: Parameters, b: Parameters) -> Parameters {
    Parameters { trainable: a.trainable + b.trainable, non_trainable: a.non_trainable + b.non_trainable }
}

fn half(layers: &[Layer], input: Shape) -> (Vec<LayerSummary>, Parameters) {
    let mut rows = vec![LayerSummary { layer: "input".to_owned(), output: input, parameters: 0 }];
    let (mut shape, mut total) = (input, Parameters::default());
    for layer in layers {
        let parameters = layer.parameters(shape);
        shape = layer.output(shape).expect("a blueprint's layers fit each other");
        total = add(total, parameters);
        rows.push(LayerSummary { layer: layer.to_string(), output: shape, parameters: parameters.total() });
    }
    (rows, total)
}

impl fmt::Display for ModelSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let halves = [
            ("Encoder", &self.encoder, self.encoder_parameters),
            ("Decoder", &self.decoder, self.decoder_parameters),
        ];
        for (name, rows, parameters) in halves {
            let names = rows.iter().map(|row| row.layer.chars().count());
            let wide = names.max().unwrap_or(0).max(22);
            writeln!(f, "{name}")?;
            writeln!(f, "  {:<wide$} {:<12} {:>10}", "layer", "output", "parameters")?;
            for row in rows {
                writeln!(f, "  {:<wide$} {:<12} {:>10}", row.layer, row.output, grouped(row.parameters))?;
            }
            writeln!(f, "  {}\n", Total(parameters))?;
        }
        write!(f, "Total: {}", Total(self.parameters))
    }
}

struct Total(Parameters);

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} parameters ({} trainable, {} not)",
            grouped(self.0.total()),
            grouped(self.0.trainable),
            grouped(self.0.non_trainable)
        )
    }
}

/// A whole number with a space between groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::config::{Architecture, LatentActivation, ModelConfig};
    use latentkit_core::ImageShape;
    use latentkit_core::config::Count;

    use super::*;

    fn reference(latent_dim: u32) -> Blueprint {
        let config = ModelConfig {
            architecture: Architecture::named("reference").unwrap(),
            latent_dim: Count::new(latent_dim).unwrap(),
            latent_activation: LatentActivation::Relu,
            conv: None,
        };
        Blueprint::new(&config, ImageShape::grey(28, 28)).unwrap()
    }

    #[test]
    fn counts_are_the_references() {
        let summary = ModelSummary::new(&reference(6));
        assert_eq!(summary.encoder_parameters, Parameters { trainable: 34_961, non_trainable: 128 });
        assert_eq!(summary.decoder_parameters, Parameters { trainable: 42_337, non_trainable: 96 });
        assert_eq!(summary.parameters.total(), 77_522);
        let per_layer = |rows: &[LayerSummary]| rows.iter().map(|row| row.parameters).collect::<Vec<_>>();
        assert_eq!(
            per_layer(&summary.encoder),
            [0, 320, 9248, 0, 128, 9248, 9248, 4128, 0, 128, 2064, 260, 17, 0, 300]
        );
        assert_eq!(
            per_layer(&summary.decoder),
            [0, 28, 0, 20, 272, 64, 0, 4640, 9248, 9248, 128, 0, 9248, 9248, 289]
        );
    }

    #[test]
    fn shapes_are_the_references() {
        let summary = ModelSummary::new(&reference(6));
        let shapes = |rows: &[LayerSummary]| {
            rows.iter().map(|row| row.output.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            shapes(&summary.encoder),
            "28x28x1 28x28x32 28x28x32 14x14x32 14x14x32 14x14x32 14x14x32 14x14x32 7x7x32 7x7x32 7x7x16 7x7x4 7x7x1 49 6"
        );
        assert_eq!(
            shapes(&summary.decoder),
            "6 4 2x2x1 2x2x4 2x2x16 2x2x16 14x14x16 14x14x32 14x14x32 14x14x32 14x14x32 28x28x32 28x28x32 28x28x32 28x28x1"
        );
    }

    #[test]
    fn another_image_size_is_an_error() {
        let config = ModelConfig {
            architecture: Architecture::named("reference").unwrap(),
            latent_dim: Count::new(6).unwrap(),
            latent_activation: LatentActivation::Relu,
            conv: None,
        };
        let error = Blueprint::new(&config, ImageShape::grey(32, 32)).unwrap_err();
        assert_eq!(error.key(), Some("model.architecture"));
        assert!(error.to_string().contains("32x32"), "{error}");
    }
}
