//! Writing results to stdout and errors to stderr.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use latentkit_core::{Error, Result};
use serde::Serialize;

use crate::logging;
use crate::styles::{ERROR, HINT};

/// The first error of writing to stdout.
static UNWRITTEN: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line. What cannot be printed stops no work: hours of it may follow. [`close`] tells at the end.
pub(crate) fn line(text: impl std::fmt::Display) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Fails when some result could not be printed, unless its reader stopped reading, as in `latentkit config x.toml |
/// head -1`.
pub(crate) fn close() -> Result<()> {
    match UNWRITTEN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot print the results: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) {
    line(text.trim_end_matches('\n'));
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) {
    line(serde_json::to_string_pretty(value).expect("results are JSON"));
}

/// Shows the error that ends the program on stderr.
pub(crate) fn error(error: &Error, exit_code: u8) {
    if logging::is_json() {
        return logging::json_error(error, exit_code);
    }
    let text = error.to_string();
    let (body, hint) = match text.split_once("\nhint: ") {
        Some((body, hint)) => (body, Some(hint)),
        None => (text.as_str(), None),
    };
    let mut err = anstream::stderr().lock();
    // Nothing can be done about an error that cannot be shown.
    let _ = writeln!(err, "{ERROR}error:{ERROR:#} {body}");
    if let Some(hint) = hint {
        let _ = writeln!(err, "{HINT}hint:{HINT:#} {hint}");
    }
}

/// A size to be read, as `2.6 MB`.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} byte(s)");
    }
    let mut value = bytes as f64 / 1000.0;
    for unit in ["kB", "MB", "GB"] {
        // What would be shown as 1000.0 is shown in the next unit.
        if value < 999.95 {
            return format!("{value:.1} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_at_most_three_digits_before_the_point() {
        let shown = [0, 999, 1000, 999_949, 999_950, 2_612_003, 5_000_000_000, 7_000_000_000_000].map(size);
        let expected =
            ["0 byte(s)", "999 byte(s)", "1.0 kB", "999.9 kB", "1.0 MB", "2.6 MB", "5.0 GB", "7.0 TB"];
        assert_eq!(shown, expected);
    }
}
