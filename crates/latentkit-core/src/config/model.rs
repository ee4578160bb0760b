//! The section `[model]`.

use serde::{Deserialize, Serialize};

use super::Count;

/// The auto-encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelConfig {
    /// Layers of encoder and decoder.
    pub architecture: Architecture,
    /// Number of latents.
    #[serde(default = "default_latent_dim")]
    pub latent_dim: Count,
    /// What follows the dense layer that makes the latents.
    #[serde(default)]
    pub latent_activation: LatentActivation,
}

fn default_latent_dim() -> Count {
    Count::new(6).expect("6 is a count")
}

/// The architectures that latentkit-model declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// The small fully convolutional auto-encoder of the reference experiment, for 28x28 grey images.
    Reference,
    /// Three strided convolutions and their mirror image, without pooling and batch-norm.
    Strided,
}

impl Architecture {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Strided => "strided",
        }
    }
}

/// What follows the dense layer that makes the latents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatentActivation {
    /// max(0, x): the reference's, which can leave latents dead.
    #[default]
    Relu,
    /// None.
    Linear,
}
