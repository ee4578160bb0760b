//! A trace: when each span ran on which thread, in the format of Chrome's tracing, which Perfetto opens.
//!
//! The format is an array of events: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use latentkit_core::event_fields::EventFields;
use latentkit_core::{Error, Result};
use serde_json::{Map, Value, json};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

thread_local! {
    /// The number of this thread; 0 until it has one.
    static THREAD: Cell<u64> = const { Cell::new(0) };
    /// The spans that this thread is in, with when it entered them.
    static ENTERED: RefCell<Vec<(Id, Instant)>> = const { RefCell::new(Vec::new()) };
}

/// Writes the spans of every thread and the events within them.
pub(super) struct Trace {
    start: Instant,
    threads: AtomicU64,
    file: Shared,
}

/// The file that is written; none after its end.
type Shared = Arc<Mutex<Option<Open>>>;

struct Open {
    file: BufWriter<fs_err::File>,
    /// What could not be written.
    outcome: io::Result<()>,
}

impl Trace {
    /// Begins a trace in a new file.
    pub(super) fn create(path: &Path) -> Result<(Self, TraceFile)> {
        let mut file = BufWriter::new(fs_err::File::create(path)?);
        // What all threads share comes first, so that every later entry can begin with a comma.
        let process = json!({
            "ph": "M", "pid": 1, "name": "process_name", "args": { "name": "latentkit" },
        });
        let outcome = write!(file, "[\n{process}");
        let file: Shared = Arc::new(Mutex::new(Some(Open { file, outcome })));
        Ok((
            Self { start: Instant::now(), threads: AtomicU64::new(1), file: Arc::clone(&file) },
            TraceFile(Some(file)),
        ))
    }

    /// Microseconds since the start.
    fn since_start(&self, time: Instant) -> f64 {
        time.saturating_duration_since(self.start).as_nanos() as f64 / 1e3
    }

    /// The number of this thread, whose name is written when it gets one.
    fn thread(&self) -> u64 {
        if THREAD.get() == 0 {
            let number = self.threads.fetch_add(1, Ordering::Relaxed);
            THREAD.set(number);
            let thread = std::thread::current();
            let name = thread.name().map_or_else(|| format!("worker {number}"), str::to_owned);
            self.write(&json!({
                "ph": "M", "pid": 1, "tid": number, "name": "thread_name", "args": { "name": name },
            }));
        }
        THREAD.get()
    }

    fn write(&self, entry: &Value) {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Open { file, outcome }) = open.as_mut()
            && outcome.is_ok()
        {
            *outcome = write!(file, ",\n{entry}");
        }
    }
}

/// The fields of a span.
struct Arguments(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Trace {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = EventFields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Arguments(fields.fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = EventFields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(arguments) = span.extensions_mut().get_mut::<Arguments>()
        {
            arguments.0.extend(fields.fields);
        }
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        ENTERED.with_borrow_mut(|entered| entered.push((id.clone(), Instant::now())));
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let end = Instant::now();
        let begin = ENTERED.with_borrow_mut(|entered| {
            let place = entered.iter().rposition(|(other, _)| other == id)?;
            Some(entered.remove(place).1)
        });
        if let (Some(begin), Some(span)) = (begin, context.span(id)) {
            let thread = self.thread();
            let arguments = span.extensions().get::<Arguments>().map(|arguments| arguments.0.clone());
            self.write(&json!({
                "ph": "X", "pid": 1, "tid": thread, "name": span.name(), "cat": span.metadata().target(),
                "ts": self.since_start(begin), "dur": end.duration_since(begin).as_nanos() as f64 / 1e3,
                "args": arguments.unwrap_or_default(),
            }));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let time = self.since_start(Instant::now());
        let mut found = EventFields::default();
        event.record(&mut found);
        let thread = self.thread();
        self.write(&json!({
            "ph": "i", "s": "t", "pid": 1, "tid": thread, "name": found.message, "cat": event.metadata().target(),
            "ts": time, "args": found.fields,
        }));
    }
}

/// The file of the trace, where one was asked for.
#[derive(Default)]
pub(crate) struct TraceFile(Option<Shared>);

impl TraceFile {
    /// Ends the file. What happens later is not traced.
    pub(crate) fn finish(self) -> Result<()> {
        let open = self.0.and_then(|file| file.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(Open { mut file, outcome }) = open else { return Ok(()) };
        let written = outcome.and_then(|()| file.write_all(b"\n]\n")).and_then(|()| file.flush());
        written.map_err(|error| Error::from(error).context("cannot write the trace"))
    }
}
