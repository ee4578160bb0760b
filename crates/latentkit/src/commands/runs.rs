//! `latentkit runs`: the experiments and trials in the folder of artifacts.

use std::path::Path;

use latentkit_core::layout::TRIALS_FOLDER;
use latentkit_core::{Error, Result};
use serde_json::{Map, json};

use crate::cli::Global;
use crate::columns::{Align, Columns};
use crate::figures::{self, Figures};
use crate::output;
use crate::record::{Record, State, folders};
use crate::stages::definition::Figure;
use crate::styles::FAINT;

/// An experiment or a trial.
struct Run {
    name: String,
    record: Record,
    figures: Figures,
    /// Size of its files, without those of its trials.
    bytes: u64,
}

/// Prints a row for each experiment and each trial of a sweep.
pub(crate) fn print(global: &Global) -> Result<()> {
    let artifacts = &global.artifacts;
    if !artifacts.is_dir() {
        return Err(Error::input(format!("cannot find the folder `{}`", artifacts.display()))
            .expected("a folder that experiments were written to")
            .hint("`latentkit run CONFIG` makes it; `--artifacts DIR` chooses another"));
    }
    let runs = find(artifacts);
    if global.json {
        output::json(&json!({
            "artifacts": artifacts.display().to_string(),
            "runs": runs.iter().map(json).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    if runs.is_empty() {
        tracing::info!("no experiments in `{}`", artifacts.display());
        return Ok(());
    }
    let mut shown: Vec<&str> = figures::all().filter_map(|figure| Some(figure.column?.0)).collect();
    shown.dedup();
    let mut columns =
        Columns::new().column("run", Align::Left).column("started", Align::Left).column("time", Align::Right);
    for title in &shown {
        columns = columns.column(*title, Align::Right);
    }
    columns = columns.column("size", Align::Right).column("stages", Align::Left);
    for run in &runs {
        columns.row(cells(run, &shown));
    }
    let mut lines = columns.lines().into_iter();
    output::line(lines.next().unwrap_or_default());
    for (line, run) in lines.zip(&runs) {
        output::line(line);
        for note in notes(run) {
            output::line(format!("  {FAINT}{note}{FAINT:#}"));
        }
    }
    Ok(())
}

/// The experiments, each followed by its trials.
fn find(artifacts: &Path) -> Vec<Run> {
    let mut runs = Vec::new();
    for folder in folders(artifacts) {
        let name = file_name(&folder);
        let record = Record::read(&folder);
        let trials = record.trials();
        if record.is_experiment() {
            runs.push(Run::new(name.clone(), record));
        }
        for trial in trials {
            let record = Record::read(&trial);
            if record.is_experiment() {
                runs.push(Run::new(format!("{name}/{TRIALS_FOLDER}/{}", file_name(&trial)), record));
            }
        }
    }
    runs
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Run {
    fn new(name: String, record: Record) -> Self {
        let figures = Figures::of(record.manifests());
        let bytes = size(&record.folder, true);
        Self { name, record, figures, bytes }
    }

    /// When its first stage started.
    fn started(&self) -> Option<&str> {
        self.record.manifests().map(|manifest| manifest.started.as_str()).min()
    }
}

/// Bytes of the files in a folder; of the folder of an experiment without its trials. Links are not followed.
fn size(folder: &Path, is_experiment: bool) -> u64 {
    let Ok(entries) = fs_err::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => {
            let trials = is_experiment && entry.file_name() == TRIALS_FOLDER;
            if trials { 0 } else { size(&entry.path(), false) }
        }
        Ok(about) if about.is_file() => about.len(),
        _ => 0,
    });
    sizes.sum()
}

/// The cells of a run, whose figures stand in columns of these titles.
fn cells(run: &Run, titles: &[&str]) -> Vec<String> {
    let none = || "-".to_owned();
    let seconds = run.record.manifests().next().map(|_| format!("{:.1} s", run.figures.seconds));
    let figure = |title: &&str| {
        let of_column = |(figure, value): (&'static Figure, Option<f64>)| {
            let (column, suffix) = figure.column?;
            (column == *title).then(|| Some(format!("{}{suffix}", figure.shown(value?))))?
        };
        run.figures.iter().find_map(of_column).unwrap_or_else(none)
    };
    let mut cells =
        vec![run.name.clone(), run.started().map_or_else(none, minutes), seconds.unwrap_or_else(none)];
    cells.extend(titles.iter().map(figure));
    cells.extend([bytes(run.bytes), stages(run)]);
    cells
}

/// A time without its seconds: `2026-03-01 12:34`.
fn minutes(started: &str) -> String {
    started.get(..16).map_or_else(|| started.to_owned(), |time| time.replace('T', " "))
}

/// A size in decimal units.
fn bytes(value: u64) -> String {
    let mut amount = value as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 999.5 {
            return if unit == "B" { format!("{amount} B") } else { format!("{amount:.1} {unit}") };
        }
        amount /= 1000.0;
    }
    format!("{amount:.1} TB")
}

/// The stages that are done, then those that are not as they should be.
fn stages(run: &Run) -> String {
    let stages = &run.record.stages;
    if stages.iter().all(|(_, state, _)| *state == State::Done) {
        return "all done".to_owned();
    }
    let done: Vec<_> =
        stages.iter().filter(|(_, state, _)| *state == State::Done).map(|(stage, ..)| stage.name()).collect();
    let done = (!done.is_empty()).then(|| format!("{} done", done.join(", ")));
    let others = stages.iter().filter_map(|(stage, state, _)| Some(format!("{stage} {}", problem(state)?)));
    done.into_iter().chain(others).collect::<Vec<_>>().join("; ")
}

fn problem(state: &State) -> Option<&'static str> {
    match state {
        State::Done | State::Missing => None,
        State::Unfinished => Some("unfinished"),
        State::Outdated(_) => Some("outdated"),
        State::Damaged(_) => Some("damaged"),
        State::Unreadable(_) => Some("unreadable"),
    }
}

/// What is wrong with stages.
fn notes(run: &Run) -> Vec<String> {
    let note = |state: &State| match state {
        State::Outdated(note) | State::Damaged(note) | State::Unreadable(note) => Some(note.clone()),
        State::Done | State::Missing | State::Unfinished => None,
    };
    run.record
        .stages
        .iter()
        .filter_map(|(stage, state, _)| Some(format!("{stage}: {}", note(state)?)))
        .collect()
}

fn json(run: &Run) -> serde_json::Value {
    let stages: Map<_, _> = run
        .record
        .stages
        .iter()
        .map(|(stage, state, manifest)| {
            let mut value = serde_json::to_value(state).expect("a state is JSON");
            if let Some(manifest) = manifest {
                value["started"] = json!(manifest.started);
                value["seconds"] = json!(manifest.seconds);
            }
            (stage.name().to_owned(), value)
        })
        .collect();
    json!({
        "name": run.name,
        "folder": run.record.folder.display().to_string(),
        "started": run.started(),
        "bytes": run.bytes,
        "figures": run.figures,
        "stages": stages,
    })
}
