//! Progress of a phase of work: a span that a terminal shows as a bar and a trace as a box.

use tracing::Span;
use tracing::span::Entered;
use tracing_indicatif::span_ext::IndicatifSpanExt;

/// A phase with a known number of steps. It ends, and its bar disappears, when this is dropped.
#[derive(Debug)]
pub struct Phase(Span);

impl Phase {
    /// Begins a phase of `total` steps. `span` names it; its field `unit` says what a step is, as in
    /// `tracing::info_span!("encoding", unit = "images")`. Without that field it has no bar.
    pub fn new(span: Span, total: usize) -> Self {
        span.pb_set_length(total as u64);
        Self(span)
    }

    /// The same phase with `steps` already done earlier, which do not count for the estimated rate. Call it before
    /// entering.
    #[must_use]
    pub fn starting_at(self, steps: usize) -> Self {
        // Known before the bar is there, and then forgotten by what estimates the rate.
        self.set(steps);
        self.0.pb_start();
        self.0.pb_reset_eta();
        self
    }

    /// Enters the phase on this thread until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    /// Counts more steps as done, from any thread.
    pub fn add(&self, steps: usize) {
        self.0.pb_inc(steps as u64);
    }

    /// Sets the number of steps that are done.
    pub fn set(&self, steps: usize) {
        self.0.pb_set_position(steps as u64);
    }

    /// Sets the message of the bar, such as `epoch 3/20`.
    pub fn say(&self, message: &str) {
        self.0.pb_set_message(&format!("{message}  "));
    }
}
