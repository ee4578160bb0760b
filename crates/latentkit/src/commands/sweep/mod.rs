//! `latentkit sweep`: an experiment for each combination of values.

mod processes;
mod results;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use latentkit_core::config::{Config, Plan, Trial};
use latentkit_core::layout::{TRIAL_LOG, TRIALS_FOLDER};
use latentkit_core::{Error, Result};
use serde_json::{Map, Value, json};

use crate::cli::{Global, SweepArguments};
use crate::columns::{Align, Columns};
use crate::output;
use crate::stages::definition::Requires;
use crate::stages::{self, Stage};
use processes::{Ending, Job};

/// A trial that is about to run.
struct Chosen<'a> {
    trial: &'a Trial,
    stages: Vec<Stage>,
    folder: PathBuf,
}

/// `latentkit sweep`. Every trial is checked before the first one runs.
pub(crate) fn run(global: &Global, arguments: &SweepArguments) -> Result<()> {
    let before = fs_err::read(&arguments.config).ok();
    let plan = Plan::load(&arguments.config, &global.overrides, stages::sections())?;
    if let Some(points) = arguments.latents.as_ref().filter(|points| !points.exists()) {
        return Err(Error::input(format!("cannot find the points `{}`", points.display())));
    }
    let root = global.artifacts.join(plan.experiment.as_str()).join(TRIALS_FOLDER);
    let all = plan
        .trials
        .iter()
        .map(|trial| {
            let stages = stages(&trial.config, arguments)?;
            Ok(Chosen { trial, stages, folder: root.join(trial.name.as_str()) })
        })
        .collect::<Result<Vec<_>>>()?;
    let is_chosen = |chosen: &Chosen| arguments.trial.is_none_or(|share| share.has(chosen.trial.number));
    let chosen: Vec<Chosen> = all.into_iter().filter(is_chosen).collect();
    if arguments.print_trials {
        print_trials(global, &plan, &chosen);
        return Ok(());
    }
    if chosen.is_empty() {
        tracing::info!("no trial is in this share of {}", plan.trials.len());
    }

    let jobs = usize::from(arguments.jobs);
    let threads = (threads(global) / jobs.min(chosen.len()).max(1)).max(1);
    let work: Vec<Job> = chosen
        .iter()
        .map(|chosen| Job {
            name: chosen.trial.name.as_str().to_owned(),
            steps: steps(global, arguments, chosen, &root, threads),
            folder: chosen.folder.clone(),
        })
        .collect();
    let unchanged = || match &before {
        Some(before) if fs_err::read(&arguments.config).ok().as_ref() != Some(before) => {
            Err(Error::failed(format!("`{}` was changed while the sweep ran", arguments.config.display()))
                .hint(
                    "the same command runs all trials again that the change concerns, and skips the others",
                ))
        }
        _ => Ok(()),
    };
    let ran = processes::run(&work, jobs, arguments.keep_going, unchanged)?;
    if ran.interrupted {
        return Err(Error::interrupted()
            .hint("the same command goes on: finished trials are skipped, trainings go on from their last checkpoint"));
    }
    let failed: Vec<&str> = chosen
        .iter()
        .zip(&ran.endings)
        .filter(|(_, ending)| matches!(ending, Some(Ending::Failed(_))))
        .map(|(chosen, _)| chosen.trial.name.as_str())
        .collect();
    if failed.is_empty() || arguments.keep_going {
        results::print(global, arguments, &plan, &root, &chosen, &ran.endings)?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = failed.iter().map(|name| format!("`{name}`")).collect();
    let error =
        Error::failed(format!("{} of {} trials failed: {}", failed.len(), chosen.len(), names.join(", ")));
    let log = root.join(failed[0]).join(TRIAL_LOG);
    let ways = if arguments.keep_going { "" } else { ", `--keep-going` runs the others" };
    Err(error.hint(format!("see `{}`; the same command tries again what failed{ways}", log.display())))
}

/// The stages that the config of a trial has sections for, those that they need, and those that can follow.
fn stages(config: &Config, arguments: &SweepArguments) -> Result<Vec<Stage>> {
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

/// The commands that run the stages of a trial one after the other, as anyone could type them: `run` where the stages
/// follow one another, else the commands of the single stages.
fn steps(
    global: &Global,
    arguments: &SweepArguments,
    chosen: &Chosen,
    root: &Path,
    threads: usize,
) -> Vec<Vec<OsString>> {
    let (first, last) = (chosen.stages[0], chosen.stages[chosen.stages.len() - 1]);
    let whole = Stage::all().filter(|stage| (first..=last).contains(stage)).eq(chosen.stages.iter().copied());
    let commands: Vec<Vec<OsString>> = if arguments.latents.is_none() && whole {
        vec![vec!["run".into(), "--to".into(), last.name().into()]]
    } else {
        let command = |stage: &Stage| {
            let mut command: Vec<OsString> = vec![stage.name().into()];
            if let Some(points) = arguments.latents.as_ref().filter(|_| stage.takes_points()) {
                command.extend(["--latents".into(), points.into()]);
                for (option, column) in
                    [("--column", &arguments.column), ("--label-column", &arguments.label_column)]
                {
                    command.extend(column.iter().flat_map(|column| [option.into(), column.into()]));
                }
            }
            command
        };
        chosen.stages.iter().map(command).collect()
    };
    let name = format!("name=\"{}\"", chosen.trial.name.as_str());
    let mut common: Vec<OsString> = Vec::new();
    for set in chosen.trial.overrides.iter().chain([&name]) {
        common.extend(["--set".into(), set.into()]);
    }
    common.extend(["--artifacts".into(), root.into(), "--data".into(), (&global.data).into()]);
    common.extend(["--threads".into(), threads.to_string().into(), "--color".into(), "never".into()]);
    common.extend((0..global.verbose).map(|_| "-v".into()));
    if global.quiet {
        common.push("--quiet".into());
    }
    // Last, so that no path is taken for an option.
    common.extend(["--".into(), (&arguments.config).into()]);
    commands.into_iter().map(|command| [command, common.clone()].concat()).collect()
}

/// The threads of all trials that run at the same time.
fn threads(global: &Global) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    global.threads.map_or(cores, usize::from)
}

/// Prints the trials.
fn print_trials(global: &Global, plan: &Plan, chosen: &[Chosen]) {
    if global.json {
        let trials: Vec<_> = chosen
            .iter()
            .map(|Chosen { trial, folder, stages }| {
                json!({
                    "number": trial.number,
                    "name": trial.name,
                    "overrides": overrides(trial),
                    "stages": stages,
                    "folder": folder.display().to_string(),
                })
            })
            .collect();
        output::json(&json!({ "experiment": plan.experiment, "of": plan.trials.len(), "trials": trials }));
        return;
    }
    let mut columns = Columns::new()
        .column("trial", Align::Right)
        .column("name", Align::Left)
        .column("overrides", Align::Left);
    for Chosen { trial, .. } in chosen {
        let sets: Vec<_> = trial.overrides.iter().map(|set| format!("--set {}", quoted(set))).collect();
        columns.row(vec![trial.number.to_string(), trial.name.as_str().to_owned(), sets.join(" ")]);
    }
    for line in columns.lines() {
        output::line(line);
    }
}

/// The keys that a trial sets and their values.
fn overrides(trial: &Trial) -> Value {
    Value::Object(trial.values.iter().cloned().collect::<Map<_, _>>())
}

/// A text as a shell reads it back.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@%+".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_an_override_back() {
        assert_eq!(quoted("seed=1"), "seed=1");
        assert_eq!(quoted("cluster.k=[2, 3]"), "'cluster.k=[2, 3]'");
        assert_eq!(quoted("name='a'"), "'name='\\''a'\\'''");
    }
}
