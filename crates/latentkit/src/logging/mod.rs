//! The log, as layers over what stages report: lines on a terminal or JSON, the file of each stage, bars, and a trace.

mod bars;
mod file;
mod json;
mod line;
mod terminal;
mod trace;

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use latentkit_core::Result;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterFn, Targets, filter_fn};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::cli::{Global, LogFormat};
use trace::Trace;

pub(crate) use file::stage;
pub(crate) use json::error as json_error;
pub(crate) use trace::TraceFile;

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// What all targets of this project begin with.
const OURS: &str = "latentkit";

/// Sets up the log. Called once.
///
/// # Errors
/// When the file of the trace cannot be created.
pub(crate) fn start(global: &Global) -> Result<TraceFile> {
    let _ = FORMAT.set(global.log_format);
    let (shown, unknown) = shown(global, &std::env::var("RUST_LOG").unwrap_or_default());
    let (trace, file) = global.trace.as_deref().map(Trace::create).transpose()?.unzip();
    let bars = !global.quiet && !is_json() && io::stderr().is_terminal();
    let (text, json) = match global.log_format {
        LogFormat::Text => (Some(terminal::Terminal), None),
        LogFormat::Json => (None, Some(json::Json)),
    };
    let kept = Targets::new().with_target(OURS, LevelFilter::DEBUG);
    let layers = tracing_subscriber::registry()
        .with(bars.then(bars::layer))
        .with(text.map(|text| text.with_filter(events_of(shown.clone()))))
        .with(json.map(|json| json.with_filter(events_of(shown))))
        .with(file::StageFile.with_filter(events_of(kept.clone())))
        .with(trace.map(|trace| trace.with_filter(kept)));
    // A second log is a mistake of this program's, and its first one stays.
    let _ = layers.try_init();
    for entry in unknown {
        tracing::warn!("`RUST_LOG`: `{entry}` is neither a level nor TARGET=LEVEL");
    }
    Ok(file.unwrap_or_default())
}

/// Those events of what a filter lets through. Where neither bars nor a trace want spans, none is made, and counting steps
/// costs nothing.
fn events_of(filter: Targets) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let most = Filter::<Registry>::max_level_hint(&filter).unwrap_or(LevelFilter::TRACE);
    let is_shown =
        move |about: &Metadata<'_>| about.is_event() && filter.would_enable(about.target(), about.level());
    filter_fn(is_shown).with_max_level_hint(most)
}

/// What stderr shows: what the options ask for, and what `RUST_LOG` adds to it. Also the entries of `RUST_LOG` that are not
/// understood.
fn shown(global: &Global, variable: &str) -> (Targets, Vec<String>) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, 0) => LevelFilter::INFO,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    // usvg warns of each character that the bundled font lacks, which the picture shows.
    let mut shown = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("usvg", LevelFilter::ERROR)
        .with_target(OURS, level);
    let (mut entries, mut unknown) = (Vec::new(), Vec::new());
    for entry in variable.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match entry.parse::<Targets>() {
            Ok(entry) => entries.push(entry),
            Err(_) => unknown.push(entry.to_owned()),
        }
    }
    // A level alone, as in `RUST_LOG=off`, is for everything; more exact entries only add to what the options ask for.
    if let Some(level) = entries.iter().filter_map(Targets::default_level).next_back() {
        shown = Targets::new().with_default(level);
    }
    (entries.into_iter().fold(shown, Targets::with_targets), unknown)
}

/// Whether stderr gets JSON lines.
pub(crate) fn is_json() -> bool {
    FORMAT.get() == Some(&LogFormat::Json)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use tracing::Level;

    use super::*;
    use crate::cli::Cli;

    /// Whether the options and the variable show each of these: debug, info and warnings of a stage, warnings and debug of
    /// another crate.
    fn of(options: &[&str], variable: &str) -> [bool; 5] {
        let cli = Cli::parse_from([&["latentkit"], options, &["runs"]].concat());
        let (shown, _) = shown(&cli.global, variable);
        [
            ("latentkit_train", Level::DEBUG),
            ("latentkit_train", Level::INFO),
            ("latentkit_train", Level::WARN),
            ("ureq::run", Level::WARN),
            ("ureq::run", Level::DEBUG),
        ]
        .map(|(target, level)| shown.would_enable(target, &level))
    }

    #[test]
    fn the_variable_adds_to_the_options_and_a_level_alone_outranks_them() {
        let (t, f) = (true, false);
        assert_eq!(of(&[], ""), [f, t, t, t, f]);
        assert_eq!(of(&["-v"], ""), [t, t, t, t, f]);
        assert_eq!(of(&["-q"], ""), [f, f, t, t, f]);
        assert_eq!(of(&["-v"], "off"), [f; 5]);
        assert_eq!(of(&[], " debug"), [t; 5]);
        assert_eq!(of(&[], "latentkit=debug"), [t, t, t, t, f]);
        assert_eq!(of(&[], "ureq=debug,latentkit=warn"), [f, f, t, t, t]);
        assert_eq!(of(&["-q"], "warn,latentkit_train=info"), [f, t, t, t, f]);
    }

    #[test]
    fn entries_that_are_not_understood_are_told() {
        let cli = Cli::parse_from(["latentkit", "runs"]);
        assert_eq!(shown(&cli.global, "latentkit=loud,,ureq=debug").1, ["latentkit=loud"]);
    }
}
