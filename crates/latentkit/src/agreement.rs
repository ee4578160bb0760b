//! Whether a second run wrote what the first one did.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use latentkit_core::artifact;
use latentkit_core::hash::{self, FileRecord};
use latentkit_core::machine::Machine;
use latentkit_core::manifest::{Manifest, Versions};
use latentkit_core::stage::REPORT;
use latentkit_core::{Result, Stage};
use latentkit_table::{Difference, hash_without_seconds, is_time, table_differences};
use serde::Serialize;
use serde_json::Value;

use crate::output::{self, GOOD, WARNING};
use crate::versions;

/// How an output of the second run compares with that of the first.
#[derive(Debug, Serialize)]
pub(crate) struct Agreement {
    /// The file, relative to the folder of its stage.
    pub(crate) output: String,
    pub(crate) agrees: bool,
    pub(crate) verdict: Verdict,
    /// What differs, as far as the first file is at hand to be compared.
    pub(crate) differences: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Identical,
    /// A table or a JSON file whose other values are the same, bit by bit.
    IdenticalButForTimes,
    /// The report shows when the stages ran and how long it took, so its bytes say nothing.
    ShowsTimes,
    Differs,
    /// Only the first run wrote it.
    NotWritten,
    /// Only the second run wrote it.
    New,
}

/// A part of a file that differs.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    /// `column`, `metadata`, `tensor` or `bytes`.
    kind: &'static str,
    /// Its name; none for bytes.
    name: Option<String>,
    /// The largest absolute difference of its numbers, where they are all finite.
    largest: Option<f64>,
    /// What differs where there is no such number.
    detail: Option<String>,
    /// Whether it differs each time.
    expected: bool,
}

/// Where the files of the first run are, and what else tells two runs apart.
pub(crate) struct First<'a> {
    pub(crate) outputs: &'a [FileRecord],
    /// See [`Manifest::without_times`].
    pub(crate) without_times: &'a BTreeMap<String, String>,
    /// The folder in which the files of the first run may still be.
    pub(crate) folder: &'a Path,
    /// Whether the second run read manifests with other times than the first.
    pub(crate) other_times: bool,
}

/// Compares the files that the second run wrote into `folder` with those of the first.
pub(crate) fn compare(first: &First, folder: &Path) -> Result<Vec<Agreement>> {
    let second = artifact::records(folder)?;
    let mut agreements = Vec::new();
    for record in first.outputs {
        let found = second.iter().find(|found| found.path == record.path);
        let (verdict, differences) = match found {
            None => (Verdict::NotWritten, Vec::new()),
            Some(found) if found.blake3 == record.blake3 => (Verdict::Identical, Vec::new()),
            Some(_) => tell_apart(first, record, &folder.join(&record.path))?,
        };
        agreements.push(Agreement::new(&record.path, verdict, differences));
    }
    for found in second.iter().filter(|found| first.outputs.iter().all(|record| record.path != found.path)) {
        agreements.push(Agreement::new(&found.path, Verdict::New, Vec::new()));
    }
    Ok(agreements)
}

/// How a file whose bytes differ does so.
fn tell_apart(first: &First, record: &FileRecord, second: &Path) -> Result<(Verdict, Vec<Part>)> {
    if let Some(recorded) = first.without_times.get(&record.path)
        && hash_without_times(second)?.as_ref() == Some(recorded)
    {
        return Ok((Verdict::IdenticalButForTimes, Vec::new()));
    }
    if record.path == REPORT && first.other_times {
        return Ok((Verdict::ShowsTimes, Vec::new()));
    }
    let Some(original) = original(first, record) else { return Ok((Verdict::Differs, Vec::new())) };
    let mut parts = if has_extension(second, "parquet") {
        columns(&original, second)?
    } else if has_extension(second, "safetensors") {
        tensors(&original, second)?
    } else {
        return Ok((Verdict::Differs, Vec::new()));
    };
    if !parts.is_empty() && parts.iter().all(|part| part.expected) {
        return Ok((Verdict::IdenticalButForTimes, parts));
    }
    if parts.is_empty() {
        let detail = Some("the same values, written in other bytes".to_owned());
        parts.push(Part { kind: "bytes", name: None, largest: None, detail, expected: false });
    }
    Ok((Verdict::Differs, parts))
}

/// The file of the first run, when it is still there as it was.
fn original(first: &First, record: &FileRecord) -> Option<PathBuf> {
    let path = first.folder.join(&record.path);
    let found = FileRecord::of(&path, record.path.as_str()).ok()?;
    (found == *record).then_some(path)
}

fn columns(first: &Path, second: &Path) -> Result<Vec<Part>> {
    let found = table_differences(first, second)?;
    let columns = found.columns.into_iter().map(|column| {
        let (largest, detail) = match column.difference {
            Difference::Largest(largest) => distance(largest),
            Difference::Rows(rows) => (None, Some(format!("in {rows} row(s)"))),
            Difference::Kind(what) => (None, Some(what)),
        };
        let expected = is_time(&column.name);
        Part { kind: "column", name: Some(column.name), largest, detail, expected }
    });
    let metadata = found.metadata.into_iter().map(|key| Part {
        kind: "metadata",
        name: Some(key),
        largest: None,
        detail: None,
        expected: false,
    });
    Ok(columns.chain(metadata).collect())
}

fn tensors(first: &Path, second: &Path) -> Result<Vec<Part>> {
    let found = latentkit_model::tensor_differences(first, second)?.into_iter().map(|tensor| {
        let (largest, detail) = match tensor.largest {
            Some(largest) => distance(largest),
            None => (None, Some("only in one of them, or of another shape".to_owned())),
        };
        Part { kind: "tensor", name: Some(tensor.name), largest, detail, expected: false }
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

impl Agreement {
    fn new(output: &str, verdict: Verdict, differences: Vec<Part>) -> Self {
        let agrees =
            matches!(verdict, Verdict::Identical | Verdict::IdenticalButForTimes | Verdict::ShowsTimes);
        Self { output: output.to_owned(), agrees, verdict, differences }
    }

    /// Prints it as a line that starts with the name of its stage; names are as wide as `width`.
    fn print(&self, stage: Stage, width: usize) {
        let style = if self.agrees { GOOD } else { WARNING };
        let mut verdict = match self.verdict {
            Verdict::Identical => "identical",
            Verdict::IdenticalButForTimes => "identical but for times",
            Verdict::ShowsTimes => "not compared: it shows times",
            Verdict::Differs => "differs",
            Verdict::NotWritten => "not written this time",
            Verdict::New => "not written the first time",
        }
        .to_owned();
        let parts: Vec<String> =
            self.differences.iter().filter(|part| !part.expected).map(Part::text).collect();
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
pub(crate) fn print(stage: Stage, outputs: &[Agreement]) {
    let width = outputs.iter().map(|output| output.output.len()).max().unwrap_or(0);
    for output in outputs {
        output.print(stage, width);
    }
}

/// How many parts of a file a line names; `--json` names all.
const MOST_SHOWN: usize = 4;

impl Part {
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

/// For those files of a folder that hold times beside other values, the hash of the others, by name relative to the folder.
pub(crate) fn hashes_without_times(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut hashes = BTreeMap::new();
    add_hashes(folder, "", &mut hashes)?;
    Ok(hashes)
}

fn add_hashes(folder: &Path, prefix: &str, hashes: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            add_hashes(&path, &format!("{name}/"), hashes)?;
        } else if let Some(hash) = hash_without_times(&path)? {
            hashes.insert(name, hash);
        }
    }
    Ok(())
}

/// The hash of what a table or a JSON file holds beside times. None when it holds none, or is of another kind.
fn hash_without_times(path: &Path) -> Result<Option<String>> {
    if has_extension(path, "parquet") {
        return hash_without_seconds(path);
    }
    if !has_extension(path, "json") {
        return Ok(None);
    }
    let Ok(mut value) = serde_json::from_slice(&fs_err::read(path)?) else { return Ok(None) };
    let has_times = remove_times(&mut value);
    // A document's hash of itself, which checkpoints hold, follows from the times in it.
    if let Some(document) = value.as_object_mut() {
        document.remove("blake3");
    }
    Ok(has_times.then(|| hash::of_bytes(value.to_string().as_bytes())))
}

/// Removes the values of a JSON document that are times or follow from them: seconds, and speeds. True when there were any.
fn remove_times(value: &mut Value) -> bool {
    match value {
        Value::Object(values) => {
            let before = values.len();
            values.retain(|key, _| !(is_time(key) || key == "speeds" || key.ends_with("_per_second")));
            let removed = values.len() < before;
            values.values_mut().fold(removed, |removed, value| remove_times(value) || removed)
        }
        Value::Array(values) => {
            // Each of them, also after one that had some.
            values.iter_mut().filter_map(|value| remove_times(value).then_some(())).count() > 0
        }
        _ => false,
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// What about the program, the machine and the way that a stage ran is not as it was, each a few words.
pub(crate) fn circumstances(first: &Manifest, threads: usize, device: Option<&str>) -> Vec<String> {
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
    let (old, new) = (first.stage_version.to_string(), first.stage.version().to_string());
    change(&format!("format of `{}`", first.stage), Some(&old), Some(&new));
    change("threads", Some(&first.threads.to_string()), Some(&threads.to_string()));
    change("device", first.device.as_deref(), device);
    if let Some(origin) = &first.origin {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_left_out_of_json_wherever_they_are() {
        let mut checkpoint = json!({
            "tensors": { "blake3": "5f" },
            "state": { "step": 3, "speeds": [1.0], "history": [{ "epoch": 1, "seconds": 2.5 }] },
        });
        assert!(remove_times(&mut checkpoint));
        let rest =
            json!({ "tensors": { "blake3": "5f" }, "state": { "step": 3, "history": [{ "epoch": 1 }] } });
        assert_eq!(checkpoint, rest);
        assert!(!remove_times(&mut checkpoint), "none is left");
    }

    #[test]
    fn only_files_with_times_have_a_hash_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("checkpoints");
        fs_err::create_dir(&deep).unwrap();
        fs_err::write(deep.join("epoch.json"), r#"{ "step": 1, "seconds": 2.0, "blake3": "a" }"#).unwrap();
        fs_err::write(folder.path().join("plain.json"), r#"{ "step": 1 }"#).unwrap();
        fs_err::write(folder.path().join("broken.json"), "{").unwrap();
        let first = hashes_without_times(folder.path()).unwrap();
        assert_eq!(first.keys().collect::<Vec<_>>(), ["checkpoints/epoch.json"]);
        fs_err::write(deep.join("epoch.json"), r#"{ "seconds": 3.0, "step": 1, "blake3": "b" }"#).unwrap();
        assert_eq!(hashes_without_times(folder.path()).unwrap(), first);
        fs_err::write(deep.join("epoch.json"), r#"{ "seconds": 3.0, "step": 2 }"#).unwrap();
        assert_ne!(hashes_without_times(folder.path()).unwrap(), first);
    }
}
