//! The section `[plot]`.

use latentkit_core::config::Section;
use serde::{Deserialize, Serialize};

/// What the charts are written as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlotConfig {
    /// The formats of each chart. The report needs none of them.
    #[serde(default = "default_formats")]
    pub formats: Vec<PictureFormat>,
}

impl Section for PlotConfig {
    const NAME: &'static str = "plot";
    const IMPLIED: bool = true;
}

impl Default for PlotConfig {
    fn default() -> Self {
        Self { formats: default_formats() }
    }
}

fn default_formats() -> Vec<PictureFormat> {
    vec![PictureFormat::Png, PictureFormat::Svg]
}

/// A format of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureFormat {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
}
