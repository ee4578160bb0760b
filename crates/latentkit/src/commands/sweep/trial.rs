//! A trial of a sweep, and the stages that it runs.

use std::path::PathBuf;

use latentkit_core::config::{Config, Trial};
use latentkit_core::{Error, Result};
use serde_json::{Map, Value};

use crate::cli::SweepArguments;
use crate::stages::Stage;
use crate::stages::definition::Requires;

/// A trial that is about to run.
pub(super) struct Chosen<'a> {
    pub(super) trial: &'a Trial,
    pub(super) stages: Vec<Stage>,
    pub(super) folder: PathBuf,
}

/// The stages that the config of a trial has sections for, those that they need, and those that can follow.
pub(super) fn stages(config: &Config, arguments: &SweepArguments) -> Result<Vec<Stage>> {
    let from_points = arguments.latents.is_some();
    let starts = |stage: &Stage| stage.takes_points() == from_points || !from_points;
    let is_asked_for = |stage: &Stage| stage.sections().iter().any(|s| !s.is_implied() && config.has(*s));
    let mut chosen: Vec<Stage> = Stage::all().filter(|stage| starts(stage) && is_asked_for(stage)).collect();
    if chosen.is_empty() {
        chosen.extend(Stage::all().find(starts));
    }
    // What those need comes before them, so one pass from the last to the first finds all of it.
    for stage in Stage::all().rev().filter(|_| !from_points) {
        let needs_it =
            |other: &Stage| matches!(other.requires(), Requires::All(names) if names.contains(&stage.name()));
        if !chosen.contains(&stage) && chosen.iter().any(needs_it) {
            chosen.push(stage);
        }
    }
    for stage in Stage::all() {
        let is_chosen = |name: &str| chosen.iter().any(|other| other.name() == name);
        let follows = stage.sections().iter().all(|section| section.is_implied())
            && stage.required_sections().iter().all(|section| config.has(*section))
            && stage.requires().is_met(is_chosen);
        if follows && !chosen.contains(&stage) {
            chosen.push(stage);
        }
    }
    chosen.sort_unstable();
    for section in chosen.iter().flat_map(|stage| stage.required_sections()) {
        config.require(section).map_err(|error| match error.key() {
            Some("dataset") => error.hint("add `[dataset]`, or cluster points with `--latents FILE`"),
            _ => error,
        })?;
    }
    let last = arguments.to;
    chosen.retain(|stage| *stage <= last);
    if chosen.is_empty() {
        return Err(Error::usage(format!("nothing to run: no stage up to `{last}` clusters points"))
            .hint("with `--latents` the stages are cluster and plot"));
    }
    Ok(chosen)
}

/// The keys that a trial sets and their values.
pub(super) fn overrides(trial: &Trial) -> Value {
    Value::Object(trial.values.iter().cloned().collect::<Map<_, _>>())
}
