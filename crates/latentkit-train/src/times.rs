//! How long a training took: in a file of its own, beside the checkpoints, which are the same bytes every time.

use std::path::Path;
use std::time::Instant;

use latentkit_core::{Result, timings};
use serde::{Deserialize, Serialize};

/// The times of the epochs, over all processes that took part. The writing of checkpoints is not counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) epochs: Vec<EpochTime>,
    /// Seconds that the steps of the epoch after them took.
    pub(crate) current: f64,
}

/// An epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EpochTime {
    /// Counts from 1.
    pub(crate) epoch: u32,
    /// With its validation.
    pub(crate) seconds: f64,
    /// Training images, validation not counted.
    pub(crate) images_per_second: f64,
}

impl Times {
    /// Those in a folder, up to where a training resumes: after so many epochs, within the next one or not. Times that are gone
    /// are not missed but in the sums.
    pub(crate) fn resume(folder: &Path, epochs: u32, within: bool) -> Self {
        let mut times: Self = timings::read(folder).unwrap_or_default();
        // What was done after the checkpoint is done again.
        times.epochs.retain(|time| time.epoch <= epochs);
        if !within {
            times.current = 0.0;
        }
        times
    }

    /// Writes them into the folder of the stage.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        timings::write(folder, self)
    }

    /// Seconds of all epochs.
    pub(crate) fn seconds(&self) -> f64 {
        self.epochs.iter().map(|time| time.seconds).sum()
    }

    /// Training images per second, the median of the epochs.
    pub(crate) fn images_per_second(&self) -> f64 {
        let mut speeds: Vec<_> = self.epochs.iter().map(|time| time.images_per_second).collect();
        speeds.sort_by(f64::total_cmp);
        speeds.get(speeds.len() / 2).copied().unwrap_or(0.0)
    }
}

/// Seconds of an epoch, over all processes that take part in it.
pub(crate) struct Clock {
    before: f64,
    start: Instant,
}

impl Clock {
    /// Continues from so many seconds.
    pub(crate) fn from(before: f64) -> Self {
        Self { before, start: Instant::now() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }
}
