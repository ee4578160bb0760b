//! The section `[dataset]`.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use latentkit_core::config::{Fraction, Section};

/// Where the images come from and how they are split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DatasetConfig {
    /// The images and their labels.
    pub source: Source,
    /// Share of the training images that is set aside for validation.
    #[serde(default = "default_validation")]
    pub validation: Fraction,
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

/// How the validation images are drawn from the training images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitMethod {
    /// All images alike.
    #[default]
    Random,
    /// The same share of each label.
    Stratified,
}

/// A named data set, or own files.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Source {
    /// A data set that this project knows.
    Named(NamedSource),
    /// Own files.
    Files(Files),
}

/// The data sets that this project knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedSource {
    /// 60 000 + 10 000 handwritten digits, 28x28.
    Mnist,
    /// 60 000 + 10 000 pictures of clothes, 28x28.
    FashionMnist,
    /// The 10 000 MNIST test digits that come with the project: 8 000 to train, 2 000 to test.
    Sample,
}

impl NamedSource {
    /// The name in the config, and of the folder of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Sample => "sample",
        }
    }
}

/// Own IDX files, plain or gzip. Relative paths start at the folder of the config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Files {
    /// Images to train on.
    pub train_images: PathBuf,
    /// Their labels.
    pub train_labels: PathBuf,
    /// Images to test on.
    pub test_images: PathBuf,
    /// Their labels.
    pub test_labels: PathBuf,
    /// Name of label 0, 1, ...; the numbers themselves where it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub label_names: Vec<String>,
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a data set, or a table of files (`train-images`, `train-labels`, `test-images`, `test-labels`)")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Source, E> {
                NamedSource::deserialize(de::value::StrDeserializer::new(name)).map(Source::Named)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                Files::deserialize(de::value::MapAccessDeserializer::new(map)).map(Source::Files)
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}
