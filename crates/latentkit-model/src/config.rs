//! The section `[model]`, and what trains and computes a model.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::architecture::Architecture;

use latentkit_core::config::{Count, Fraction, Positive, Section};

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

impl Section for ModelConfig {
    const NAME: &'static str = "model";
}

fn default_latent_dim() -> Count {
    Count::new(6).expect("6 is a count")
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

/// What computes a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The native engine where it can compute the model on the device in the precision, else libtorch.
    #[default]
    Auto,
    /// latentkit-native: float32 on the CPU.
    Native,
    /// libtorch.
    Libtorch,
}

/// Where a model is computed: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The first CUDA device where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device, counted from 0.
    Cuda(usize),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                text.strip_prefix("cuda:").and_then(|number| number.parse().ok()).map(Self::Cuda).ok_or_else(
                    || format!("unknown device `{text}`, expected one of `auto`, `cpu`, `cuda`, `cuda:N`"),
                )
            }
        }
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

/// What convolutions compute in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 24 significant bits.
    #[default]
    Float32,
    /// 8 significant bits, over the range of float32: several times faster on CPUs with AMX and on GPUs, slower on others.
    Bfloat16,
}

impl Precision {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Bfloat16 => "bfloat16",
        }
    }
}

/// What is minimised: the mean over all pixels of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Binary cross-entropy.
    #[default]
    Bce,
    /// Squared error.
    Mse,
}

/// How the weights are updated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Optimizer {
    /// The method.
    #[serde(default)]
    pub kind: OptimizerKind,
    /// Learning rate; with the schedule `one-cycle`, its peak.
    #[serde(default = "default_learning_rate")]
    pub learning_rate: Positive,
    /// Decay of the mean of the gradients.
    #[serde(default = "default_beta1")]
    pub beta1: Fraction,
    /// Decay of the mean of the squared gradients.
    #[serde(default = "default_beta2")]
    pub beta2: Fraction,
    /// Keeps the division finite.
    #[serde(default = "default_epsilon")]
    pub epsilon: Positive,
}

/// The methods of updating the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam (Kingma and Ba, 2015).
    #[default]
    Adam,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::default(),
            learning_rate: default_learning_rate(),
            beta1: default_beta1(),
            beta2: default_beta2(),
            epsilon: default_epsilon(),
        }
    }
}

fn default_learning_rate() -> Positive {
    Positive::new(1e-3).expect("positive")
}
fn default_beta1() -> Fraction {
    Fraction::new(0.9).expect("a fraction")
}
fn default_beta2() -> Fraction {
    Fraction::new(0.999).expect("a fraction")
}
fn default_epsilon() -> Positive {
    Positive::new(1e-7).expect("positive")
}
