//! The log as one JSON object a line.

use std::io::Write as _;

use latentkit_core::Error;
use latentkit_core::event_fields::EventFields;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::file;
use super::line::{level_name, now};

/// Writes each event with its fields to stderr.
pub(super) struct Json;

impl<S: Subscriber> Layer<S> for Json {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut found = EventFields::default();
        event.record(&mut found);
        let EventFields { message, mut fields } = found;
        // Where a line of another crate's `log` comes from.
        fields.retain(|name, _| !name.starts_with("log."));
        Line::new(level_name(*event.metadata().level()), message, fields).write();
    }
}

/// Shows the error that ends the program.
pub(crate) fn error(error: &Error, exit_code: u8) {
    let text = error.to_string();
    let (message, hint) = match text.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint)),
        None => (text.as_str(), None),
    };
    let mut fields = Map::from_iter([("exit_code".to_owned(), json!(exit_code))]);
    if let Some(hint) = hint {
        fields.insert("hint".to_owned(), json!(hint));
    }
    Line::new("error", message.to_owned(), fields).write();
}

/// A line.
#[derive(Serialize)]
struct Line {
    time: String,
    level: &'static str,
    stage: Option<&'static str>,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl Line {
    fn new(level: &'static str, message: String, fields: Map<String, Value>) -> Self {
        Self { time: now(), level, stage: file::current_stage(), message, fields }
    }

    fn write(&self) {
        let line = serde_json::to_string(self).expect("a line is JSON");
        // Nothing can be done about a line that cannot be shown.
        let _ = writeln!(anstream::stderr().lock(), "{line}");
    }
}
