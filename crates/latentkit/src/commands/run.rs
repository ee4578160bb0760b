//! `latentkit run` and the commands of the single stages.

use latentkit_core::artifact::Freshness;
use latentkit_core::stage::REPORT;
use latentkit_core::{Error, ErrorKind, Result, Stage};
use serde_json::json;

use crate::cli::{ClusterArguments, Global, RunArguments, StageArguments};
use crate::output::{self, FAINT, GOOD};
use crate::pipeline::{Experiment, Outcome, Points};
use crate::progress;

/// `latentkit run`.
pub(crate) fn all(global: &Global, arguments: &RunArguments) -> Result<()> {
    let experiment = Experiment::load(&arguments.stage.config, global)?;
    let (from, to) = (Stage::from(arguments.from), Stage::from(arguments.to));
    if from > to {
        return Err(Error::failed(format!("nothing to run: `{from}` comes after `{to}`"))
            .hint("the stages are ingest, train, export, cluster, plot"));
    }
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| (from..=to).contains(stage)).collect();
    // A section that is missing is told before hours of work, not after them.
    for &stage in &stages {
        experiment.config.of_stage(stage)?;
    }
    if arguments.dry_run {
        return dry_run(global, &experiment, &stages, arguments.stage.force);
    }
    experiment.set_threads()?;
    let _lock = experiment.artifacts.lock()?;
    let mut outcomes = Vec::new();
    for stage in stages {
        let outcome = run(&experiment, stage, arguments.stage.force, &Points::default(), "run", global)?;
        outcomes.push(outcome);
    }
    let report = (to == Stage::Plot).then(|| experiment.artifacts.file(Stage::Plot, REPORT));
    if global.json {
        output::json(&json!({
            "experiment": experiment.config.experiment.name,
            "stages": outcomes,
            "report": report,
        }));
    } else if let Some(report) = report {
        output::line(format!("report: {}", report.display()));
    }
    Ok(())
}

/// The command of a single stage.
pub(crate) fn one(global: &Global, stage: Stage, arguments: &StageArguments) -> Result<()> {
    single(global, stage, arguments, &Points::default())
}

/// `latentkit cluster`.
pub(crate) fn cluster(global: &Global, arguments: &ClusterArguments) -> Result<()> {
    let points = Points { file: arguments.latents.clone(), column: arguments.column.clone() };
    single(global, Stage::Cluster, &arguments.stage, &points)
}

fn single(global: &Global, stage: Stage, arguments: &StageArguments, points: &Points) -> Result<()> {
    let experiment = Experiment::load(&arguments.config, global)?;
    // Nothing is created for a stage that cannot run.
    experiment.identity(stage, points)?;
    experiment.set_threads()?;
    let _lock = experiment.artifacts.lock()?;
    let outcome = run(&experiment, stage, arguments.force, points, stage.name(), global)?;
    if global.json {
        output::json(&outcome);
    } else {
        output::line(format!("{}", experiment.artifacts.stage(stage).display()));
    }
    Ok(())
}

/// Runs a stage and prints its line.
fn run(
    experiment: &Experiment,
    stage: Stage,
    force: bool,
    points: &Points,
    command: &str,
    global: &Global,
) -> Result<Outcome> {
    let outcome = experiment.run(stage, force, points, progress::observer()).map_err(|error| {
        if error.kind() == ErrorKind::Interrupted {
            let config = experiment.config.path().display();
            error.hint(format!("`latentkit {command} {config}` goes on from here"))
        } else {
            error
        }
    })?;
    progress::finish();
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

/// Tells what would run and why.
fn dry_run(global: &Global, experiment: &Experiment, stages: &[Stage], force: bool) -> Result<()> {
    let mut plan = Vec::new();
    let mut runs = Vec::new();
    for &stage in stages {
        let before = stage.inputs().iter().map(|(input, _)| *input).find(|input| runs.contains(input));
        let reasons = match before {
            Some(before) => vec![format!("`{before}` runs before it")],
            None => match experiment.assess(&experiment.identity(stage, &Points::default())?)? {
                Freshness::Fresh(_) if force => vec!["forced".to_owned()],
                Freshness::Fresh(_) => Vec::new(),
                Freshness::Stale(reasons) => reasons,
                Freshness::Missing => vec!["first run".to_owned()],
            },
        };
        if !reasons.is_empty() {
            runs.push(stage);
        }
        plan.push((stage, reasons));
    }
    if global.json {
        let stages: Vec<_> = plan
            .iter()
            .map(|(stage, reasons)| json!({ "stage": stage, "would_run": !reasons.is_empty(), "reasons": reasons }))
            .collect();
        output::json(&json!({ "experiment": experiment.config.experiment.name, "stages": stages }));
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
