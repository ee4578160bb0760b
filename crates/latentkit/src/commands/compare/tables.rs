//! The differences as text, as Markdown, as JSON, and as the tables of the page.

use std::path::Path;

use latentkit_plot::ComparedTable;
use serde_json::{Value, json};

use super::differences::{Difference, Differences, Metric, Row};
use super::flatten::shown;
use super::run::Run;
use crate::columns::{Align, Columns, escape};

/// Digits of a hash or commit that are enough to recognise it.
const SHORT_HASH: usize = 10;

/// The longest name that heads a column; where one is longer, letters stand for all of them.
const LONGEST_NAME: usize = 24;

/// A part of the comparison.
struct Part {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    /// What is said where nothing differs.
    empty: &'static str,
    numbers: bool,
    columns: Columns,
}

fn parts(runs: &[Run], differences: &Differences) -> Vec<Part> {
    let Differences { config, versions, machine, inputs, metrics, findings } = differences;
    let part = |id, title, caption, empty, first, rows: &[Row]| Part {
        id,
        title,
        caption,
        empty,
        numbers: false,
        columns: values(runs, first, rows),
    };
    vec![
        part(
            "config",
            "Config",
            "What the stages were given, where it differs",
            "The stages had the same config.",
            "key",
            config,
        ),
        part(
            "versions",
            "Versions",
            "What ran, where it differs",
            "The same software ran.",
            "software",
            versions,
        ),
        part(
            "machine",
            "Machine",
            "Where the stages ran, where it differs",
            "They ran with the same device and threads.",
            "",
            machine,
        ),
        part(
            "inputs",
            "Inputs",
            "BLAKE3 of the files that the stages read, where it differs",
            "Every stage read the same files.",
            "file",
            inputs,
        ),
        Part {
            id: "metrics",
            title: "Metrics",
            caption: "Every figure of every stage",
            empty: "There are no figures.",
            numbers: true,
            columns: numbers(runs, metrics),
        },
        part(
            "findings",
            "Other findings",
            "What else the stages found, where it differs",
            "All other findings are the same.",
            "finding",
            findings,
        ),
    ]
}

/// What heads the column of each run: its name, or a letter where a name is long.
fn heads(runs: &[Run]) -> Vec<String> {
    if has_letters(runs) {
        (b'A'..).take(runs.len()).map(|letter| char::from(letter).to_string()).collect()
    } else {
        runs.iter().map(|run| run.name.clone()).collect()
    }
}

fn has_letters(runs: &[Run]) -> bool {
    runs.iter().any(|run| run.name.chars().count() > LONGEST_NAME)
}

/// The names of the runs, after their letters where they have such.
pub(super) fn names(runs: &[Run]) -> Vec<String> {
    if has_letters(runs) {
        heads(runs).iter().zip(runs).map(|(letter, run)| format!("{letter}: {}", run.name)).collect()
    } else {
        heads(runs)
    }
}

/// A column a run.
fn values(runs: &[Run], first: &str, rows: &[Row]) -> Columns {
    let mut columns = Columns::new().column(first, Align::Left);
    for head in heads(runs) {
        columns = columns.column(head, Align::Left);
    }
    for row in rows {
        let cells = row.values.iter().map(|value| value.as_ref().map_or_else(|| "-".to_owned(), short));
        columns.row([row.key.clone()].into_iter().chain(cells).collect());
    }
    columns
}

/// A column for the first run, and for each other one three: its number, how far it is from the first, and the share.
fn numbers(runs: &[Run], rows: &[Metric]) -> Columns {
    let heads = heads(runs);
    let mut columns = Columns::new().column("metric", Align::Left).column(&heads[0], Align::Right);
    for head in &heads[1..] {
        columns = columns
            .column(head, Align::Right)
            .column("difference", Align::Right)
            .column("relative", Align::Right);
    }
    for row in rows {
        let mut cells = vec![row.key.clone(), number(row.values[0])];
        for (value, difference) in row.values[1..].iter().zip(&row.differences) {
            cells.extend([number(*value), absolute(*difference), relative(*difference)]);
        }
        columns.row(cells);
    }
    columns
}

/// A value as text; of a hash its start.
fn short(value: &Value) -> String {
    let text = shown(value);
    let is_hash = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { text[..SHORT_HASH].to_owned() } else { text }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), significant)
}

fn absolute(difference: Option<Difference>) -> String {
    difference.map_or_else(|| "-".to_owned(), |difference| signed(difference.absolute, significant))
}

fn relative(difference: Option<Difference>) -> String {
    let share = difference.and_then(|difference| difference.relative);
    share.map_or_else(
        || "-".to_owned(),
        |share| format!("{} %", signed(share, |share| format!("{:.2}", share * 100.0))),
    )
}

/// A number with its sign, unless it is 0.
fn signed(value: f64, format: impl Fn(f64) -> String) -> String {
    let text = format(value.abs());
    match () {
        () if value < 0.0 => format!("-{text}"),
        () if value > 0.0 => format!("+{text}"),
        () => text,
    }
}

/// A whole number as it is, another one with five significant digits.
fn significant(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor();
    if (-4.0..9.0).contains(&magnitude) {
        let decimals = (4.0 - magnitude).max(0.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.4e}")
    }
}

/// The parts one below the other, in columns.
pub(super) fn text(runs: &[Run], differences: &Differences) -> Vec<String> {
    let mut lines = if has_letters(runs) { [names(runs), vec![String::new()]].concat() } else { Vec::new() };
    for part in parts(runs, differences) {
        lines.push(part.title.to_owned());
        if part.columns.rows().is_empty() {
            lines.push(format!("  {}", part.empty));
        } else {
            lines.extend(part.columns.lines().iter().map(|line| format!("  {line}")));
        }
        lines.push(String::new());
    }
    lines
}

/// The parts under headings, as tables of Markdown.
pub(super) fn markdown(runs: &[Run], differences: &Differences) -> Vec<String> {
    let mut lines = vec!["# Comparison of runs".to_owned(), String::new()];
    lines.extend(names(runs).iter().map(|name| format!("- {}", escape(name))));
    for part in parts(runs, differences) {
        lines.extend([String::new(), format!("## {}", part.title), String::new()]);
        if part.columns.rows().is_empty() {
            lines.push(part.empty.to_owned());
        } else {
            lines.extend(part.columns.markdown());
        }
    }
    lines
}

/// Everything, with whole hashes and all digits.
pub(super) fn json(runs: &[Run], differences: &Differences, page: Option<&Path>) -> Value {
    let mut value = serde_json::to_value(differences).expect("differences are JSON");
    let run = |run: &Run| json!({ "name": run.name, "folder": run.folder.display().to_string() });
    value["runs"] = runs.iter().map(run).collect();
    value["page"] = json!(page.map(|page| page.display().to_string()));
    value
}

/// The tables of the page.
pub(super) fn page(runs: &[Run], differences: &Differences) -> Vec<ComparedTable> {
    let table = |part: Part| ComparedTable {
        id: part.id,
        title: part.title,
        caption: part.caption,
        empty: part.empty,
        columns: part.columns.names(),
        numbers: part.numbers,
        // A true minus is as wide as the plus.
        rows: part
            .columns
            .rows()
            .iter()
            .map(|row| row.iter().enumerate().map(|cell| typeset(part.numbers, cell)).collect())
            .collect(),
    };
    parts(runs, differences).into_iter().map(table).collect()
}

fn typeset(numbers: bool, (index, cell): (usize, &String)) -> String {
    match cell.strip_prefix('-') {
        Some("") => "–".to_owned(),
        Some(rest) if numbers && index > 0 => format!("−{rest}"),
        _ => cell.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits() {
        let cases = [
            (0.0, "0"),
            (70_000.0, "70000"),
            (0.165_512_3, "0.16551"),
            (-0.5, "-0.50000"),
            (1_234.567_8, "1234.6"),
            (123_456.7, "123457"),
            (2.5e-7, "2.5000e-7"),
            (1.25e12 + 0.5, "1.2500e12"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn differences_have_signs() {
        let difference = |absolute, relative| Some(Difference { absolute, relative });
        assert_eq!(absolute(difference(0.25, None)), "+0.25000");
        assert_eq!(absolute(difference(-0.25, None)), "-0.25000");
        assert_eq!(absolute(difference(0.0, None)), "0");
        assert_eq!(relative(difference(0.0, Some(-0.123_45))), "-12.35 %");
        assert_eq!(relative(difference(0.0, Some(0.0))), "0.00 %");
        assert_eq!(relative(difference(1.0, None)), "-");
    }

    #[test]
    fn a_hash_is_cut_and_a_text_is_not() {
        assert_eq!(short(&json!("0123456789abcdef".repeat(4))), "0123456789");
        assert_eq!(short(&json!("reference")), "reference");
        assert_eq!(short(&json!([2, 3])), "[2,3]");
    }
}
