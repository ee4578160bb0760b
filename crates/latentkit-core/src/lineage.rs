//! What is needed to run a stage again from its manifest alone: the stages whose files it read, each as it ran.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Name;
use crate::hash::FileRecord;
use crate::machine::Machine;

/// Where the result of a stage comes from. Recorded in its manifest as `origin`; not part of its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// Name of the experiment.
    pub name: Name,
    /// The folder that relative paths in the config are resolved against.
    #[serde(with = "crate::recorded_path")]
    pub config_folder: PathBuf,
    /// The processor and the system.
    pub machine: Machine,
    /// The stages whose files this one read, directly or through others, in the order of the pipeline. A stage whose files
    /// were changed by something else before they were read is not among them.
    pub stages: Vec<UpstreamStage>,
}

/// A stage that ran before, with what its manifest recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpstreamStage {
    /// The stage.
    pub stage: String,
    /// Its version then.
    pub stage_version: u32,
    /// Its key.
    pub key: String,
    /// The config that it read.
    pub config: Value,
    /// The folder that relative paths in that config are resolved against.
    #[serde(default, with = "crate::recorded_path::option")]
    pub config_folder: Option<PathBuf>,
    /// Seed of the experiment.
    pub seed: u32,
    /// The number of threads it ran with.
    pub threads: usize,
    /// The files that it read.
    pub inputs: Vec<FileRecord>,
    /// The files that it wrote.
    pub outputs: Vec<FileRecord>,
}
