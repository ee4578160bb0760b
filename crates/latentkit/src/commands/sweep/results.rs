//! What a sweep found: a row a trial, on stdout, as a table and as a chart.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::config::SweepPlan;
use latentkit_core::layout::{TRIAL_LOG, TRIALS};
use latentkit_core::summary::SilhouetteKind;
use latentkit_plot::TrialFigures;
use latentkit_plot::config::PlotConfig;
use latentkit_table::{Metadata, TrialFigure, TrialRow, write_trials};
use serde_json::json;

use super::processes::Ending;
use super::trial::{Chosen, overrides};
use crate::cli::{Global, SweepArguments};
use crate::columns::{Align, Columns};
use crate::figures::{self, Figures};
use crate::output;
use crate::record::Record;
use crate::stages::definition::{Best, Figure, Kind};

/// A trial that ended.
struct Row<'a> {
    chosen: &'a Chosen<'a>,
    /// Why it failed.
    failure: Option<&'a str>,
    /// None when it failed.
    figures: Option<Figures>,
}

impl Row<'_> {
    fn state(&self) -> &'static str {
        if self.failure.is_some() { "failed" } else { "done" }
    }

    fn figure(&self, key: &str) -> Option<f64> {
        self.figures.as_ref()?.get(key)
    }
}

/// Prints the figures of the trials. Of a whole sweep, not of a share of it, the table and the chart are written, too.
pub(super) fn print(
    global: &Global,
    arguments: &SweepArguments,
    plan: &SweepPlan,
    root: &Path,
    chosen: &[Chosen],
    endings: &[Option<Ending>],
) -> Result<()> {
    let rows: Vec<Row> =
        chosen.iter().zip(endings).map(|(chosen, ending)| row(chosen, ending.as_ref())).collect();
    let (mut table, mut charts) = (None, Vec::new());
    if arguments.trial.is_none() {
        fs_err::create_dir_all(root)?;
        let path = root.join(TRIALS);
        let metadata = Metadata::from([
            ("experiment".to_owned(), plan.experiment.as_str().to_owned()),
            ("trials".to_owned(), plan.trials.len().to_string()),
        ]);
        write_trials(&path, &rows.iter().map(table_row).collect::<Vec<_>>(), &metadata)?;
        table = Some(path.display().to_string());
        let figures: Vec<_> = rows.iter().map(chart_row).collect();
        let formats = plan.trials[0].config.section::<PlotConfig>()?.formats;
        let files = latentkit_plot::draw_trials(root, plan.experiment.as_str(), &figures, &formats)?;
        charts = files.iter().map(|file| file.display().to_string()).collect();
    }
    if global.json {
        output::json(&json!({
            "experiment": plan.experiment,
            "folder": root.display().to_string(),
            "of": plan.trials.len(),
            "trials": rows.iter().map(json_row).collect::<Vec<_>>(),
            "table": table,
            "charts": charts,
        }));
        return Ok(());
    }
    for line in text(&rows) {
        output::line(line);
    }
    if let Some(table) = table {
        output::line(format!("table: {table}"));
    }
    for chart in charts {
        output::line(format!("chart: {chart}"));
    }
    Ok(())
}

/// The figures of a trial: those of the stages that it ran, and of no other that may be in its folder from before.
fn row<'a>(chosen: &'a Chosen, ending: Option<&'a Ending>) -> Row<'a> {
    match ending {
        Some(Ending::Done) => {
            let record = Record::read(&chosen.folder);
            let ran = record
                .manifests()
                .filter(|manifest| chosen.stages.iter().any(|stage| stage.name() == manifest.stage));
            Row { chosen, failure: None, figures: Some(Figures::of(ran)) }
        }
        Some(Ending::Failed(reason)) => Row { chosen, failure: Some(reason), figures: None },
        None => Row { chosen, failure: Some("it did not run"), figures: None },
    }
}

fn table_row(row: &Row) -> TrialRow {
    let trial = row.chosen.trial;
    TrialRow {
        trial: u32::try_from(trial.number).unwrap_or(u32::MAX),
        name: trial.name.as_str().to_owned(),
        state: row.state().to_owned(),
        overrides: trial.values.clone(),
        figures: figures::all().map(|figure| (figure.key, table_figure(row, figure))).collect(),
    }
}

fn table_figure(row: &Row, figure: &Figure) -> TrialFigure {
    let value = row.figure(figure.key);
    match figure.kind {
        Kind::Count => TrialFigure::Count(value.map(|value| value as u32)),
        Kind::Number => TrialFigure::Number(value),
    }
}

fn chart_row(row: &Row) -> TrialFigures {
    let trial = row.chosen.trial;
    let sampled = row.figure(SilhouetteKind::Sampled.name());
    TrialFigures {
        number: u32::try_from(trial.number).unwrap_or(u32::MAX),
        name: trial.name.as_str().to_owned(),
        test_bce: row.figure("test_bce"),
        silhouette: row.figure(SilhouetteKind::Exact.name()).or(sampled),
        silhouette_sampled: sampled.is_some(),
    }
}

fn json_row(row: &Row) -> serde_json::Value {
    let Chosen { trial, folder, .. } = row.chosen;
    json!({
        "number": trial.number,
        "name": trial.name,
        "overrides": overrides(trial),
        "state": row.state(),
        "error": row.failure,
        "figures": row.figures,
        "folder": folder.display().to_string(),
        "log": folder.join(TRIAL_LOG).display().to_string(),
    })
}

/// The table as text, the best of each column marked. Columns that no trial has a value for are left out.
fn text(rows: &[Row]) -> Vec<String> {
    let value = |row: &Row, figure: &Figure| row.figure(figure.key).filter(|value| value.is_finite());
    let figures: Vec<&Figure> =
        figures::all().filter(|figure| rows.iter().any(|row| value(row, figure).is_some())).collect();
    let failed = rows.iter().any(|row| row.failure.is_some());
    let mut columns = Columns::new().column("trial", Align::Right).column("name", Align::Left);
    if failed {
        columns = columns.column("state", Align::Left);
    }
    for figure in &figures {
        // The mark of the best takes a place at the right of every number.
        let mark = if figure.best == Best::Neither { "" } else { " " };
        columns = columns.column(format!("{}{mark}", figure.title), Align::Right);
    }
    let timed = rows.iter().any(|row| row.figures.is_some());
    if timed {
        columns = columns.column("time", Align::Right);
    }
    let mut marked = false;
    for row in rows {
        let mut cells = vec![row.chosen.trial.number.to_string(), row.chosen.trial.name.as_str().to_owned()];
        if failed {
            cells.push(row.state().to_owned());
        }
        for figure in &figures {
            let Some(number) = value(row, figure) else {
                cells.push("-".to_owned());
                continue;
            };
            // As shown: of two numbers that look the same, neither is the better one.
            let shown = |number: f64| figure.shown(number);
            let others: Vec<f64> = rows.iter().filter_map(|row| value(row, figure)).collect();
            let is_best = |other: &f64| match figure.best {
                Best::Lowest => number <= *other || shown(number) == shown(*other),
                Best::Highest => number >= *other || shown(number) == shown(*other),
                Best::Neither => false,
            };
            let best = others.len() > 1 && others.iter().all(is_best);
            marked |= best;
            let mark = match figure.best {
                Best::Neither => "",
                _ if best => "*",
                _ => " ",
            };
            cells.push(format!("{}{mark}", shown(number)));
        }
        if timed {
            let seconds = row.figures.as_ref().map(|figures| format!("{:.1} s", figures.seconds));
            cells.push(seconds.unwrap_or_else(|| "-".to_owned()));
        }
        columns.row(cells);
    }
    let mut lines = columns.lines();
    if marked {
        lines.push("* the best of the column".to_owned());
    }
    lines
}
