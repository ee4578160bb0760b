//! `latentkit sweep`: an experiment for each combination of values.

mod arguments;
mod processes;
mod results;
mod trial;

use latentkit_core::config::SweepPlan;
use latentkit_core::layout::{TRIAL_LOG, TRIALS_FOLDER};
use latentkit_core::{Error, Result};
use serde_json::json;

use crate::cli::{Global, SweepArguments};
use crate::columns::{Align, Columns};
use crate::output;
use crate::points::is_pattern;
use crate::stages::{self};
use arguments::{quoted, steps};
use processes::{Ending, Job};
use trial::{Chosen, overrides, stages};

/// `latentkit sweep`. Every trial is checked before the first one runs.
pub(crate) fn run(global: &Global, arguments: &SweepArguments) -> Result<()> {
    let before = fs_err::read(&arguments.config).ok();
    let plan = SweepPlan::load(&arguments.config, &global.overrides, stages::sections())?;
    if let Some(points) = arguments.latents.iter().find(|points| !points.exists() && !is_pattern(points)) {
        return Err(Error::input(format!("cannot find the points `{}`", points.display())));
    }
    let options = arguments.columns.options();
    if let Some((option, _)) = options.first().filter(|_| arguments.latents.is_empty()) {
        return Err(Error::usage(format!(
            "`{option}` is about points of `--latents FILE`, which is missing"
        )));
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
        tracing::info!("this share of {} trials is empty", plan.trials.len());
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
                .hint("the same command reruns the trials that the change affects and skips the others"))
        }
        _ => Ok(()),
    };
    let ran = processes::run(&work, jobs, arguments.keep_going, unchanged)?;
    if ran.interrupted {
        return Err(Error::interrupted()
            .hint("run the same command again to continue: finished trials are skipped, trainings resume from their last checkpoint"));
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
    Err(error.hint(format!("see `{}`; the same command retries what failed{ways}", log.display())))
}

/// The threads of all trials that run at the same time.
fn threads(global: &Global) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    global.threads.map_or(cores, usize::from)
}

/// Prints the trials.
fn print_trials(global: &Global, plan: &SweepPlan, chosen: &[Chosen]) {
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
