//! Captures events as values, for tests of what a piece of work reports.

use std::cell::RefCell;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};
pub use tracing::Level;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::event_fields::EventFields;

/// A captured event.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// Its level.
    pub level: Level,
    /// Its text.
    pub message: String,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// What the events of a thread are handed to.
type Sink = Box<dyn FnMut(Reported)>;

thread_local! {
    static SINK: RefCell<Option<Sink>> = const { RefCell::new(None) };
}

/// Runs `work` and passes each event that this thread reports to `sink`. The program must have no other global
/// subscriber: one for this thread alone would miss events whose interest was cached by another thread.
pub fn observe<T>(sink: impl FnMut(Reported) + 'static, work: impl FnOnce() -> T) -> T {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Observer::default()).expect("no other subscriber");
    });
    SINK.set(Some(Box::new(sink)));
    let result = work();
    SINK.take();
    result
}

/// Runs `work` and returns its result with the events that this thread reported.
pub fn events<T>(work: impl FnOnce() -> T) -> (T, Vec<Reported>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    // The receiver outlives the work.
    let result = observe(move |event| sender.send(event).unwrap_or_default(), work);
    (result, receiver.try_iter().collect())
}

/// The texts of the events of one level.
pub fn texts(level: Level, events: &[Reported]) -> Vec<&str> {
    events.iter().filter(|event| event.level == level).map(|event| event.message.as_str()).collect()
}

#[derive(Default)]
struct Observer {
    /// Spans so far.
    spans: AtomicU64,
}

impl Subscriber for Observer {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let EventFields { message, fields } = fields;
        let reported = Reported { level: *event.metadata().level(), message, fields };
        SINK.with_borrow_mut(|sink| sink.as_mut().map(|sink| sink(reported)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_with_their_text_and_fields() {
        let report = || {
            let _entered = tracing::info_span!("work").entered();
            tracing::info!(event = "epoch", epoch = 3_u32, loss = f64::NAN, "epoch {}", 3);
            tracing::warn!("careful");
        };
        let ((), found) = events(report);
        assert_eq!(found[0].message, "epoch 3");
        assert_eq!(
            Value::Object(found[0].fields.clone()),
            serde_json::json!({ "event": "epoch", "epoch": 3, "loss": null })
        );
        assert_eq!(texts(Level::WARN, &found), ["careful"]);
    }
}
