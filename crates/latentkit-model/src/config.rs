//! The section `[model]`, and what trains and computes a model.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use crate::architecture::{Architecture, ConvActivation, ConvConfig, OddKernel};

use latentkit_core::config::{Conflict, Count, Fraction, Positive, Section};

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
    /// The keys of `conv`, whose defaults stand for it where it is left out; no other architecture has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv: Option<ConvConfig>,
}

impl Section for ModelConfig {
    const NAME: &'static str = "model";

    fn complete(&mut self) -> Result<(), Conflict> {
        let name = self.architecture.name();
        match &self.conv {
            None if name == "conv" => self.conv = Some(ConvConfig::default()),
            Some(_) if name != "conv" => {
                let problem =
                    format!("the architecture `{name}` has no such keys, expected architecture = \"conv\"");
                return Err(Conflict { key: "conv", problem });
            }
            _ => {}
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use latentkit_core::config::{Config, SectionType};

    use super::*;

    fn load(model: &str) -> latentkit_core::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trial.toml");
        fs_err::write(&path, format!("name = \"trial\"\n{model}")).unwrap();
        Config::load(&path, &[], &[SectionType::of::<ModelConfig>()])
    }

    #[test]
    fn the_keys_of_conv_have_defaults_which_the_config_shows() {
        let config = load("[model]\narchitecture = \"conv\"").unwrap();
        let model: ModelConfig = config.section().unwrap();
        assert_eq!(model.conv, Some(ConvConfig::default()));
        assert!(
            config.to_toml().contains("[model.conv]\nkernel = 3\nbatch-norm = true\nactivation = \"relu\"")
        );
        assert_eq!(
            load(&config.to_toml().replace("name = \"trial\"\n", "")).unwrap().to_toml(),
            config.to_toml()
        );
        let config = load("[model]\narchitecture = \"mlp\"").unwrap();
        assert!(!config.to_toml().contains("conv"), "{}", config.to_toml());
    }

    #[test]
    fn wrong_keys_of_conv_are_named() {
        let conv = "[model]\narchitecture = \"conv\"\n[model.conv]\n";
        for (text, key, parts) in [
            (
                "[model]\narchitecture = \"mlp\"\n[model.conv]\nkernel = 3".to_owned(),
                "model.conv",
                ["the architecture `mlp` has no such keys", "trial.toml:4:"],
            ),
            (format!("{conv}kernel = 4"), "model.conv.kernel", ["an odd whole number from 3 to 31", "`4`"]),
            (format!("{conv}kernel = 33"), "model.conv.kernel", ["an odd whole number from 3 to 31", "`33`"]),
            (
                format!("{conv}kernal = 3"),
                "model.conv.kernal",
                ["unknown key `model.conv.kernal`", "did you mean `kernel`?"],
            ),
            (format!("{conv}channels = [32, 0]"), "model.conv.channels", ["a whole number from 1", "`0`"]),
            (format!("{conv}activation = \"elu\""), "model.conv.activation", ["`gelu`", "trial.toml:5:"]),
        ] {
            let error = load(&text).unwrap_err();
            assert_eq!(error.key(), Some(key));
            let text = error.to_string();
            for part in parts {
                assert!(text.contains(part), "`{part}` is not in:\n{text}");
            }
        }
    }
}
