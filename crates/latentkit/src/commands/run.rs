//! `latentkit run` and the commands of the single stages.

use std::path::{Path, PathBuf};

use latentkit_core::artifact::{Freshness, Hashing};
use latentkit_core::input::is_absent;
use latentkit_core::layout::{PLOT, REPORT};
use latentkit_core::{Error, ErrorKind, Result};
use serde_json::json;

use crate::cli::{Global, RunArguments, StageCommand};
use crate::experiment::Experiment;
use crate::output;
use crate::pipeline::Outcome;
use crate::points::{self, Points};
use crate::stages::{self, Stage};
use crate::styles::{FAINT, GOOD};
use crate::{handover, progress};

/// `latentkit run`.
pub(crate) fn all(global: &Global, arguments: &RunArguments) -> Result<()> {
    let (from, to) = (arguments.from, arguments.to);
    if from > to {
        return Err(Error::usage(format!("nothing to run: `{from}` comes after `{to}`"))
            .hint(format!("the stages are {}", stages::names().join(", "))));
    }
    let experiment = Experiment::load(&arguments.stage.config, global)?;
    let stages: Vec<Stage> = Stage::all().filter(|stage| (from..=to).contains(stage)).collect();
    // A section that is missing is told before hours of work, not after them.
    for &stage in &stages {
        experiment.check_sections(stage)?;
    }
    if arguments.dry_run {
        return dry_run(global, &experiment, &stages, arguments.stage.force);
    }
    experiment.set_threads()?;
    progress::stop_on_signals()?;
    let _lock = experiment.artifacts.lock()?;
    warn_of_stale_inputs(&experiment, from);
    hand_over_early(&experiment, &stages, arguments.stage.force)?;
    let mut outcomes = Vec::new();
    for stage in stages {
        let outcome = run(&experiment, stage, arguments.stage.force, &Points::default(), global)?;
        outcomes.push(outcome);
    }
    let report = (to.name() == PLOT).then(|| experiment.artifacts.file(PLOT, REPORT));
    if global.json {
        output::json(&json!({
            "experiment": experiment.config.name(),
            "stages": outcomes,
            "folder": experiment.artifacts.root().display().to_string(),
            "report": report.map(|report| report.display().to_string()),
        }));
    } else if let Some(report) = report {
        output::line(format!("report: {}", report.display()));
    }
    Ok(())
}

/// The command of a single stage.
pub(crate) fn one(global: &Global, command: &StageCommand) -> Result<()> {
    let StageCommand { stage, arguments, points } = command;
    let stage = *stage;
    let points = Points {
        files: points.latents.iter().map(|file| absolute(file)).collect::<Result<_>>()?,
        columns: points.columns.named(),
    };
    let experiment = Experiment::load(&arguments.config, global)?;
    experiment.check_sections(stage)?;
    // Nothing is created for a stage that cannot run. Where there is something, the lock comes first: it ends what a
    // crash cut off, which may be the input of this stage.
    if !experiment.artifacts.root().exists() {
        experiment.identity(stage, &points, Hashing::Cached)?;
    }
    experiment.set_threads()?;
    progress::stop_on_signals()?;
    let _lock = experiment.artifacts.lock()?;
    if points.files.is_empty() {
        warn_of_stale_inputs(&experiment, stage);
    }
    let outcome = run(&experiment, stage, arguments.force, &points, global)?;
    if global.json {
        output::json(&json!({
            "experiment": experiment.config.name(),
            "stages": [outcome],
            "folder": experiment.artifacts.root().display().to_string(),
        }));
    } else {
        outcome.details.iter().for_each(output::line);
        output::line(experiment.artifacts.stage(stage.name()).display());
    }
    Ok(())
}

/// The absolute path of the points, so that `status` finds them from any folder.
fn absolute(file: &Path) -> Result<PathBuf> {
    if is_absent(file) && points::is_pattern(file) {
        return std::path::absolute(file).map_err(|error| Error::from(error).into_input());
    }
    if is_absent(file) {
        return Err(Error::input(format!("cannot find the points `{}`", file.display())));
    }
    fs_err::canonicalize(file).map_err(|error| Error::from(error).into_input())
}

/// Warns of stages before `first` that are stale, since their old files are about to be used.
fn warn_of_stale_inputs(experiment: &Experiment, first: Stage) {
    for stage in Stage::all().filter(|&stage| stage < first) {
        let state =
            experiment.freshness(stage, &experiment.recorded_points(stage.name()), progress::cancellation());
        if let Ok((_, Freshness::Stale(reasons))) = state {
            tracing::warn!("`{stage}` is stale ({}), and its old files are used", reasons.join(", "));
        }
    }
}

/// Runs a stage and prints its line.
fn run(
    experiment: &Experiment,
    stage: Stage,
    force: bool,
    points: &Points,
    global: &Global,
) -> Result<Outcome> {
    let outcome = experiment.run(stage, force, points, progress::cancellation()).map_err(|error| {
        // Training says itself where it resumes.
        if error.kind() == ErrorKind::Interrupted && !error.has_hint() {
            error.hint(format!("run the same command again to restart `{stage}`"))
        } else {
            error
        }
    })?;
    if !global.json {
        output::line(stage_line(&outcome));
    }
    Ok(outcome)
}

fn stage_line(outcome: &Outcome) -> String {
    let Outcome { stage, reasons, ran, seconds, headline, .. } = outcome;
    if *ran {
        format!(
            "{GOOD}{stage:<8}{GOOD:#} ran {seconds:>8.1} s  {headline} {FAINT}({}){FAINT:#}",
            reasons.join(", ")
        )
    } else {
        format!("{GOOD}{stage:<8}{GOOD:#} skipped       {headline} {FAINT}(up to date){FAINT:#}")
    }
}

/// Switches to the program with libtorch before the first line is printed, if a stage will need it.
fn hand_over_early(experiment: &Experiment, stages: &[Stage], force: bool) -> Result<()> {
    let needs: Vec<_> =
        stages.iter().filter_map(|&stage| Some((stage, stage.missing_engine(experiment)?))).collect();
    if needs.is_empty() {
        return Ok(());
    }
    let plan = plan(experiment, stages, force)?;
    let runs = |stage: Stage| plan.iter().any(|(planned, reasons)| *planned == stage && !reasons.is_empty());
    match needs.into_iter().find(|(stage, _)| runs(*stage)) {
        Some((_, reason)) => handover::hand_over(&reason),
        None => Ok(()),
    }
}

/// The stages with the reasons to run them; none for those that are up to date.
fn plan(experiment: &Experiment, stages: &[Stage], force: bool) -> Result<Vec<(Stage, Vec<String>)>> {
    let mut plan = Vec::new();
    let mut runs = Vec::new();
    for &stage in stages {
        let before = stage.upstream().into_iter().find(|upstream| runs.contains(upstream));
        let reasons = if let Some(before) = before {
            vec![format!("`{before}` runs before it")]
        } else {
            let identity = experiment.identity(stage, &Points::default(), Hashing::Cached)?;
            match experiment.assess(&identity)? {
                Freshness::Fresh(_) if force => vec!["forced".to_owned()],
                Freshness::Fresh(_) => Vec::new(),
                Freshness::Stale(reasons) => reasons,
                Freshness::Missing => vec!["first run".to_owned()],
            }
        };
        if !reasons.is_empty() {
            runs.push(stage);
        }
        plan.push((stage, reasons));
    }
    Ok(plan)
}

/// Shows what would run and why.
fn dry_run(global: &Global, experiment: &Experiment, stages: &[Stage], force: bool) -> Result<()> {
    let plan = plan(experiment, stages, force)?;
    if global.json {
        let stages: Vec<_> = plan
            .iter()
            .map(|(stage, reasons)| json!({ "stage": stage, "would_run": !reasons.is_empty(), "reasons": reasons }))
            .collect();
        output::json(&json!({ "experiment": experiment.config.name(), "stages": stages }));
        return Ok(());
    }
    for (stage, reasons) in plan {
        if reasons.is_empty() {
            output::line(format!("{stage:<8} would be skipped (up to date)"));
        } else {
            output::line(format!("{stage:<8} would run ({})", reasons.join(", ")));
        }
    }
    Ok(())
}
