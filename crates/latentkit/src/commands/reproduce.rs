//! `latentkit reproduce`: runs again what a manifest records, from its source on, and tells whether it agrees.

use std::path::{Path, PathBuf};

use latentkit_core::artifact::{Artifacts, Hashing};
use latentkit_core::layout::MANIFEST;
use latentkit_core::layout::within;
use latentkit_core::lineage::{Lineage, UpstreamStage};
use latentkit_core::manifest::Manifest;
use latentkit_core::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{Global, ReproduceArguments};
use crate::experiment::Experiment;
use crate::output;
use crate::output_diff::{self, First, OutputDiff};
use crate::points::Points;
use crate::progress;
use crate::scratch::Scratch;
use crate::stages::{self, Stage};
use crate::styles::{GOOD, WARNING};
use crate::verification::{is_of_experiment, short};

/// What came of a stage.
#[derive(Serialize)]
struct StageOutcome {
    stage: Stage,
    agrees: bool,
    outputs: Vec<OutputDiff>,
}

/// Prints how each output compares. True when those of the manifest's stage agree.
pub(crate) fn print(global: &Global, arguments: &ReproduceArguments) -> Result<bool> {
    if !global.overrides.is_empty() {
        return Err(Error::usage("cannot use `--set`: the manifest holds the config")
            .hint("change a config and use `latentkit run`"));
    }
    let path = file_of(&arguments.manifest);
    let manifest = Manifest::read_file(&path)?;
    let lineage = check(&manifest, &path)?;
    let chain: Vec<UpstreamStage> = lineage.stages.iter().cloned().chain([manifest.upstream()]).collect();
    check_chain(&chain, &path)?;

    progress::stop_on_signals()?;
    let scratch = Scratch::new(arguments.folder.as_deref(), &global.artifacts, lineage.name.as_str())?;
    let artifacts = Artifacts::new(scratch.folder(), &lineage.name, stages::names());
    let again =
        |upstream: &UpstreamStage| Experiment::recorded(&lineage.name, upstream, artifacts.clone(), global);
    // What comes from elsewhere is looked at before hours of work.
    for upstream in &chain {
        check_outside(&again(upstream)?, upstream)?;
    }
    let _lock = artifacts.lock()?;
    let mut lines: Vec<StageOutcome> = Vec::new();
    let (mut threads, mut device) = (manifest.threads, None);
    for upstream in &chain {
        let stage = Stage::recorded(&upstream.stage)?;
        let experiment = again(upstream)?;
        experiment.change_threads();
        let points = Points::recorded(&upstream.config);
        let outcome = experiment.run(stage, false, &points, progress::cancellation());
        let outcome = outcome?;
        let first =
            First { outputs: &upstream.outputs, folder: &folder_of(&path, &manifest.stage, stage.name()) };
        let outputs = output_diff::compare(&first, &artifacts.stage(stage.name()))?;
        if !global.json {
            output_diff::print(stage, &outputs);
        }
        lines.push(StageOutcome { stage, agrees: outputs.iter().all(|output| output.agrees), outputs });
        threads = experiment.threads;
        device = outcome.summary.get("device").and_then(Value::as_str).map(str::to_owned);
    }
    // The last stage is the one that the manifest is of.
    let agrees = lines.last().is_some_and(|line| line.agrees);
    let environment_changes = output_diff::environment_changes(
        &manifest,
        Stage::recorded(&manifest.stage)?,
        threads,
        device.as_deref(),
    );
    let (name, stage, seed) = (&lineage.name, &manifest.stage, manifest.seed);
    if global.json {
        output::json(&json!({
            "experiment": name,
            "stage": stage,
            "seed": seed,
            "agrees": agrees,
            "stages": lines,
            "circumstances": environment_changes,
            "folder": scratch.kept().map(|folder| folder.display().to_string()),
        }));
        return Ok(agrees);
    }
    if !agrees && !environment_changes.is_empty() {
        output::line(format!("possible reasons: {}", environment_changes.join("; ")));
    }
    let (style, verdict) = if agrees { (GOOD, "agrees") } else { (WARNING, "does not agree") };
    output::line(format!("{style}{verdict}{style:#}: `{stage}` of `{}`, seed {seed}", name.as_str()));
    Ok(agrees)
}

/// The manifest that a path stands for: the file itself, or the one in the folder of a stage.
fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(MANIFEST) } else { path.to_path_buf() }
}

/// Where the files of a stage are, when the manifest still lies among those of its experiment.
fn folder_of(manifest: &Path, its_stage: &str, stage: &str) -> PathBuf {
    let folder = manifest.parent().unwrap_or(Path::new(""));
    if stage == its_stage { folder.to_path_buf() } else { folder.join("..").join(stage) }
}

/// What the manifest says of where it came from.
fn check<'a>(manifest: &'a Manifest, path: &Path) -> Result<&'a Lineage> {
    let key = manifest.recomputed_key();
    if key != manifest.key {
        return Err(Error::input(format!("cannot reproduce `{}`: someone changed it", path.display()))
            .expected(format!("the key `{}`, which follows from its config and inputs", short(&key)))
            .found(format!("`{}`", short(&manifest.key))));
    }
    manifest.lineage.as_ref().ok_or_else(|| {
        Error::input(format!(
            "cannot reproduce `{}`: it does not say where its inputs came from",
            path.display()
        ))
        .expected("an entry `origin`")
        .found(format!("a manifest of latentkit {}", manifest.versions.latentkit))
        .hint(format!("run the stage again: `latentkit {} CONFIG --force`", manifest.stage))
    })
}

/// Whether every stage read what those before it in the chain wrote.
fn check_chain(chain: &[UpstreamStage], path: &Path) -> Result<()> {
    let broken = |stage: &str, input: &str| {
        Error::input(format!(
            "cannot reproduce `{}`: the outputs and inputs of its stages do not match",
            path.display()
        ))
        .expected(format!("the `{input}` that `{stage}` read, among the outputs of the stages before it"))
        .found("none, or another one")
        .hint("`latentkit run CONFIG` makes stages that match, and manifests that can be reproduced")
    };
    for (place, upstream) in chain.iter().enumerate() {
        let stage = Stage::recorded(&upstream.stage)?;
        if let Some(same) = chain[..place].iter().find(|before| before.stage == upstream.stage) {
            return Err(broken(&same.stage, same.outputs.first().map_or(MANIFEST, |output| &output.path)));
        }
        for input in upstream.inputs.iter().filter(|input| is_of_experiment(stage, input)) {
            let made = chain[..place].iter().any(|before| {
                within(&input.path, &before.stage).is_some_and(|name| {
                    name == MANIFEST
                        || before
                            .outputs
                            .iter()
                            .any(|output| output.path == name && output.blake3 == input.blake3)
                })
            });
            if !made {
                return Err(broken(&upstream.stage, &input.path));
            }
        }
    }
    Ok(())
}

/// Whether the files from elsewhere that a stage read are there and still the same.
fn check_outside(experiment: &Experiment, upstream: &UpstreamStage) -> Result<()> {
    let stage = Stage::recorded(&upstream.stage)?;
    let outside: Vec<_> = upstream.inputs.iter().filter(|input| !is_of_experiment(stage, input)).collect();
    if outside.is_empty() {
        return Ok(());
    }
    let now = experiment.identity(stage, &Points::recorded(&upstream.config), Hashing::Read)?;
    for input in outside {
        let found = now.inputs.iter().find(|found| found.path == input.path);
        if found.is_none_or(|found| found.blake3 != input.blake3) {
            let error = Error::input(format!(
                "cannot reproduce `{stage}`: `{}` is not the file that it read",
                input.path
            ))
            .expected(format!("{} bytes with BLAKE3 {}", input.bytes, short(&input.blake3)));
            return Err(match found {
                Some(found) => {
                    error.found(format!("{} bytes with BLAKE3 {}", found.bytes, short(&found.blake3)))
                }
                None => error.found("no such file"),
            });
        }
    }
    Ok(())
}
