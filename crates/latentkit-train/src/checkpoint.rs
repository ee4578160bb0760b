//! What training needs to go on: weights, moments, and the state of the loop as readable JSON.
//!
//! A checkpoint is `epoch-0000003.safetensors` and, written after it, `epoch-0000003.json` with the hash of the first and
//! its own; within an epoch `epoch-0000004-step-0000120`. Without the second file the checkpoint does not exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use latentkit_core::hash::{self, FileRecord};
use latentkit_core::layout::CHECKPOINTS;
use latentkit_core::{Error, Result, atomic};
use latentkit_model::{EngineState, MetricSums, read_tensors, write_tensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::{Position, Progress, State};
use crate::times::Times;

/// How many checkpoints are kept while training goes on.
const KEEP: usize = 2;

/// Counts the changes of what a checkpoint holds.
const VERSION: u32 = 2;

/// The key of the record's own hash, which is of all its other keys.
const SEAL: &str = "blake3";

/// The JSON beside the tensors, without its hash.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    version: u32,
    tensors: FileRecord,
    state: State,
    /// Metrics of the epoch that has begun.
    metrics: MetricSums,
}

impl Record {
    /// The text of the file. None when some number is not finite, which JSON cannot hold.
    fn text(&self) -> Option<Vec<u8>> {
        let mut value = serde_json::to_value(self).ok()?;
        if serde_json::from_value::<Self>(value.clone()).ok()? != *self {
            return None;
        }
        value[SEAL] = hash::of_bytes(value.to_string().as_bytes()).into();
        serde_json::to_vec_pretty(&value).ok()
    }

    /// What [`Record::text`] wrote.
    fn parse(text: &[u8]) -> Result<Self> {
        let unreadable = |error| Error::input(format!("its record cannot be read: {error}"));
        let mut value: Value = serde_json::from_slice(text).map_err(unreadable)?;
        if value["version"] != VERSION {
            return Err(Error::input("its record is of another version")
                .expected(VERSION.to_string())
                .found(value["version"].to_string()));
        }
        let seal = value.as_object_mut().and_then(|keys| keys.remove(SEAL)).unwrap_or_default();
        let found = hash::of_bytes(value.to_string().as_bytes());
        if seal != *found {
            return Err(Error::input("its record is not the one that was written")
                .expected(format!("BLAKE3 {seal}"))
                .found(found));
        }
        serde_json::from_value(value).map_err(unreadable)
    }
}

/// The checkpoints of a training.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    /// The folder of the stage, where the times are.
    stage: PathBuf,
    folder: PathBuf,
    last: Option<Position>,
    /// When the last was written, or this process began.
    since: Instant,
    /// Whether the user was told that the numbers are no longer finite.
    warned: bool,
}

impl Checkpoints {
    /// Those in the folder of a stage.
    pub(crate) fn new(stage: &Path) -> Self {
        let folder = stage.join(CHECKPOINTS);
        Self { stage: stage.to_owned(), folder, last: None, since: Instant::now(), warned: false }
    }

    /// Where training resumes after an interruption: the last checkpoint written or restored.
    pub(crate) fn last(&self) -> Option<Position> {
        self.last
    }

    /// The tensors of that.
    pub(crate) fn last_path(&self) -> Option<PathBuf> {
        self.last.map(|last| self.tensors(last))
    }

    /// The time since the last one was written.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    fn tensors(&self, position: Position) -> PathBuf {
        self.folder.join(format!("{position}.safetensors"))
    }

    fn record(&self, position: Position) -> PathBuf {
        self.folder.join(format!("{position}.json"))
    }

    /// Writes a checkpoint and removes those before the last [`KEEP`]. Does nothing where the last one is of this position,
    /// and before the first step. What is not finite is not written: it would take the place of a state that is.
    pub(crate) fn write(&mut self, progress: &Progress) -> Result<()> {
        let position = progress.state.position();
        if position == self.last.unwrap_or_default() {
            return Ok(());
        }
        let written = self.write_one(position, progress)?;
        self.since = Instant::now();
        if written {
            self.last = Some(position);
            self.remove_others(position, KEEP)?;
        } else if !self.warned {
            tracing::warn!("no checkpoint is written: the weights, moments or metrics are not finite");
            self.warned = true;
        }
        Ok(())
    }

    /// Whether the numbers were finite, and so written.
    fn write_one(&self, position: Position, progress: &Progress) -> Result<bool> {
        let now = progress.engine.state();
        if !now.is_finite() {
            return Ok(false);
        }
        atomic::create_folder(&self.folder)?;
        let path = self.tensors(position);
        let tensors = [now.tensors, now.moments].concat();
        write_tensors(&path, &tensors, &serde_json::json!({ "model": progress.model.config }))?;
        let record = Record {
            version: VERSION,
            tensors: FileRecord::of(&path, format!("{position}.safetensors"))?,
            state: progress.state.clone(),
            metrics: now.metrics,
        };
        let Some(text) = record.text() else { return Ok(false) };
        progress.times.write(&self.stage)?;
        atomic::write(&self.record(position), &text)?;
        Ok(true)
    }

    /// Removes all but the last, so that a finished training leaves the same files whatever interrupted it.
    pub(crate) fn keep_last(&self) -> Result<()> {
        self.last.map_or(Ok(()), |last| self.remove_others(last, 1))
    }

    /// Removes all but `newest` and those before it, `keep` in all. Those after it could not be used, or this one would not
    /// be the newest.
    fn remove_others(&self, newest: Position, keep: usize) -> Result<()> {
        let mut kept: Vec<Position> = self.positions()?.range(..=newest).copied().collect();
        kept.retain(|&position| self.record(position).exists());
        kept.drain(..kept.len().saturating_sub(keep));
        for entry in fs_err::read_dir(&self.folder)? {
            let path = entry?.path();
            if !position_of(&path).is_some_and(|position| kept.contains(&position)) {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The positions that the folder has files of.
    fn positions(&self) -> Result<BTreeSet<Position>> {
        if !self.folder.is_dir() {
            return Ok(BTreeSet::new());
        }
        let mut positions = BTreeSet::new();
        for entry in fs_err::read_dir(&self.folder)? {
            positions.extend(position_of(&entry?.path()));
        }
        Ok(positions)
    }

    /// Loads the newest checkpoint that is whole, and says which. Warns of each that is not.
    pub(crate) fn restore(&mut self, progress: &mut Progress, steps_per_epoch: usize) -> Result<()> {
        let positions = self.positions()?;
        for &position in positions.iter().rev() {
            match self.restore_one(position, progress) {
                Ok(()) => {
                    self.last = Some(position);
                    tracing::info!("resuming from the checkpoint after {}", position.of(steps_per_epoch));
                    return Ok(());
                }
                Err(error) => {
                    tracing::warn!(
                        "cannot use the checkpoint `{}`: {error}",
                        self.record(position).display()
                    );
                }
            }
        }
        if !positions.is_empty() {
            tracing::warn!("no checkpoint can be used: training starts again");
        }
        Ok(())
    }

    fn restore_one(&self, position: Position, progress: &mut Progress) -> Result<()> {
        let Record { tensors, state, metrics, .. } = Record::parse(&fs_err::read(self.record(position))?)?;
        let path = self.tensors(position);
        let found = FileRecord::of(&path, tensors.path.as_str())?;
        if found != tensors {
            return Err(Error::input("its tensors are not the ones that were written")
                .expected(format!("BLAKE3 {}", tensors.blake3))
                .found(found.blake3));
        }
        let (layout, count) = EngineState::layout(&progress.model);
        let (_, mut tensors) = read_tensors(&path, |_| Ok(layout))?;
        let moments = tensors.split_off(count);
        progress.engine.restore(EngineState { tensors, moments, steps: state.step, metrics });
        progress.times = Times::resume(&self.stage, state.epoch(), state.current.steps > 0);
        progress.state = state;
        Ok(())
    }
}

/// The position that a file of a checkpoint is of.
fn position_of(path: &Path) -> Option<Position> {
    let known = path.extension().is_some_and(|extension| extension == "json" || extension == "safetensors");
    Position::parse(path.file_stem()?.to_str()?).filter(|_| known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Record {
        let current = json!({ "steps": 2, "learning_rate": 1e-3 });
        let state = json!({
            "step": 2, "stopped": false, "history": [], "current": current,
            "schedule": { "rate": 1e-3, "best": 0.1, "wait": 0, "cooldown": 0 },
            "stopping": { "best": null, "wait": 0 },
        });
        Record {
            version: VERSION,
            tensors: FileRecord { path: "a.safetensors".into(), bytes: 1, blake3: "00".into() },
            state: serde_json::from_value(state).unwrap(),
            // Sums as they come: none of them is a short decimal.
            metrics: MetricSums {
                sums: [1.0 / 3.0, 0.1 + 0.2, 5e-324, 1.797_693_134_862_315_7e308],
                images: 16,
            },
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let text = record().text().unwrap();
        let read = Record::parse(&text).unwrap();
        assert_eq!(read, record());
        assert_eq!(read.metrics.sums.map(f64::to_bits), record().metrics.sums.map(f64::to_bits));
    }

    #[test]
    fn a_record_with_a_flipped_bit_is_recognised() {
        let text = record().text().unwrap();
        let mut harmless = 0;
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut damaged = text.clone();
                damaged[at] ^= 1 << bit;
                // What lies between the keys may change: a space into a tab, the case of an exponent's letter.
                if let Ok(read) = Record::parse(&damaged) {
                    assert_eq!(read, record(), "byte {at}, bit {bit}");
                    harmless += 1;
                }
            }
        }
        assert!(harmless < text.len(), "{harmless} of {} flips were not noticed", 8 * text.len());
    }

    #[test]
    fn what_is_not_finite_has_no_record() {
        let mut not_finite = record();
        not_finite.metrics.sums[0] = f64::NAN;
        assert_eq!(not_finite.text(), None);
        let mut not_finite = record();
        not_finite.state.schedule = not_finite.state.schedule.after_epoch(
            &serde_json::from_value(json!({ "kind": "reduce-on-plateau" })).unwrap(),
            f64::NEG_INFINITY,
        );
        assert_eq!(not_finite.text(), None);
    }
}
