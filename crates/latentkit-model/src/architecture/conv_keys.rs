//! The table `[model.conv]`.

use latentkit_core::config::Count;
use serde::{Deserialize, Serialize};

use crate::layer::Activation;

/// The keys of the architecture `conv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConvConfig {
    /// Channels out of each strided convolution, the first one first; where they are left out, 32, 64 and from then on 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Count>>,
    /// Rows and columns of every kernel.
    #[serde(default)]
    pub kernel: OddKernel,
    /// Whether the outputs of the convolutions are normalised over the batch.
    #[serde(default = "yes")]
    pub batch_norm: bool,
    /// What follows every layer but the latents and the image.
    #[serde(default)]
    pub activation: ConvActivation,
}

fn yes() -> bool {
    true
}

impl Default for ConvConfig {
    fn default() -> Self {
        Self {
            channels: None,
            kernel: OddKernel::default(),
            batch_norm: yes(),
            activation: ConvActivation::default(),
        }
    }
}

/// Rows and columns of a kernel: odd, so that as many zeros are on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Count", into = "u32")]
pub struct OddKernel(u32);

impl OddKernel {
    /// The largest kernel.
    const MOST: u32 = 31;

    /// The size, if it is in range.
    pub fn new(size: u32) -> Option<Self> {
        (size % 2 == 1 && (3..=Self::MOST).contains(&size)).then_some(Self(size))
    }

    /// The size.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for OddKernel {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<Count> for OddKernel {
    type Error = String;

    fn try_from(size: Count) -> Result<Self, String> {
        Self::new(size.get()).ok_or_else(|| {
            let most = Self::MOST;
            format!("invalid value: `{}`, expected an odd whole number from 3 to {most}", size.get())
        })
    }
}

impl From<OddKernel> for u32 {
    fn from(kernel: OddKernel) -> Self {
        kernel.0
    }
}

/// What follows the layers of `conv`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConvActivation {
    /// max(0, x).
    #[default]
    Relu,
    /// x times the normal distribution's share below x.
    Gelu,
}

impl From<ConvActivation> for Activation {
    fn from(activation: ConvActivation) -> Self {
        match activation {
            ConvActivation::Relu => Self::Relu,
            ConvActivation::Gelu => Self::Gelu,
        }
    }
}
