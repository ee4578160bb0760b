//! `latentkit status`: what is fresh, stale or missing, and why.

use latentkit_core::artifact::{Freshness, Hashing};
use latentkit_core::manifest::Manifest;
use latentkit_core::{ErrorKind, Result};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Global, StatusArguments};
use crate::experiment::Experiment;
use crate::output;
use crate::stages::Stage;
use crate::styles::{FAINT, GOOD, WARNING};

/// The state of a stage.
#[derive(Debug, Serialize)]
struct StageStatus {
    stage: Stage,
    state: State,
    reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Fresh,
    Stale,
    Missing,
    /// The config has no section for it.
    Unused,
}

/// Prints the state of every stage. True when all that the config has are fresh.
pub(crate) fn print(global: &Global, arguments: &StatusArguments) -> Result<bool> {
    let experiment = Experiment::load(&arguments.config, global)?;
    let mut lines: Vec<StageStatus> = Vec::new();
    for stage in Stage::all() {
        let line = assess(&experiment, stage, &lines)?;
        lines.push(line);
    }
    let fresh = lines.iter().all(|line| matches!(line.state, State::Fresh | State::Unused));
    if global.json {
        output::json(&json!({ "experiment": experiment.config.name(), "fresh": fresh, "stages": lines }));
        return Ok(fresh);
    }
    for StageStatus { stage, state, reasons } in &lines {
        let (name, style) = match state {
            State::Fresh => ("fresh", GOOD),
            State::Stale => ("stale", WARNING),
            State::Missing => ("missing", WARNING),
            State::Unused => ("unused", FAINT),
        };
        output::line(format!("{stage:<8} {style}{name:<8}{style:#} {}", reasons.join(", ")).trim_end());
    }
    Ok(fresh)
}

fn assess(experiment: &Experiment, stage: Stage, before: &[StageStatus]) -> Result<StageStatus> {
    let line = |state, reasons| Ok(StageStatus { stage, state, reasons });
    if let Err(error) = experiment.check_sections(stage) {
        return line(State::Unused, vec![format!("no section `[{}]`", error.key().unwrap_or_default())]);
    }
    let state_of = |name: &str| before.iter().find(|line| line.stage.name() == name).map(|line| line.state);
    let is_unused = |name: &str| state_of(name) == Some(State::Unused);
    let manifest = Manifest::read(&experiment.artifacts.stage(stage.name())).ok().flatten();
    // Points may also come from elsewhere.
    if manifest.is_none() && !stage.takes_points() && !stage.requires().is_met(|name| !is_unused(name)) {
        let unused = stage.upstream().into_iter().find(|upstream| is_unused(upstream.name()));
        return line(
            State::Unused,
            unused.map(|upstream| format!("`{upstream}` is unused")).into_iter().collect(),
        );
    }
    let points = experiment.recorded_points(stage.name());
    let identity = match experiment.identity(stage, &points, Hashing::Cached) {
        Ok(identity) => identity,
        Err(error) if error.kind() == ErrorKind::Input => {
            let state = if manifest.is_some() { State::Stale } else { State::Missing };
            return line(state, vec![error.to_string().lines().next().unwrap_or_default().to_owned()]);
        }
        Err(error) => return Err(error),
    };
    match experiment.assess(&identity)? {
        Freshness::Missing => line(State::Missing, Vec::new()),
        Freshness::Stale(reasons) => line(State::Stale, reasons),
        Freshness::Fresh(_) => {
            let is_outdated =
                |upstream: &Stage| matches!(state_of(upstream.name()), Some(State::Stale | State::Missing));
            let upstream = if points.files.is_empty() { stage.upstream() } else { Vec::new() };
            match upstream.into_iter().find(is_outdated) {
                Some(input) => line(State::Stale, vec![format!("`{input}` would run before it")]),
                None => line(State::Fresh, Vec::new()),
            }
        }
    }
}
