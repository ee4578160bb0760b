//! Whether the files of an experiment are those that the manifests record.

use std::collections::BTreeMap;
use std::path::Path;

use latentkit_core::artifact::{Artifacts, Hashing};
use latentkit_core::hash::FileRecord;
use latentkit_core::inventory::{Inventory, Untracked};
use latentkit_core::layout::{MANIFEST, within};
use latentkit_core::manifest::Manifest;
use latentkit_core::{Error, Result};

use crate::experiment::Experiment;
use crate::points::Points;
use crate::stages::Stage;

/// What was found of a stage.
pub(crate) struct Checked {
    pub(crate) stage: Stage,
    /// None when the stage did not happen, or its manifest cannot be read, which then is a problem.
    pub(crate) manifest: Option<Manifest>,
    /// What is not as recorded, each a sentence without its full stop.
    pub(crate) problems: Vec<String>,
    /// Whether some of the problems are about what the stage read, so that it cannot run again as it did.
    pub(crate) inputs_differ: bool,
}

/// Hashes every file of these stages and what they read. Beside the stages, what no manifest lists.
pub(crate) fn verify(experiment: &Experiment, stages: &[Stage]) -> Result<(Vec<Checked>, Vec<Untracked>)> {
    let artifacts = &experiment.artifacts;
    let manifests: BTreeMap<Stage, Manifest> = Stage::all()
        .filter_map(|stage| Some((stage, Manifest::read(&artifacts.stage(stage.name())).ok().flatten()?)))
        .collect();
    let mut all = Vec::new();
    for &stage in stages {
        let mut checked = Checked { stage, manifest: None, problems: Vec::new(), inputs_differ: false };
        match Manifest::read(&artifacts.stage(stage.name())) {
            Ok(Some(manifest)) => {
                check_stage(experiment, &manifests, &manifest, &mut checked)?;
                checked.manifest = Some(manifest);
            }
            Ok(None) => {}
            Err(error) => checked.problems.push(first_line(&error)),
        }
        all.push(checked);
    }
    let mut untracked = Inventory::take(artifacts)?.untracked;
    untracked.retain(|untracked| {
        untracked.stage.map_or(stages.len() == Stage::all().len(), |name| {
            stages.iter().any(|stage| stage.name() == name)
        })
    });
    Ok((all, untracked))
}

fn check_stage(
    experiment: &Experiment,
    manifests: &BTreeMap<Stage, Manifest>,
    manifest: &Manifest,
    checked: &mut Checked,
) -> Result<()> {
    let artifacts = &experiment.artifacts;
    let folder = artifacts.stage(&manifest.stage);
    if manifest.stage != checked.stage.name() {
        checked.problems.push(format!("its manifest is that of `{}`", manifest.stage));
    }
    if manifest.recomputed_key() != manifest.key {
        checked
            .problems
            .push("its manifest was changed: the key does not follow from what it records".to_owned());
    }
    for output in &manifest.outputs {
        let problem = compare(&folder.join(&output.path), output);
        checked.problems.extend(problem.map(|problem| format!("`{}` {problem}", output.path)));
    }
    let (inner, outer): (Vec<_>, Vec<_>) =
        manifest.inputs.iter().partition(|input| is_of_experiment(checked.stage, input));
    let mut problems: Vec<String> =
        inner.into_iter().filter_map(|input| chain(artifacts, manifests, input)).collect();
    if !outer.is_empty() {
        problems.extend(outside(experiment, checked.stage, manifest, &outer)?);
    }
    checked.inputs_differ = !problems.is_empty();
    checked.problems.extend(problems);
    Ok(())
}

/// Whether an input is a file of another stage of the same experiment.
pub(crate) fn is_of_experiment(stage: Stage, input: &FileRecord) -> bool {
    stage.reads().iter().any(|(from, name)| within(&input.path, from) == Some(*name))
}

/// How an input differs from what the stage before it recorded as its output.
fn chain(artifacts: &Artifacts, manifests: &BTreeMap<Stage, Manifest>, input: &FileRecord) -> Option<String> {
    let (stage, name) = Stage::all().find_map(|stage| Some((stage, within(&input.path, stage.name())?)))?;
    let path = &input.path;
    let Some(manifest) = manifests.get(&stage) else {
        return Some(format!("`{path}`, which it read, is not recorded: `{stage}` has no manifest"));
    };
    if name == MANIFEST {
        return compare(&artifacts.file(stage.name(), name), input)
            .map(|problem| format!("`{path}`, which it read, {problem}"));
    }
    match manifest.outputs.iter().find(|output| output.path == name) {
        None => Some(format!("`{path}`, which it read, is not among the outputs of `{stage}`")),
        Some(output) if output.blake3 != input.blake3 => Some(format!(
            "it read another `{path}` than `{stage}` wrote: BLAKE3 {}, not {}",
            short(&input.blake3),
            short(&output.blake3)
        )),
        Some(_) => None,
    }
}

/// How the files from elsewhere that a stage read differ from what it recorded.
fn outside(
    experiment: &Experiment,
    stage: Stage,
    manifest: &Manifest,
    inputs: &[&FileRecord],
) -> Result<Vec<String>> {
    let again = experiment.as_recorded(&manifest.upstream(), experiment.artifacts.clone())?;
    let found = match again.identity(stage, &Points::recorded(&manifest.config), Hashing::Read) {
        Ok(identity) => identity.inputs,
        Err(error) => return Ok(vec![first_line(&error)]),
    };
    let problem = |input: &&FileRecord| match found.iter().find(|found| found.path == input.path) {
        None => Some(format!("`{}`, which it read, is no longer what it would read", input.path)),
        Some(found) if found.blake3 != input.blake3 => {
            Some(format!("`{}`, which it read, {}", input.path, changed(input, found)))
        }
        Some(_) => None,
    };
    Ok(inputs.iter().filter_map(problem).collect())
}

/// How the file at `path` differs from its record.
fn compare(path: &Path, record: &FileRecord) -> Option<String> {
    if fs_err::symlink_metadata(path).is_err() {
        return Some("is gone".to_owned());
    }
    match FileRecord::of(path, record.path.as_str()) {
        Ok(found) if found == *record => None,
        Ok(found) => Some(changed(record, &found)),
        Err(error) => Some(format!("cannot be read: {}", first_line(&error))),
    }
}

fn changed(record: &FileRecord, found: &FileRecord) -> String {
    format!(
        "was changed: expected {} bytes with BLAKE3 {}, found {} with {}",
        record.bytes,
        short(&record.blake3),
        found.bytes,
        short(&found.blake3)
    )
}

/// The start of a hash, long enough to distinguish files.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
