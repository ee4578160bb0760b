//! `latentkit verify`: whether the files are those that the manifests record; with `--rerun`, whether the stages would
//! write them again.

use latentkit_core::layout::MANIFEST;
use latentkit_core::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::{Global, VerifyArguments};
use crate::experiment::Experiment;
use crate::output;
use crate::output_diff::{self, First, OutputDiff};
use crate::points::Points;
use crate::scratch::Scratch;
use crate::stages::Stage;
use crate::stages::definition::Work;
use crate::styles::{FAINT, GOOD, WARNING};
use crate::verification::{self, Checked};
use crate::{handover, progress};

/// What is said of a stage.
#[derive(Serialize)]
struct StageVerdict {
    stage: Stage,
    state: State,
    files: usize,
    bytes: u64,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun: Option<Rerun>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    AsRecorded,
    Differs,
    Missing,
}

/// What came of running a stage again.
#[derive(Serialize)]
struct Rerun {
    agrees: bool,
    outputs: Vec<OutputDiff>,
    /// What is not as it was when the stage ran first.
    #[serde(rename = "circumstances")]
    environment_changes: Vec<String>,
}

/// Prints what is not as recorded. True when everything is.
pub(crate) fn print(global: &Global, arguments: &VerifyArguments) -> Result<bool> {
    let experiment = Experiment::load(&arguments.config, global)?;
    let stages = selected(&experiment, arguments)?;
    let (checked, foreign) = verification::verify(&experiment, &stages)?;
    let root = experiment.artifacts.root();
    if checked.iter().all(|checked| checked.manifest.is_none() && checked.problems.is_empty()) {
        return Err(Error::input(format!("there is nothing to verify in `{}`", root.display()))
            .expected(format!("a `{MANIFEST}` in the folder of a stage"))
            .hint("`latentkit run CONFIG` makes them"));
    }
    let scratch = if arguments.rerun {
        progress::stop_on_signals()?;
        let artifacts = root.parent().unwrap_or(root);
        Some(Scratch::new(arguments.folder.as_deref(), artifacts, experiment.config.name().as_str())?)
    } else {
        None
    };
    let mut lines = Vec::new();
    for checked in checked {
        let mut line = StageVerdict::of(checked.stage, &checked);
        if !global.json {
            line.print();
        }
        if let Some(scratch) = &scratch {
            line.rerun = rerun(&experiment, &checked, scratch, global)?;
        }
        lines.push(line);
    }
    let problems: usize = lines.iter().map(|line| line.problems.len()).sum();
    let agree = lines.iter().filter_map(|line| line.rerun.as_ref()).all(|rerun| rerun.agrees);
    if global.json {
        let unlisted: Vec<Value> = foreign
            .iter()
            .map(|foreign| json!({ "path": foreign.path.display().to_string(), "reason": foreign.reason }))
            .collect();
        output::json(&json!({
            "experiment": experiment.config.name(),
            "agrees": problems == 0 && agree,
            "stages": lines,
            "unlisted": unlisted,
            "folder": scratch.as_ref().and_then(Scratch::kept).map(|folder| folder.display().to_string()),
        }));
    } else {
        for foreign in &foreign {
            output::line(format!("not of a stage: `{}` ({})", foreign.path.display(), foreign.reason));
        }
        let files: usize = lines.iter().map(|line| line.files).sum();
        output::line(match (problems, agree) {
            (0, true) => format!("everything is as recorded: {files} file(s)"),
            (0, false) => "the files are as recorded, but a rerun gives different ones".to_owned(),
            _ => {
                format!("{problems} problem(s): `latentkit run CONFIG` makes stale or changed files again")
            }
        });
    }
    Ok(problems == 0 && agree)
}

/// The stages that the user names, which must have happened; all when none is named.
fn selected(experiment: &Experiment, arguments: &VerifyArguments) -> Result<Vec<Stage>> {
    if arguments.stages.is_empty() {
        return Ok(Stage::all().collect());
    }
    let mut stages = arguments.stages.clone();
    stages.sort_unstable();
    stages.dedup();
    for &stage in &stages {
        let path = experiment.artifacts.file(stage.name(), MANIFEST);
        if !path.is_file() {
            return Err(Error::input(format!("cannot find `{}`", path.display()))
                .hint(format!("`latentkit {stage} CONFIG` makes it")));
        }
    }
    Ok(stages)
}

/// Runs a stage again from the inputs that it recorded, which are still there. None when they are not, or there was no run.
fn rerun(
    experiment: &Experiment,
    checked: &Checked,
    scratch: &Scratch,
    global: &Global,
) -> Result<Option<Rerun>> {
    let stage = checked.stage;
    let Some(manifest) = &checked.manifest else { return Ok(None) };
    if checked.inputs_differ {
        tracing::warn!("`{stage}` is not run again: its inputs no longer exist");
        return Ok(None);
    }
    let again = experiment.as_recorded(&manifest.upstream(), experiment.artifacts.clone())?;
    if let Some(reason) = stage.missing_engine(&again) {
        handover::hand_over(&reason)?;
    }
    again.change_threads();
    let folder = scratch.folder().join(stage.name());
    fs_err::create_dir_all(&folder)?;
    tracing::info!("{stage}: running again");
    let points = Points::recorded(&manifest.config);
    let summary = stage.run(&Work {
        experiment: &again,
        points: &points,
        inputs: &manifest.inputs,
        folder: &folder,
        cancel: progress::cancellation(),
    })?;
    let first = First { outputs: &manifest.outputs, folder: &experiment.artifacts.stage(stage.name()) };
    let outputs = output_diff::compare(&first, &folder)?;
    let agrees = outputs.iter().all(|output| output.agrees);
    let device = summary.get("device").and_then(Value::as_str);
    let environment_changes = output_diff::environment_changes(manifest, stage, again.threads, device);
    if !global.json {
        output_diff::print(stage, &outputs);
        if !agrees && !environment_changes.is_empty() {
            output::line(format!("{stage:<8} possible reasons: {}", environment_changes.join("; ")));
        }
    }
    Ok(Some(Rerun { agrees, outputs, environment_changes }))
}

impl StageVerdict {
    fn of(stage: Stage, checked: &Checked) -> Self {
        let outputs =
            checked.manifest.as_ref().map(|manifest| manifest.outputs.as_slice()).unwrap_or_default();
        let state = match (&checked.manifest, checked.problems.is_empty()) {
            (_, false) => State::Differs,
            (Some(_), true) => State::AsRecorded,
            (None, true) => State::Missing,
        };
        Self {
            stage,
            state,
            files: outputs.len(),
            bytes: outputs.iter().map(|output| output.bytes).sum(),
            problems: checked.problems.clone(),
            rerun: None,
        }
    }

    fn print(&self) {
        let Self { stage, files, .. } = self;
        match self.state {
            State::AsRecorded => output::line(format!(
                "{stage:<8} {GOOD}as recorded{GOOD:#}  {files} file(s), {}",
                output::size(self.bytes)
            )),
            State::Missing => output::line(format!("{stage:<8} {FAINT}missing{FAINT:#}")),
            State::Differs => {
                for problem in &self.problems {
                    output::line(format!("{stage:<8} {WARNING}differs{WARNING:#}      {problem}"));
                }
            }
        }
    }
}
