//! The record that a finished stage leaves: what it read, what it wrote, with which versions, and its figures.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::hash::{self, FileRecord};
use crate::layout::MANIFEST;
use crate::lineage::{Lineage, UpstreamStage};
use crate::{Error, Result, atomic, input};

/// Bytes of a manifest at most; it has a few kilobytes.
const MAX_BYTES: u64 = 1 << 26;

/// `manifest.json`. A stage without one did not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The stage.
    pub stage: String,
    /// Its version.
    pub stage_version: u32,
    /// Its [`Identity::key`].
    pub key: String,
    /// The config that it read, defaults filled in.
    pub config: Value,
    /// The files that it read, relative to the experiment's folder where they are in it.
    pub inputs: Vec<FileRecord>,
    /// The files that it wrote, relative to its own folder.
    pub outputs: Vec<FileRecord>,
    /// The software that ran.
    pub versions: Versions,
    /// Where libtorch computed, for the stages that use it.
    pub device: Option<String>,
    /// The number of threads it ran with.
    pub threads: usize,
    /// Seed of the experiment.
    pub seed: u32,
    /// When it started, in UTC, as RFC 3339 has it.
    pub started: String,
    /// Seconds that it took, since the start of the process that finished it.
    pub seconds: f64,
    /// Its figures; see [`crate::summary`].
    pub summary: Value,
    /// Its log in its own folder. It holds times, so it is not among the outputs.
    #[serde(default)]
    pub log: Option<String>,
    /// How long its parts took, a file in its own folder; likewise not among the outputs.
    #[serde(default)]
    pub timings: Option<String>,
    /// What it takes to run the stage again. None in the manifests of versions that did not record it.
    #[serde(default, rename = "origin")]
    pub lineage: Option<Lineage>,
}

/// The software that ran a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of this program.
    pub latentkit: String,
    /// Version of libtorch, where the program has it.
    pub libtorch: Option<String>,
    /// Commit that the program was built from, where it was built in a repository.
    pub git_commit: Option<String>,
    /// Whether that repository had changes that were not committed.
    pub git_dirty: Option<bool>,
}

impl Manifest {
    /// Reads the manifest in the folder of a stage. None when there is none, so that the stage did not happen.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        let about = match fs_err::metadata(&path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::from(error).into_input()),
        };
        // A pipe would be waited for.
        if !about.is_file() {
            return Err(Error::input(format!("cannot read `{}`: it is not a regular file", path.display())));
        }
        Self::read_file(&path).map(Some).map_err(|error| error.hint("run the stage again with `--force`"))
    }

    /// Reads a manifest from the file at `path`.
    ///
    /// # Errors
    /// Of kind input when there is none or it is not one.
    pub fn read_file(path: &Path) -> Result<Self> {
        let text = input::read(path, MAX_BYTES).map_err(|error| Error::from(error).into_input())?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::input(format!("cannot read the manifest `{}`: {error}", path.display())))
    }

    /// The [`Identity::key`] of what the manifest records. Another one than [`Self::key`] when someone changed it.
    pub fn recomputed_key(&self) -> String {
        key(&self.stage, self.stage_version, &self.config, &self.inputs)
    }

    /// The stage as the lineage of those that read its files records it.
    pub fn upstream(&self) -> UpstreamStage {
        UpstreamStage {
            stage: self.stage.clone(),
            stage_version: self.stage_version,
            key: self.key.clone(),
            config: self.config.clone(),
            config_folder: self.lineage.as_ref().map(|lineage| lineage.config_folder.clone()),
            seed: self.seed,
            threads: self.threads,
            inputs: self.inputs.clone(),
            outputs: self.outputs.clone(),
        }
    }

    /// Writes the manifest into the folder of its stage.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).expect("a manifest is JSON");
        text.push(b'\n');
        atomic::write(&folder.join(MANIFEST), &text)
    }

    /// The figures of the stage.
    pub fn summary<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.summary.clone()).map_err(|error| {
            Error::input(format!("the manifest of `{}` has an unknown summary: {error}", self.stage))
                .hint(format!("run `latentkit {} CONFIG --force`", self.stage))
        })
    }
}

/// What a stage's result depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The stage.
    pub stage: &'static str,
    /// Counts the changes of what the stage writes for the same inputs.
    pub version: u32,
    /// The config that it reads.
    pub config: Value,
    /// The files that it reads.
    pub inputs: Vec<FileRecord>,
}

impl Identity {
    /// BLAKE3 of the stage, its version, its config and the names and hashes of its inputs.
    pub fn key(&self) -> String {
        key(self.stage, self.version, &self.config, &self.inputs)
    }

    /// How this differs from what a manifest records, each difference a few words; empty when it does not.
    pub fn differences(&self, manifest: &Manifest) -> Vec<String> {
        let mut differences = Vec::new();
        if manifest.stage_version != self.version {
            differences
                .push(format!("format of `{}` {} -> {}", self.stage, manifest.stage_version, self.version));
        }
        compare("", &manifest.config, &self.config, &mut differences);
        let mut inputs = Vec::new();
        for input in &self.inputs {
            match manifest.inputs.iter().find(|old| old.path == input.path) {
                None => inputs.push(format!("`{}` is a new input", input.path)),
                Some(old) if old.blake3 != input.blake3 => {
                    inputs.push(format!("`{}` changed", input.path));
                }
                Some(_) => {}
            }
        }
        for old in &manifest.inputs {
            if !self.inputs.iter().any(|input| input.path == old.path) {
                inputs.push(format!("`{}` is no longer an input", old.path));
            }
        }
        let more = inputs.len().saturating_sub(SHOWN_INPUTS);
        differences.extend(inputs.into_iter().take(SHOWN_INPUTS));
        if more > 0 {
            differences.push(format!("{more} more inputs changed"));
        }
        if differences.is_empty() && manifest.key != self.key() {
            differences.push("its key changed".to_owned());
        }
        differences
    }
}

/// Inputs that are named where more differ.
const SHOWN_INPUTS: usize = 3;

fn key(stage: &str, version: u32, config: &Value, inputs: &[FileRecord]) -> String {
    let inputs: Vec<_> = inputs.iter().map(|input| (&input.path, &input.blake3)).collect();
    let text = serde_json::json!([stage, version, config, inputs]).to_string();
    hash::of_bytes(text.as_bytes())
}

/// Lists the leaves in which two JSON values differ, as `key old -> new`.
fn compare(key: &str, old: &Value, new: &Value, differences: &mut Vec<String>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys {
            compare(
                key,
                old.get(key).unwrap_or(&Value::Null),
                new.get(key).unwrap_or(&Value::Null),
                differences,
            );
        }
    } else if old != new {
        let show = |value: &Value| match value {
            Value::Null => "(none)".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        differences.push(format!("{key} {} -> {}", show(old), show(new)));
    }
}

#[cfg(test)]
impl Manifest {
    /// A manifest of this identity with nothing else in it.
    pub(crate) fn example(identity: &Identity) -> Self {
        Self {
            stage: identity.stage.to_owned(),
            stage_version: identity.version,
            key: identity.key(),
            config: identity.config.clone(),
            inputs: identity.inputs.clone(),
            outputs: Vec::new(),
            versions: Versions::default(),
            device: None,
            threads: 1,
            seed: 42,
            started: String::new(),
            seconds: 0.0,
            summary: Value::Null,
            log: None,
            timings: None,
            lineage: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(rate: f64, hash: &str) -> Identity {
        let input = FileRecord { path: "ingest/dataset.parquet".into(), bytes: 1, blake3: hash.into() };
        let config = serde_json::json!({ "train": { "optimizer": { "learning-rate": rate } } });
        Identity { stage: "train", version: 1, config, inputs: vec![input] }
    }

    #[test]
    fn the_same_identity_has_no_differences() {
        assert!(identity(1e-3, "a").differences(&Manifest::example(&identity(1e-3, "a"))).is_empty());
    }

    #[test]
    fn differences_name_the_key_and_both_values() {
        let old = Manifest::example(&identity(0.001, "a"));
        assert_eq!(identity(0.0003, "a").differences(&old), ["learning-rate 0.001 -> 0.0003"]);
        assert_eq!(identity(0.001, "b").differences(&old), ["`ingest/dataset.parquet` changed"]);
        assert_ne!(identity(0.001, "b").key(), old.key);
    }

    #[test]
    fn a_manifest_that_someone_changed_has_another_key() {
        let mut manifest = Manifest::example(&identity(1e-3, "a"));
        assert_eq!(manifest.recomputed_key(), manifest.key);
        manifest.config["train"]["optimizer"]["learning-rate"] = 0.1.into();
        assert_ne!(manifest.recomputed_key(), manifest.key);
    }

    #[test]
    fn a_manifest_of_before_its_origin_was_recorded_can_be_read() {
        let manifest = Manifest::example(&identity(1e-3, "a"));
        let mut value = serde_json::to_value(&manifest).unwrap();
        for key in ["log", "timings", "origin"] {
            value.as_object_mut().unwrap().remove(key).unwrap();
        }
        assert_eq!(serde_json::from_value::<Manifest>(value).unwrap(), manifest);
    }
}
