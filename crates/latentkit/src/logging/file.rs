//! The log of a stage, a file beside its manifest.
//!
//! It holds everything from the level debug on, whatever the command line and `RUST_LOG` ask for on stderr: a run that went
//! wrong days ago is not run again to see more of it.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latentkit_core::Error;
use latentkit_core::event_fields::EventFields;
use latentkit_core::layout::LOG;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::line::{level_name, now};
use crate::versions;

/// One stage at a time, so that events of threads without a span belong to it too.
static CURRENT: Mutex<Option<Current>> = Mutex::new(None);

/// The stage that is running, and its file where it could be opened.
struct Current {
    stage: &'static str,
    file: Option<fs_err::File>,
}

/// While it lives, events go to the log of a stage.
pub(crate) struct StageLog;

/// Opens, or continues, the log of a stage in the folder in which it prepares its files. A log that cannot be written
/// stops no work.
pub(crate) fn stage(stage: &'static str, folder: &Path, threads: usize) -> StageLog {
    let file = fs_err::OpenOptions::new().create(true).append(true).open(folder.join(LOG));
    let file = match file {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::warn!("cannot write the log of `{stage}`: {error}");
            None
        }
    };
    *current() = Some(Current { stage, file });
    let process = std::process::id();
    write("info", &format!("latentkit {}, process {process}, {threads} thread(s)", versions::short()));
    StageLog
}

impl StageLog {
    /// Writes down what ended the stage.
    #[expect(clippy::unused_self, reason = "only while there is a log of a stage")]
    pub(crate) fn failed(&self, error: &Error) {
        write("error", &error.to_string());
    }
}

impl Drop for StageLog {
    fn drop(&mut self) {
        *current() = None;
    }
}

fn current() -> MutexGuard<'static, Option<Current>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stage that is running.
pub(super) fn current_stage() -> Option<&'static str> {
    current().as_ref().map(|current| current.stage)
}

/// Writes a line to the log of the running stage.
fn write(level: &str, message: &str) {
    if let Some(file) = current().as_mut().and_then(|current| current.file.as_mut()) {
        // Later lines of a message stand below its first.
        let line = format!("{} {level:<7} {}\n", now(), message.replace('\n', "\n    "));
        let _ = file.write_all(line.as_bytes());
    }
}

/// Writes the text of each event to the log of the running stage.
pub(super) struct StageFile;

impl<S: Subscriber> Layer<S> for StageFile {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        if !fields.message.is_empty() {
            write(level_name(*event.metadata().level()), &fields.message);
        }
    }
}
