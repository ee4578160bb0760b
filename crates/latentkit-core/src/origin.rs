//! What it takes to run a stage again from its manifest alone: the stages whose files it read, each as it ran.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Stage;
use crate::artifact::Artifacts;
use crate::config::Name;
use crate::hash::FileRecord;
use crate::machine::Machine;
use crate::manifest::Manifest;
use crate::stage::MANIFEST;

/// Where a stage's result came from. Recorded, not part of the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Name of the experiment.
    pub name: Name,
    /// The folder that relative paths in the config start from.
    #[serde(with = "crate::recorded_path")]
    pub config_folder: PathBuf,
    /// The processor and the system.
    pub machine: Machine,
    /// The stages whose files this one read, directly or through others, in the order of the pipeline. A stage whose files
    /// were changed by someone else before they were read is not among them.
    pub stages: Vec<Earlier>,
}

/// A stage that ran before, with what its manifest recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// The stage.
    pub stage: Stage,
    /// Its [`Stage::version`] then.
    pub stage_version: u32,
    /// Its key.
    pub key: String,
    /// The config that it read.
    pub config: Value,
    /// The folder that relative paths in that config start from.
    #[serde(default, with = "crate::recorded_path::option")]
    pub config_folder: Option<PathBuf>,
    /// Seed of the experiment.
    pub seed: u32,
    /// Threads that it was given.
    pub threads: usize,
    /// The files that it read.
    pub inputs: Vec<FileRecord>,
    /// The files that it wrote.
    pub outputs: Vec<FileRecord>,
}

impl Earlier {
    /// The stage of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            stage: manifest.stage,
            stage_version: manifest.stage_version,
            key: manifest.key.clone(),
            config: manifest.config.clone(),
            config_folder: manifest.origin.as_ref().map(|origin| origin.config_folder.clone()),
            seed: manifest.seed,
            threads: manifest.threads,
            inputs: manifest.inputs.clone(),
            outputs: manifest.outputs.clone(),
        }
    }
}

impl Origin {
    /// The origin of a stage that reads `inputs` now, its config's relative paths starting from `config_folder`.
    pub fn now(artifacts: &Artifacts, name: &Name, config_folder: &Path, inputs: &[FileRecord]) -> Self {
        let mut stages: Vec<Earlier> = Vec::new();
        let mut add = |earlier: Earlier| {
            if !stages.iter().any(|known| known.stage == earlier.stage && known.key == earlier.key) {
                stages.push(earlier);
            }
        };
        for stage in Stage::ALL {
            let read: Vec<_> =
                inputs.iter().filter_map(|input| Some((within(&input.path, stage)?, input))).collect();
            // A manifest that cannot be read describes no stage.
            let Some(manifest) = Manifest::read(&artifacts.stage(stage)).ok().flatten() else { continue };
            let wrote = |(name, input): &(&str, &FileRecord)| {
                *name == MANIFEST
                    || manifest
                        .outputs
                        .iter()
                        .any(|output| output.path == *name && output.blake3 == input.blake3)
            };
            if read.is_empty() || !read.iter().all(wrote) {
                continue;
            }
            manifest.origin.iter().flat_map(|origin| &origin.stages).cloned().for_each(&mut add);
            add(Earlier::of(&manifest));
        }
        stages.sort_by_key(|earlier| earlier.stage);
        // Absolute, so that the folder is found from any other.
        let config_folder =
            fs_err::canonicalize(config_folder).unwrap_or_else(|_| config_folder.to_path_buf());
        Self { name: name.clone(), config_folder, machine: Machine::current(), stages }
    }
}

/// The name within the folder of `stage` of an input that is recorded relative to the folder of the experiment.
pub fn within(path: &str, stage: Stage) -> Option<&str> {
    path.strip_prefix(stage.name())?.strip_prefix('/')
}
