//! Progress for people: bars on a terminal, log lines everywhere, and Ctrl-C.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anstream::ColorChoice;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use latentkit_core::{Cancellation, Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::cli::{Color, Global};
use crate::logging;

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);
static BAR: Mutex<Option<(String, ProgressBar)>> = Mutex::new(None);

/// Sets up colours, the log and the bars.
pub(crate) fn start(global: &Global) {
    match global.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    logging::start(global);
    if global.quiet || logging::is_json() || !io::stderr().is_terminal() {
        BARS.set_draw_target(ProgressDrawTarget::hidden());
    }
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
            log::info!("stopping after this step; Ctrl-C again stops at once");
        }
    });
    Ok(())
}

/// Log lines, written above the bars so that the two do not mix.
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| anstream::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        anstream::stderr().flush()
    }
}

/// What every stage asks whether the user wants to stop.
pub(crate) fn cancellation() -> Cancellation<'static> {
    Cancellation::new(&INTERRUPTED)
}

/// Removes the bar.
pub(crate) fn finish() {
    if let Some((_, bar)) = BAR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
        BARS.remove(&bar);
    }
}

/// Shows how many trials of a sweep have ended.
pub(crate) fn trials(ended: usize, total: usize) {
    advance("sweep", "{prefix} {wide_bar} {pos}/{len} trials, {eta} left", ended as u64, Some(total as u64));
}

/// Moves the bar of this name, or puts one in the place of another.
fn advance(name: &str, template: &str, position: u64, total: Option<u64>) {
    if BARS.is_hidden() {
        return;
    }
    let mut current = BAR.lock().unwrap_or_else(PoisonError::into_inner);
    if current.as_ref().is_none_or(|(shown, _)| shown != name) {
        if let Some((_, old)) = current.take() {
            old.finish_and_clear();
            BARS.remove(&old);
        }
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // A bar that cannot be drawn stops no work.
            let _ = write!(text, "{:.0}/s", state.per_sec());
        };
        let style =
            ProgressStyle::with_template(template).expect("a template of this file").with_key("rate", rate);
        let bar = ProgressBar::new(total.unwrap_or(0)).with_style(style).with_prefix(name.to_owned());
        // What was done before, as by a training that goes on, says nothing about the speed.
        let bar = BARS.add(bar);
        bar.set_position(position);
        bar.reset_eta();
        *current = Some((name.to_owned(), bar));
    }
    if let Some((_, bar)) = current.as_ref() {
        bar.set_position(position);
    }
}
