//! `latentkit status`: what is fresh, stale or missing, and why.

use latentkit_core::artifact::{Freshness, Hashing};
use latentkit_core::manifest::Manifest;
use latentkit_core::{ErrorKind, Result, Stage};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Global, StatusArguments};
use crate::output::{self, FAINT, GOOD, WARNING};
use crate::pipeline::{Experiment, of_stage};

/// The state of a stage.
#[derive(Debug, Serialize)]
struct Line {
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
    let mut lines: Vec<Line> = Vec::new();
    for stage in Stage::ALL {
        let line = assess(&experiment, stage, &lines)?;
        lines.push(line);
    }
    let fresh = lines.iter().all(|line| matches!(line.state, State::Fresh | State::Unused));
    if global.json {
        output::json(&json!({ "experiment": experiment.config.name(), "fresh": fresh, "stages": lines }));
        return Ok(fresh);
    }
    for Line { stage, state, reasons } in &lines {
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

fn assess(experiment: &Experiment, stage: Stage, before: &[Line]) -> Result<Line> {
    let line = |state, reasons| Ok(Line { stage, state, reasons });
    if let Err(error) = of_stage(&experiment.config, stage) {
        return line(State::Unused, vec![format!("no section `[{}]`", error.key().unwrap_or_default())]);
    }
    let unused =
        |input: &Stage| before.iter().any(|line| line.stage == *input && line.state == State::Unused);
    let folder = experiment.artifacts.stage(stage);
    let manifest = Manifest::read(&folder).ok().flatten();
    if manifest.is_none()
        && matches!(stage, Stage::Train | Stage::Export)
        && let Some((input, _)) = stage.inputs().iter().find(|(input, _)| unused(input))
    {
        return line(State::Unused, vec![format!("`{input}` is unused")]);
    }
    let points = experiment.recorded_points();
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
            let inputs = stage.inputs().iter().map(|(input, _)| *input);
            let outdated = |input: &Stage| {
                before
                    .iter()
                    .any(|line| line.stage == *input && matches!(line.state, State::Stale | State::Missing))
            };
            match inputs.filter(|_| stage != Stage::Cluster || points.file.is_none()).find(outdated) {
                Some(input) => line(State::Stale, vec![format!("`{input}` would run before it")]),
                None => line(State::Fresh, Vec::new()),
            }
        }
    }
}
