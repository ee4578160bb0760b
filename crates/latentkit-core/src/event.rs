//! Progress leaves a stage as values of one closed enum; the caller turns them into bars, log lines or JSON.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// Something that happened inside a stage.
#[derive(Clone, Debug)]
pub enum Event {
    /// Something worth a log line.
    Message(String),
    /// Something that the user should look at, though the work goes on.
    Warning(String),
    /// Bytes of a file have come in; `total` is known when the server tells it.
    Download {
        /// Name of the file.
        name: String,
        /// Bytes so far.
        received: u64,
        /// Bytes in all.
        total: Option<u64>,
    },
    /// A training step is done.
    Step {
        /// Epoch, from 1.
        epoch: u32,
        /// Epochs at most.
        epochs: u32,
        /// Images seen so far in this epoch.
        images: u64,
        /// Images in an epoch.
        total: u64,
    },
    /// An epoch is done.
    Epoch {
        /// Epoch, from 1.
        epoch: u32,
        /// Epochs at most.
        epochs: u32,
        /// Seconds that the epoch took, validation included.
        seconds: f64,
        /// Training images per second.
        images_per_second: f64,
        /// Learning rate of the epoch's last step.
        learning_rate: f64,
        /// Mean training loss of the epoch.
        train_loss: f64,
        /// Mean validation loss after the epoch.
        validation_loss: f64,
    },
    /// Images have been encoded.
    Encoded {
        /// Images so far.
        images: u64,
        /// Images in all.
        total: u64,
    },
    /// The points have been clustered for one method, seed and k of the sweep.
    Clustered {
        /// Name of the method.
        method: &'static str,
        /// Number of clusters.
        k: usize,
        /// Clusterings done so far.
        done: usize,
        /// Clusterings in all: one for each method, seed and k.
        total: usize,
        /// Sum of squared distances to the nearest centroid, for K-Means.
        inertia: Option<f64>,
    },
    /// A file has been drawn.
    Drawn {
        /// Name of the file.
        name: String,
    },
}

/// Where a stage sends its events, and where it learns that the user wants to stop.
#[derive(Clone, Copy)]
pub struct Observer<'a> {
    sink: &'a (dyn Fn(Event) + Sync),
    interrupted: &'a AtomicBool,
}

impl<'a> Observer<'a> {
    /// An observer that hands events to `sink` and stops the work once `interrupted` is set.
    pub fn new(sink: &'a (dyn Fn(Event) + Sync), interrupted: &'a AtomicBool) -> Self {
        Self { sink, interrupted }
    }

    /// Reports an event.
    pub fn emit(&self, event: Event) {
        (self.sink)(event);
    }

    /// Reports something worth a log line.
    pub fn message(&self, text: impl Into<String>) {
        self.emit(Event::Message(text.into()));
    }

    /// Reports something that the user should look at.
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warning(text.into()));
    }

    /// Fails with [`Error::interrupted`] once the user has asked to stop. Called between steps.
    pub fn check(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}

impl Observer<'static> {
    /// An observer that drops every event and never stops the work.
    pub fn silent() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { sink: &|_| {}, interrupted: &NEVER }
    }
}
