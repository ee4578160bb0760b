//! Which points a stage works on.

use std::path::PathBuf;

use latentkit_core::recorded_path;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which points are clustered; by default those of export, in their columns `z0`, `z1`, ...
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Points {
    #[serde(default, with = "recorded_path::option")]
    pub(crate) file: Option<PathBuf>,
    pub(crate) column: Option<String>,
    #[serde(default)]
    pub(crate) label_column: Option<String>,
}

impl Points {
    /// The key under which a stage records them among its config.
    pub(crate) const KEY: &'static str = "points";

    /// Those of a recorded config; the default where it has none.
    pub(crate) fn recorded(config: &Value) -> Self {
        Self::deserialize(&config[Self::KEY]).unwrap_or_default()
    }
}
