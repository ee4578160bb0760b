//! What training needs to go on after an epoch: weights, moments, and the state of the loop as readable JSON.
//!
//! A checkpoint is `epoch-0000003.safetensors` and, written after it, `epoch-0000003.json` with its hash. Without the second
//! file the checkpoint does not exist.

use std::path::{Path, PathBuf};

use latentkit_core::hash::FileRecord;
use latentkit_core::{Error, Observer, Result, atomic};
use latentkit_model::{Adam, AutoEncoder, read_tensors, write_tensors};
use latentkit_table::HistoryRow;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::schedule::ScheduleState;
use crate::stopping::StoppingState;

/// How many checkpoints are kept.
const KEEP: usize = 2;

/// The state of the loop after an epoch. Shuffles follow from seed and epoch, so no generator is part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps done.
    pub(crate) step: u32,
    pub(crate) schedule: ScheduleState,
    pub(crate) stopping: StoppingState,
    pub(crate) stopped: bool,
    /// The epochs done.
    pub(crate) history: Vec<HistoryRow>,
    /// Training images per second of each epoch, validation not counted.
    pub(crate) speeds: Vec<f64>,
}

impl State {
    pub(crate) fn new(learning_rate: f64) -> Self {
        Self {
            step: 0,
            schedule: ScheduleState::new(learning_rate),
            stopping: StoppingState::default(),
            stopped: false,
            history: Vec::new(),
            speeds: Vec::new(),
        }
    }

    /// Epochs done.
    pub(crate) fn epoch(&self) -> u32 {
        self.history.len() as u32
    }
}

/// The JSON beside the tensors.
#[derive(Serialize, Deserialize)]
struct Record {
    tensors: FileRecord,
    state: State,
}

fn tensors_of(model: &AutoEncoder, adam: &Adam) -> Vec<(String, Tensor)> {
    let mut tensors = model.named_tensors();
    let names: Vec<String> =
        tensors.iter().filter(|(_, tensor)| tensor.requires_grad()).map(|(name, _)| name.clone()).collect();
    tensors.extend(adam.named_tensors(&names));
    tensors
}

/// Writes a checkpoint and removes those before the last [`KEEP`]. Returns the path of its tensors.
pub(crate) fn write(folder: &Path, state: &State, model: &AutoEncoder, adam: &Adam) -> Result<PathBuf> {
    fs_err::create_dir_all(folder)?;
    let name = format!("epoch-{:07}.safetensors", state.epoch());
    let path = folder.join(&name);
    write_tensors(&path, &tensors_of(model, adam), &serde_json::json!({ "model": model.config }))?;
    let record = Record { tensors: FileRecord::of(&path, name)?, state: state.clone() };
    let text = serde_json::to_vec_pretty(&record).expect("a checkpoint's record is JSON");
    atomic::write(&path.with_extension("json"), &text)?;
    remove_old(folder)?;
    Ok(path)
}

/// Removes all but the last [`KEEP`] checkpoints, and tensors whose record was never written.
fn remove_old(folder: &Path) -> Result<()> {
    let kept: Vec<PathBuf> = list(folder)?.into_iter().rev().take(KEEP).collect();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if !kept.contains(&path.with_extension("json")) {
            fs_err::remove_file(path)?;
        }
    }
    Ok(())
}

/// The records in the folder, oldest first.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut records = Vec::new();
    if folder.is_dir() {
        for entry in fs_err::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                records.push(path);
            }
        }
    }
    records.sort();
    Ok(records)
}

/// Loads the newest checkpoint that is whole into model and optimizer. None when there is none. Beside the
/// state, the path of its tensors.
pub(crate) fn restore(
    folder: &Path,
    model: &AutoEncoder,
    adam: &mut Adam,
    observer: Observer,
) -> Result<Option<(State, PathBuf)>> {
    for path in list(folder)?.iter().rev() {
        match restore_one(path, model, adam) {
            Ok(state) => return Ok(Some((state, path.with_extension("safetensors")))),
            Err(error) => observer.warn(format!("cannot use the checkpoint `{}`: {error}", path.display())),
        }
    }
    Ok(None)
}

fn restore_one(path: &Path, model: &AutoEncoder, adam: &mut Adam) -> Result<State> {
    let record: Record = serde_json::from_slice(&fs_err::read(path)?)
        .map_err(|error| Error::input(format!("its record cannot be read: {error}")))?;
    let tensors = path.with_extension("safetensors");
    let found = FileRecord::of(&tensors, record.tensors.path.as_str())?;
    if found != record.tensors {
        return Err(Error::input("its tensors are not the ones that were written")
            .expected(format!("BLAKE3 {}", record.tensors.blake3))
            .found(found.blake3));
    }
    read_tensors(&tensors, |_| Ok(((), tensors_of(model, adam))))?;
    adam.step = record.state.step;
    Ok(record.state)
}
