//! The section `[export]`.

use latentkit_core::config::{Count, Section};
use latentkit_model::config::{Device, Engine};
use serde::{Deserialize, Serialize};

/// How the images are encoded after training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExportConfig {
    /// Where it is computed.
    #[serde(default)]
    pub device: Device,
    /// What computes.
    #[serde(default)]
    pub engine: Engine,
    /// Images encoded at once.
    #[serde(default = "default_batch_size")]
    pub batch_size: Count,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self { device: Device::default(), engine: Engine::default(), batch_size: default_batch_size() }
    }
}

impl Section for ExportConfig {
    const NAME: &'static str = "export";
    const IMPLIED: bool = true;
}

fn default_batch_size() -> Count {
    Count::new(256).expect("at least 1")
}
