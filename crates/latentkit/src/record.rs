//! What the folder of an experiment or of a trial records of its stages, without a config to compare it with.

use std::path::{Path, PathBuf};

use latentkit_core::Result;
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::{MANIFEST, TRIALS_FOLDER};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::SilhouetteKind;
use serde::Serialize;
use serde_json::Value;

use crate::stages::Stage;

/// The folder of an experiment.
pub(crate) struct Record {
    pub(crate) folder: PathBuf,
    /// The state of each stage, and its manifest where it can be read.
    pub(crate) stages: Vec<(Stage, State, Option<Manifest>)>,
}

/// The state of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state", content = "note")]
pub(crate) enum State {
    /// It has not run.
    Missing,
    /// It has started but not finished.
    Unfinished,
    /// Its files are there, made from the files of other stages that are there.
    Done,
    /// A file that it read has been rewritten since.
    Outdated(String),
    /// One of its files is gone or has another size.
    Damaged(String),
    /// Its manifest cannot be read.
    Unreadable(String),
}

impl Record {
    /// Reads the manifests in a folder. Nothing is hashed but manifests: a changed file of the same size goes unnoticed.
    pub(crate) fn read(folder: &Path) -> Self {
        let manifests: Vec<(Stage, Result<Option<Manifest>>)> =
            Stage::all().map(|stage| (stage, Manifest::read(&folder.join(stage.name())))).collect();
        let find = |stage: Stage| {
            manifests
                .iter()
                .find(|(other, _)| *other == stage)
                .and_then(|(_, read)| read.as_ref().ok()?.as_ref())
        };
        let state = |stage: Stage, read: &Result<Option<Manifest>>| match read {
            Err(error) => State::Unreadable(first_line(&error.to_string())),
            Ok(None) if has_begun(folder, stage) => State::Unfinished,
            Ok(None) => State::Missing,
            Ok(Some(manifest)) => {
                let damage = damage(&folder.join(stage.name()), manifest).map(State::Damaged);
                damage
                    .or_else(|| newer_input(folder, manifest, find).map(State::Outdated))
                    .unwrap_or(State::Done)
            }
        };
        let states: Vec<State> = manifests.iter().map(|(stage, read)| state(*stage, read)).collect();
        let stages = manifests
            .into_iter()
            .zip(states)
            .map(|((stage, read), state)| (stage, state, read.ok().flatten()))
            .collect();
        Self { folder: folder.to_path_buf(), stages }
    }

    /// Whether anything of an experiment is in the folder.
    pub(crate) fn is_experiment(&self) -> bool {
        self.stages.iter().any(|(_, state, _)| *state != State::Missing)
    }

    /// The manifests that can be read, in the order of the stages.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.stages.iter().filter_map(|(_, _, manifest)| manifest.as_ref())
    }

    /// The folders of the trials of a sweep over the experiment.
    pub(crate) fn trials(&self) -> Vec<PathBuf> {
        folders(&self.folder.join(TRIALS_FOLDER))
    }
}

/// The folders in a folder that are not hidden, by name, numbers in names as numbers; none where it cannot be read.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<(Vec<Piece>, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_string_lossy().into_owned();
            (!name.starts_with('.') && path.is_dir()).then(|| (pieces(&name), path))
        })
        .collect();
    folders.sort();
    folders.into_iter().map(|(_, path)| path).collect()
}

/// A part of a name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u128),
    Text(String),
}

/// The runs of digits and of other characters of a name, so that `seed=2` comes before `seed=10`.
fn pieces(name: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push(match piece.parse() {
            Ok(number) if digits => Piece::Number(number),
            _ => Piece::Text(piece.to_owned()),
        });
        rest = after;
    }
    pieces
}

/// Whether a run of the stage that did not end has left its folder.
fn has_begun(folder: &Path, stage: Stage) -> bool {
    let prefix = format!(".{stage}.partial-");
    fs_err::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
    })
}

/// What is wrong with the files that the manifest lists.
fn damage(folder: &Path, manifest: &Manifest) -> Option<String> {
    manifest.outputs.iter().find_map(|output| match fs_err::metadata(folder.join(&output.path)) {
        Ok(found) if found.len() == output.bytes => None,
        Ok(_) => Some(format!("`{}` was changed by someone else", output.path)),
        Err(_) => Some(format!("`{}` is gone", output.path)),
    })
}

/// The first input that another stage has written anew since it was read.
fn newer_input<'a>(
    folder: &Path,
    manifest: &Manifest,
    find: impl Fn(Stage) -> Option<&'a Manifest>,
) -> Option<String> {
    manifest.inputs.iter().find_map(|input| {
        let (stage, name) = input.path.split_once('/')?;
        let stage = Stage::named(stage)?;
        let now = if name == MANIFEST {
            FileRecord::of(&folder.join(&input.path), input.path.as_str()).ok()?.blake3
        } else {
            find(stage)?.outputs.iter().find(|output| output.path == name)?.blake3.clone()
        };
        (now != input.blake3).then(|| format!("`{}` is newer", input.path))
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Each k of the summary of a clustering with its mean silhouette of a kind; none where they are of the other kind.
pub(crate) fn silhouettes(summary: &Value, kind: SilhouetteKind) -> Vec<(u32, f64)> {
    let rows = summary["sweep"].as_array().map(Vec::as_slice).unwrap_or_default();
    let point = |row: &Value| {
        let k = row["k"].as_u64().and_then(|k| u32::try_from(k).ok())?;
        Some((k, row[kind.name()].as_f64()?))
    };
    rows.iter().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_sort_as_numbers() {
        let mut names = ["seed=10", "seed=2", "learning-rate=0.001,seed=0", "seed", "a1b2"];
        names.sort_by_key(|name| pieces(name));
        assert_eq!(names, ["a1b2", "learning-rate=0.001,seed=0", "seed", "seed=2", "seed=10"]);
    }

    #[test]
    fn silhouettes_of_all_points_and_of_a_sample_are_told_apart() {
        let exact =
            serde_json::json!({ "sweep": [{ "k": 2, "silhouette": 0.5 }, { "k": 3, "silhouette": 0.25 }] });
        assert_eq!(silhouettes(&exact, SilhouetteKind::Exact), [(2, 0.5), (3, 0.25)]);
        assert_eq!(silhouettes(&exact, SilhouetteKind::Sampled), []);
        let sampled = serde_json::json!({ "sweep": [{ "k": 2, "silhouette_sampled": 0.5 }] });
        assert_eq!(silhouettes(&sampled, SilhouetteKind::Sampled), [(2, 0.5)]);
        assert_eq!(silhouettes(&Value::Null, SilhouetteKind::Exact), []);
    }
}
