//! The section `[dataset]`.

use latentkit_core::config::{Fraction, Section};
use serde::{Deserialize, Serialize};

pub use crate::source::Source;

/// Where the images come from and how they are split.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DatasetConfig {
    /// The images and their labels: the name of a data set, or a table of own files.
    pub source: Source,
    /// Share of the training images that is set aside for validation, where the source has no validation images.
    #[serde(default = "default_validation")]
    pub validation: Fraction,
    /// Share of all images that is set aside for testing, where the source has no test images.
    #[serde(default = "default_test")]
    pub test: Fraction,
    /// How the validation images are drawn.
    #[serde(default)]
    pub split: SplitMethod,
}

impl Section for DatasetConfig {
    const NAME: &'static str = "dataset";
}

fn default_validation() -> Fraction {
    Fraction::new(0.25).expect("0.25 is a fraction")
}

fn default_test() -> Fraction {
    Fraction::new(0.2).expect("0.2 is a fraction")
}

/// How validation and test images are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitMethod {
    /// All images alike.
    #[default]
    Random,
    /// The same share of each label.
    Stratified,
}
