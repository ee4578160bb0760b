//! Bars of phases on a terminal: one line, of the outermost phase.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use indicatif::style::ProgressTracker;
use indicatif::{HumanDuration, ProgressState, ProgressStyle};
use latentkit_core::event_fields::EventFields;
use tracing::{Level, Subscriber};
use tracing_indicatif::{IndicatifLayer, suspend_tracing_indicatif};
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::registry::LookupSpan;

/// Below so many steps a second, the time that is left says more than the rate.
const SLOW: f64 = 10.0;

/// Shows a bar for each span that says what its steps are, as a [`latentkit_core::Phase`] does.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    IndicatifLayer::new()
        .with_span_field_formatter(Unit)
        .with_progress_style(style())
        .with_max_progress_bars(1, None)
        .with_filter(
            filter_fn(|about| about.is_span() && about.fields().field("unit").is_some())
                .with_max_level_hint(Level::INFO),
        )
}

/// Writes to the terminal above the bars, so that the two do not mix.
pub(crate) fn above<T>(write: impl FnOnce() -> T) -> T {
    suspend_tracing_indicatif(write)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{span_name} {wide_bar} {msg}{steps} {span_fields}{outlook}")
        .expect("a template of this file")
        .progress_chars("━╸─")
        .with_key("steps", |state: &ProgressState, text: &mut dyn Write| {
            let total = state.len().unwrap_or_else(|| state.pos());
            // A bar that cannot be drawn stops no work.
            let _ = write!(text, "{}/{}", spaced(state.pos()), spaced(total));
        })
        .with_key("outlook", Outlook::default())
}

/// How fast it goes and how long it still takes, as known when the last step was done. Between steps of minutes, what is
/// estimated anew says more and more.
#[derive(Clone, Default)]
struct Outlook {
    position: u64,
    /// Steps a second, the time that was left, and when.
    known: Option<(f64, Duration, Instant)>,
}

impl ProgressTracker for Outlook {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, state: &ProgressState, now: Instant) {
        let rate = state.per_sec();
        if rate <= 0.0 {
            self.known = None;
        } else if state.pos() != self.position {
            self.known = Some((rate, state.eta(), now));
        }
        self.position = state.pos();
    }

    fn reset(&mut self, _: &ProgressState, _: Instant) {
        *self = Self::default();
    }

    fn write(&self, _: &ProgressState, text: &mut dyn Write) {
        if let Some((rate, left, since)) = self.known {
            let _ = text.write_str(&outlook(rate, left.saturating_sub(since.elapsed())));
        }
    }
}

/// A rate and the time that is left, in words.
fn outlook(per_second: f64, left: Duration) -> String {
    let rate = if per_second < SLOW { String::new() } else { format!(", {}/s", spaced(per_second as u64)) };
    format!("{rate}, {:#} left", HumanDuration(left))
}

/// A number with a thin gap between groups of three digits.
fn spaced(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("\u{202f}")
}

/// Shows of the fields of a span its unit alone.
struct Unit;

impl<'writer> FormatFields<'writer> for Unit {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut found = EventFields::default();
        fields.record(&mut found);
        writer.write_str(found.fields.get("unit").and_then(serde_json::Value::as_str).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_where_it_says_something() {
        assert_eq!(outlook(0.5, Duration::from_secs(75)), ", 75s left");
        assert_eq!(outlook(12_345.6, Duration::from_secs(5)), ", 12\u{202f}345/s, 5s left");
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(spaced),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
