//! The log as lines to be read.

use std::io::Write as _;

use latentkit_core::event_fields::EventFields;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::bars::above;
use crate::styles::WARNING;

/// Writes the text of each event to stderr.
pub(super) struct Terminal;

impl<S: Subscriber> Layer<S> for Terminal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let text = fields.message;
        if text.is_empty() {
            return;
        }
        let line = match *event.metadata().level() {
            Level::ERROR | Level::WARN => format!("{WARNING}warning:{WARNING:#} {text}\n"),
            _ => format!("{text}\n"),
        };
        // Nothing can be done about a line that cannot be shown.
        let _ = above(|| anstream::stderr().write_all(line.as_bytes()));
    }
}
