//! An experiment's config: raw TOML in, checked values out. After [`Config::load`] no code checks them again.

mod checkpoint;
mod cluster;
mod dataset;
mod document;
mod model;
mod number;
mod plot;
mod train;
mod trials;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use checkpoint::CheckpointEvery;
pub use cluster::{
    ClusterConfig, ClusterEngine, Criteria, Criterion, Dbscan, Hdbscan, KSweep, Method, Methods, Scaling,
};
pub use dataset::{DatasetConfig, Files, NamedSource, Source, SplitMethod};
pub use model::{Architecture, LatentActivation, ModelConfig};
pub use number::{Count, Fraction, Natural, NonNegative, Positive, Several};
pub use plot::{PictureFormat, PlotConfig};
pub use train::{
    Device, EarlyStopping, Engine, ExportConfig, Loss, Monitor, Optimizer, OptimizerKind, Precision,
    Schedule, TrainConfig,
};
pub use trials::{Plan, Trial};

use crate::{Error, ErrorKind, Result, Stage};
use document::Document;

/// A loaded config file: the experiment, and the text that errors point into.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the file says, with every default filled in.
    pub experiment: Experiment,
    document: Document,
}

/// An experiment. A stage needs only `name`, `seed` and its own sections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Experiment {
    /// Name of the experiment and of its folder of artifacts.
    pub name: Name,
    /// Everything random follows from it.
    #[serde(default = "default_seed")]
    pub seed: u32,
    /// Where the images come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetConfig>,
    /// The auto-encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelConfig>,
    /// How it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<TrainConfig>,
    /// How the images are encoded.
    #[serde(default)]
    pub export: ExportConfig,
    /// How the latents are clustered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterConfig>,
    /// How the charts are drawn.
    #[serde(default)]
    pub plot: PlotConfig,
}

fn default_seed() -> u32 {
    42
}

/// The name of an experiment: letters, digits, `-`, `_`, `.`, `=` and `,`, so that it is one folder on every system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Bytes of the longest name.
    const LONGEST: usize = 100;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | ',');
        if name.is_empty()
            || name.len() > Self::LONGEST
            || name.starts_with('.')
            || !name.chars().all(allowed)
        {
            return Err(format!(
                "`{name}` cannot name a folder, expected up to 100 letters, digits, `-`, `_`, `.`, `=` and `,`, not starting with `.`"
            ));
        }
        Ok(Self(name))
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl Config {
    /// Reads and checks a config file, after applying the overrides (`section.key=value`, the value as TOML).
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Input`] when the file cannot be read, [`ErrorKind::Config`] with the line and its excerpt
    /// when it is wrong.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let document = Document::read(path, overrides)?;
        let experiment = document.deserialize()?;
        Ok(Self { experiment, document })
    }

    /// The config of one stage, as its manifest records it; see [`Self::of_stage`]. Relative paths in it start from `folder`.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Input`] when it is no config of this version.
    pub fn recorded(name: &Name, seed: u32, section: &serde_json::Value, folder: &Path) -> Result<Self> {
        let mut values = serde_json::json!({ "name": name, "seed": seed });
        for (key, value) in section.as_object().into_iter().flatten() {
            // Which points are clustered is not part of the config.
            if key != "points" {
                values[key] = value.clone();
            }
        }
        let experiment = serde_json::from_value(values).map_err(|error| {
            Error::input(format!("cannot use the config of the manifest: {error}"))
                .hint("take the version of latentkit that the manifest names")
        })?;
        Ok(Self { experiment, document: Document::without_text(folder.join("manifest.json")) })
    }

    /// The path that the config was read from.
    pub fn path(&self) -> &Path {
        &self.document.path
    }

    /// The folder that relative paths in the config start from.
    pub fn folder(&self) -> PathBuf {
        let parent = self.document.path.parent().unwrap_or(Path::new(""));
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() }
    }

    /// The section `[dataset]`, or the error that says who needs it.
    pub fn dataset(&self) -> Result<&DatasetConfig> {
        self.section("dataset", self.experiment.dataset.as_ref())
    }

    /// The section `[model]`, or the error that says that it is missing.
    pub fn model(&self) -> Result<&ModelConfig> {
        self.section("model", self.experiment.model.as_ref())
    }

    /// The section `[train]`, or the error that says that it is missing.
    pub fn train(&self) -> Result<&TrainConfig> {
        self.section("train", self.experiment.train.as_ref())
    }

    /// The section `[cluster]`, or the error that says that it is missing.
    pub fn cluster(&self) -> Result<&ClusterConfig> {
        self.section("cluster", self.experiment.cluster.as_ref())
    }

    fn section<'a, T>(&self, name: &str, section: Option<&'a T>) -> Result<&'a T> {
        section.ok_or_else(|| {
            Error::config(name, format!("`{}` has no section `[{name}]`", self.document.path.display()))
                .hint(format!("add `[{name}]`; `configs/` holds complete examples"))
        })
    }

    /// The part of the config that a stage reads, defaults filled in. Part of the stage's key.
    ///
    /// # Errors
    /// When a section that the stage needs is missing.
    pub fn of_stage(&self, stage: Stage) -> Result<serde_json::Value> {
        let seed = self.experiment.seed;
        Ok(match stage {
            Stage::Ingest => serde_json::json!({ "seed": seed, "dataset": self.dataset()? }),
            Stage::Train => {
                serde_json::json!({ "seed": seed, "model": self.model()?, "train": self.train()?.identity() })
            }
            Stage::Export => serde_json::json!({ "export": self.experiment.export }),
            Stage::Cluster => serde_json::json!({ "seed": seed, "cluster": self.cluster()? }),
            Stage::Decode => {
                self.model()?;
                serde_json::json!({ "export": self.experiment.export })
            }
            Stage::Plot => {
                serde_json::json!({ "name": self.experiment.name, "plot": self.experiment.plot })
            }
        })
    }

    /// The config as TOML, defaults filled in.
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.experiment).expect("an experiment is a TOML table")
    }

    /// Adds the place in the config file to an error about one of its values, found after loading.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        match (error.kind(), error.key()) {
            (ErrorKind::Config, Some(key)) if !error.has_excerpt() => {
                match self.document.excerpt(&key.split('.').map(str::to_owned).collect::<Vec<_>>()) {
                    Some(excerpt) => error.excerpt(excerpt),
                    None => error,
                }
            }
            _ => error,
        }
    }
}

impl Default for PlotConfig {
    fn default() -> Self {
        Self { formats: vec![PictureFormat::Png, PictureFormat::Svg] }
    }
}

#[cfg(test)]
mod tests;
