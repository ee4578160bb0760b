//! Compares the outputs of a second run with those of the first.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use latentkit_core::Result;
use latentkit_core::artifact;
use latentkit_core::hash::FileRecord;
use latentkit_core::machine::Machine;
use latentkit_core::manifest::{Manifest, Versions};
use latentkit_table::{Difference, table_differences};
use serde::Serialize;

use crate::output;
use crate::stages::Stage;
use crate::styles::{GOOD, WARNING};
use crate::versions;

/// How an output of the second run compares with that of the first.
#[derive(Debug, Serialize)]
pub(crate) struct OutputDiff {
    /// The file, relative to the folder of its stage.
    pub(crate) output: String,
    pub(crate) agrees: bool,
    pub(crate) verdict: Verdict,
    /// What differs, as far as the first file is at hand to be compared.
    pub(crate) differences: Vec<PartDiff>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Identical,
    Differs,
    /// Only the first run wrote it.
    NotWritten,
    /// Only the second run wrote it.
    New,
}

/// A part of a file that differs.
#[derive(Debug, Serialize)]
pub(crate) struct PartDiff {
    /// `column`, `metadata`, `tensor` or `bytes`.
    kind: &'static str,
    /// Its name; none for bytes.
    name: Option<String>,
    /// The largest absolute difference of its numbers, where they are all finite.
    largest: Option<f64>,
    /// What differs where there is no such number.
    detail: Option<String>,
}

/// Where the files of the first run are.
pub(crate) struct First<'a> {
    pub(crate) outputs: &'a [FileRecord],
    /// The folder in which the files of the first run may still be.
    pub(crate) folder: &'a Path,
}

/// Compares the files that the second run wrote into `folder` with those of the first.
pub(crate) fn compare(first: &First, folder: &Path) -> Result<Vec<OutputDiff>> {
    let second = artifact::records(folder)?;
    let mut agreements = Vec::new();
    for record in first.outputs {
        let found = second.iter().find(|found| found.path == record.path);
        let (verdict, differences) = match found {
            None => (Verdict::NotWritten, Vec::new()),
            Some(found) if found.blake3 == record.blake3 => (Verdict::Identical, Vec::new()),
            Some(_) => classify_difference(first, record, &folder.join(&record.path))?,
        };
        agreements.push(OutputDiff::new(&record.path, verdict, differences));
    }
    for found in second.iter().filter(|found| first.outputs.iter().all(|record| record.path != found.path)) {
        agreements.push(OutputDiff::new(&found.path, Verdict::New, Vec::new()));
    }
    Ok(agreements)
}

/// How a file whose bytes differ does so.
fn classify_difference(
    first: &First,
    record: &FileRecord,
    second: &Path,
) -> Result<(Verdict, Vec<PartDiff>)> {
    let Some(original) = original(first, record) else { return Ok((Verdict::Differs, Vec::new())) };
    let mut parts = if has_extension(second, "parquet") {
        columns(&original, second)?
    } else if has_extension(second, "safetensors") {
        tensors(&original, second)?
    } else {
        return Ok((Verdict::Differs, Vec::new()));
    };
    if parts.is_empty() {
        let detail = Some("the same values, written in other bytes".to_owned());
        parts.push(PartDiff { kind: "bytes", name: None, largest: None, detail });
    }
    Ok((Verdict::Differs, parts))
}

/// The file of the first run, when it is still there as it was.
fn original(first: &First, record: &FileRecord) -> Option<PathBuf> {
    let path = first.folder.join(&record.path);
    let found = FileRecord::of(&path, record.path.as_str()).ok()?;
    (found == *record).then_some(path)
}

fn columns(first: &Path, second: &Path) -> Result<Vec<PartDiff>> {
    let found = table_differences(first, second)?;
    let columns = found.columns.into_iter().map(|column| {
        let (largest, detail) = match column.difference {
            Difference::Largest(largest) => distance(largest),
            Difference::Rows(rows) => (None, Some(format!("in {rows} row(s)"))),
            Difference::Kind(what) => (None, Some(what)),
        };
        PartDiff { kind: "column", name: Some(column.name), largest, detail }
    });
    let metadata = found.metadata.into_iter().map(|key| PartDiff {
        kind: "metadata",
        name: Some(key),
        largest: None,
        detail: None,
    });
    Ok(columns.chain(metadata).collect())
}

fn tensors(first: &Path, second: &Path) -> Result<Vec<PartDiff>> {
    let found = latentkit_model::tensor_differences(first, second)?.into_iter().map(|tensor| {
        let (largest, detail) = match tensor.largest {
            Some(largest) => distance(largest),
            None => (None, Some("only in one of them, or of another shape".to_owned())),
        };
        PartDiff { kind: "tensor", name: Some(tensor.name), largest, detail }
    });
    Ok(found.collect())
}

/// JSON has no infinity.
fn distance(largest: f64) -> (Option<f64>, Option<String>) {
    if largest.is_finite() {
        (Some(largest), None)
    } else {
        (None, Some("a number that is not finite in one of them".to_owned()))
    }
}

impl OutputDiff {
    fn new(output: &str, verdict: Verdict, differences: Vec<PartDiff>) -> Self {
        let agrees = verdict == Verdict::Identical;
        Self { output: output.to_owned(), agrees, verdict, differences }
    }

    /// Prints it as a line that starts with the name of its stage; names are as wide as `width`.
    fn print(&self, stage: Stage, width: usize) {
        let style = if self.agrees { GOOD } else { WARNING };
        let mut verdict = match self.verdict {
            Verdict::Identical => "identical",
            Verdict::Differs => "differs",
            Verdict::NotWritten => "not written this time",
            Verdict::New => "not written the first time",
        }
        .to_owned();
        let parts: Vec<String> = self.differences.iter().map(PartDiff::text).collect();
        if !parts.is_empty() {
            let shown = parts.len().min(MOST_SHOWN);
            let _ = write!(verdict, ": {}", parts[..shown].join(", "));
            if parts.len() > shown {
                let _ = write!(verdict, " and {} more", parts.len() - shown);
            }
        }
        output::line(format!("{stage:<8} {:<width$} {style}{verdict}{style:#}", self.output));
    }
}

/// Prints a line for each output of a stage.
pub(crate) fn print(stage: Stage, outputs: &[OutputDiff]) {
    let width = outputs.iter().map(|output| output.output.len()).max().unwrap_or(0);
    for output in outputs {
        output.print(stage, width);
    }
}

/// How many parts of a file a line names; `--json` names all.
const MOST_SHOWN: usize = 4;

impl PartDiff {
    fn text(&self) -> String {
        let mut text = match &self.name {
            Some(name) => format!("{} `{name}`", self.kind),
            None => String::new(),
        };
        if let Some(largest) = self.largest {
            let _ = write!(text, " by up to {largest:.1e}");
        }
        if let Some(detail) = &self.detail {
            let _ = write!(text, "{}{detail}", if text.is_empty() { "" } else { " " });
        }
        text
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// What about the program, the machine and the way that a stage ran is not as it was, each a few words.
pub(crate) fn environment_changes(
    first: &Manifest,
    stage: Stage,
    threads: usize,
    device: Option<&str>,
) -> Vec<String> {
    let now = versions::all();
    let Versions { latentkit, libtorch, git_commit, git_dirty } = &first.versions;
    let mut changes = Vec::new();
    let mut change = |what: &str, old: Option<&str>, new: Option<&str>| {
        if old != new {
            changes.push(format!("{what} {} -> {}", old.unwrap_or("(none)"), new.unwrap_or("(none)")));
        }
    };
    let text = |dirty: Option<bool>| dirty.map(|dirty| if dirty { "with changes" } else { "as committed" });
    change("latentkit", Some(latentkit), Some(&now.latentkit));
    change("libtorch", libtorch.as_deref(), now.libtorch.as_deref());
    change("commit", git_commit.as_deref(), now.git_commit.as_deref());
    change("sources", text(*git_dirty), text(now.git_dirty));
    let (old, new) = (first.stage_version.to_string(), stage.version().to_string());
    change(&format!("format of `{}`", first.stage), Some(&old), Some(&new));
    change("threads", Some(&first.threads.to_string()), Some(&threads.to_string()));
    change("device", first.device.as_deref(), device);
    if let Some(origin) = &first.lineage {
        let (old, new) = (&origin.machine, Machine::current());
        change("system", Some(&old.system), Some(&new.system));
        change("architecture", Some(&old.architecture), Some(&new.architecture));
        change("processor", old.processor.as_deref(), new.processor.as_deref());
        let only = |some: &Machine, others: &Machine| -> Option<String> {
            let names: Vec<_> = some
                .cpu_features
                .iter()
                .filter(|name| !others.cpu_features.contains(name))
                .cloned()
                .collect();
            (!names.is_empty()).then(|| names.join(" "))
        };
        change("CPU features", only(old, &new).as_deref(), only(&new, old).as_deref());
    }
    changes
}
