//! Colours, the log, and Ctrl-C.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use anstream::ColorChoice;
use latentkit_core::{Cancellation, Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::cli::{Color, Global};
use crate::logging::{self, TraceFile};

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Sets up colours and the log.
pub(crate) fn start(global: &Global) -> Result<TraceFile> {
    match global.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    logging::start(global)
}

/// Makes SIGINT and SIGTERM stop the work after its step, and at once the second time. For commands that work in steps.
pub(crate) fn stop_on_signals() -> Result<()> {
    let failed = |error| Error::failed(format!("cannot listen for Ctrl-C: {error}"));
    for signal in [SIGINT, SIGTERM] {
        // Both happen in the signal's handler, so that nothing that the program waits for delays them. The first signal
        // finds the flag unset, and sets it; the second finds it set, and ends the process without any cleaning up.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&INTERRUPTED)).map_err(failed)?;
        flag::register(signal, Arc::clone(&INTERRUPTED)).map_err(failed)?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            tracing::info!("stopping after this step; Ctrl-C again stops at once");
        }
    });
    Ok(())
}

/// What every stage asks whether the user wants to stop.
pub(crate) fn cancellation() -> Cancellation<'static> {
    Cancellation::new(&INTERRUPTED)
}
