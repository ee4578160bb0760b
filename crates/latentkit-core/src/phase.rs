//! How far a phase of some work is: a span, which a terminal shows as a bar and a trace as a box.

use tracing::Span;
use tracing::span::Entered;
use tracing_indicatif::span_ext::IndicatifSpanExt;

/// A phase of so many steps. It ends, and its bar goes, when this is dropped.
#[derive(Debug)]
pub struct Phase(Span);

impl Phase {
    /// Begins a phase of `total` steps. `span` names it; its field `unit` says what a step is, as in
    /// `tracing::info_span!("encoding", unit = "images")`. Without that field it has no bar.
    pub fn new(span: Span, total: usize) -> Self {
        span.pb_set_length(total as u64);
        Self(span)
    }

    /// The same phase, of which `steps` were done before. They say nothing about how long the others take. Called before
    /// it is entered.
    #[must_use]
    pub fn starting_at(self, steps: usize) -> Self {
        // Known before the bar is there, and then forgotten by what estimates the rate.
        self.set(steps);
        self.0.pb_start();
        self.0.pb_reset_eta();
        self
    }

    /// Makes what this thread does part of the phase, until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        self.0.enter()
    }

    /// Counts more steps as done. Any thread may.
    pub fn add(&self, steps: usize) {
        self.0.pb_inc(steps as u64);
    }

    /// Says how many steps are done.
    pub fn set(&self, steps: usize) {
        self.0.pb_set_position(steps as u64);
    }

    /// Says what is being done, as in `epoch 3/20`.
    pub fn say(&self, message: &str) {
        self.0.pb_set_message(&format!("{message}  "));
    }
}
