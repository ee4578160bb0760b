//! The log: on stderr as text or JSON, and a file of each stage beside its manifest.
//!
//! The file holds everything from the level debug on, whatever the command line and `RUST_LOG` ask for on stderr: a run that
//! went wrong days ago is not run again to see more of it.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use latentkit_core::stage::LOG;
use latentkit_core::{Error, Stage};
use log::kv::{self, Key, VisitSource, VisitValue};
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::{Global, LogFormat};
use crate::output::WARNING;
use crate::progress::AboveBars;
use crate::versions;

static FORMAT: OnceLock<LogFormat> = OnceLock::new();
static CURRENT: Mutex<Option<Current>> = Mutex::new(None);

/// The stage that is running, and its file where it could be opened.
struct Current {
    stage: Stage,
    file: Option<fs_err::File>,
}

/// Sets up the log. Called once.
pub(crate) fn start(global: &Global) {
    let _ = FORMAT.set(global.log_format);
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::Warn,
        (false, 0) => LevelFilter::Info,
        (false, 1) => LevelFilter::Debug,
        (false, _) => LevelFilter::Trace,
    };
    let mut builder = env_logger::Builder::new();
    // A level alone, as in `RUST_LOG=off`, is for everything; more exact entries only add to what the options ask for.
    let variable = std::env::var(env_logger::DEFAULT_FILTER_ENV).unwrap_or_default();
    if !variable.split(',').any(|entry| entry.trim().parse::<LevelFilter>().is_ok()) {
        builder.filter(None, LevelFilter::Warn).filter(Some("latentkit"), level);
    }
    builder.parse_filters(&variable).target(env_logger::Target::Pipe(Box::new(AboveBars)));
    match global.log_format {
        LogFormat::Text => builder.format(|out, record| match record.level() {
            Level::Error | Level::Warn => writeln!(out, "{WARNING}warning:{WARNING:#} {}", record.args()),
            _ => writeln!(out, "{}", record.args()),
        }),
        LogFormat::Json => builder.format(|out, record| writeln!(out, "{}", Line::of(record).json())),
    };
    let stderr = builder.build();
    log::set_max_level(stderr.filter().max(LevelFilter::Debug));
    // A second logger is a mistake of this program's, and its first one stays.
    let _ = log::set_boxed_logger(Box::new(Both { stderr }));
}

/// Whether stderr gets JSON lines.
pub(crate) fn is_json() -> bool {
    FORMAT.get() == Some(&LogFormat::Json)
}

/// Shows the error that ends the program as a JSON line on stderr.
pub(crate) fn json_error(error: &Error, exit_code: u8) {
    let text = error.to_string();
    let (message, hint) = match text.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => (text.as_str(), None),
    };
    let mut line = Line::new("error", message.to_owned());
    line.fields.insert("exit_code".to_owned(), json!(exit_code));
    if let Some(hint) = hint {
        line.fields.insert("hint".to_owned(), json!(hint));
    }
    // Nothing can be done about an error that cannot be shown.
    let _ = writeln!(anstream::stderr().lock(), "{}", line.json());
}

/// While it lives, log lines go to the log of a stage too.
pub(crate) struct StageLog;

/// Opens, or goes on with, the log of a stage in the folder in which it prepares its files. A log that cannot be written
/// stops no work.
pub(crate) fn stage(stage: Stage, folder: &Path, threads: usize) -> StageLog {
    let file = fs_err::OpenOptions::new().create(true).append(true).open(folder.join(LOG));
    let file = match file {
        Ok(file) => Some(file),
        Err(error) => {
            log::warn!("the log of `{stage}` is not kept: {error}");
            None
        }
    };
    *current() = Some(Current { stage, file });
    let process = std::process::id();
    to_file("info", &format!("latentkit {}, process {process}, {threads} thread(s)", versions::short()));
    StageLog
}

impl StageLog {
    /// Writes down what ended the stage.
    #[expect(clippy::unused_self, reason = "only while there is a log of a stage")]
    pub(crate) fn failed(&self, error: &Error) {
        to_file("error", &error.to_string());
    }
}

impl Drop for StageLog {
    fn drop(&mut self) {
        *current() = None;
    }
}

fn current() -> std::sync::MutexGuard<'static, Option<Current>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a line to the log of the running stage.
fn to_file(level: &str, message: &str) {
    if let Some(file) = current().as_mut().and_then(|current| current.file.as_mut()) {
        let mut line = format!("{} {level:<7} ", now());
        // Later lines of a message stand below its first.
        let _ = writeln!(line, "{}", message.replace('\n', "\n    "));
        let _ = file.write_all(line.as_bytes());
    }
}

/// Now, in UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// Log lines go to stderr, as far as the user wants them, and to the log of the stage.
struct Both {
    stderr: env_logger::Logger,
}

impl Log for Both {
    fn enabled(&self, metadata: &Metadata) -> bool {
        is_kept(metadata) || self.stderr.enabled(metadata)
    }

    fn log(&self, record: &Record) {
        if self.stderr.matches(record) {
            self.stderr.log(record);
        }
        if is_kept(record.metadata()) {
            to_file(level_name(record.level()), &record.args().to_string());
        }
    }

    fn flush(&self) {
        self.stderr.flush();
    }
}

/// Whether the log of a stage keeps a line.
fn is_kept(metadata: &Metadata) -> bool {
    metadata.level() <= Level::Debug && metadata.target().starts_with("latentkit")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

/// A line of `--log-format json`.
#[derive(Serialize)]
struct Line {
    time: String,
    level: &'static str,
    stage: Option<Stage>,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Line {
    fn new(level: &'static str, message: String) -> Self {
        let stage = current().as_ref().map(|current| current.stage);
        Self { time: now(), level, stage, message, fields: Map::new() }
    }

    fn of(record: &Record) -> Self {
        let mut line = Self::new(level_name(record.level()), record.args().to_string());
        // The fields hold numbers and texts only, so that none is refused.
        let _ = record.key_values().visit(&mut Fields(&mut line.fields));
        line
    }

    fn json(&self) -> String {
        serde_json::to_string(self).expect("a line is JSON")
    }
}

/// Collects the fields of a log record.
struct Fields<'a>(&'a mut Map<String, Value>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut json = Field(Value::Null);
        value.visit(&mut json)?;
        self.0.insert(key.to_string(), json.0);
        Ok(())
    }
}

/// A field of a log record as JSON; a number that is not finite is null there.
struct Field(Value);

impl VisitValue<'_> for Field {
    fn visit_any(&mut self, value: kv::Value) -> Result<(), kv::Error> {
        self.0 = value.to_string().into();
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }
}
