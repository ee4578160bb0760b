//! Panics of polars as errors.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{PolarsResult, polars_err};

/// How the names of the threads begin on which polars decodes.
const POOL: &str = "polars-";

/// How many calls of [`catch_panic`] are under way, on whatever thread.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread is in a call of [`catch_panic`].
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Does the work; a panic in it, on this thread or on one of polars, is an error.
///
/// polars checks much of a Parquet file, but not all: its decoders unwrap, index and slice by numbers of damaged pages. A
/// table may come from anywhere, so such a panic is an error about the file and not one of this program, and its message
/// is not shown to the user. Those of all other threads are. The work must leave nothing behind that the panic could have
/// left half-done, and must not call this function.
pub(super) fn catch_panic<T>(work: impl FnOnce() -> PolarsResult<T>) -> PolarsResult<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let show = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !is_caught() {
                show(panic);
            }
        }));
    });
    UNDER_WAY.fetch_add(1, Ordering::Relaxed);
    CATCHING.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(false);
    UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    outcome.unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(polars_err!(ComputeError: "its pages are damaged ({})", text.unwrap_or("unknown")))
    })
}

/// Whether a panic of this thread becomes an error. polars hands its own on to the thread that waits for it.
fn is_caught() -> bool {
    CATCHING.get()
        || UNDER_WAY.load(Ordering::Relaxed) > 0
            && std::thread::current().name().is_some_and(|name| name.starts_with(POOL))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Mutex;
    use std::thread::Builder;

    use polars::prelude::{Column, DataFrame};

    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let error = catch_panic::<()>(|| panic!("index {}", 7)).unwrap_err().to_string();
        assert_eq!(error, "its pages are damaged (index 7)");
        assert!(catch_panic(|| Ok(1)).is_ok_and(|one| one == 1));
        let error = catch_panic::<()>(|| Err(polars_err!(ComputeError: "no"))).unwrap_err().to_string();
        assert_eq!(error, "no");
    }

    #[test]
    fn polars_decodes_on_threads_of_that_name() {
        let column = Column::new("a".into(), [1]);
        let frame = DataFrame::new(1, vec![column]).unwrap();
        let name = Mutex::new(None);
        frame.apply_columns_par(|column| {
            *name.lock().unwrap() = std::thread::current().name().map(str::to_owned);
            column.clone()
        });
        let name = name.into_inner().unwrap().unwrap();
        assert!(name.starts_with(POOL), "{name}");
    }

    /// The messages of panics go to stderr, which only another process can look at.
    #[test]
    fn only_panics_of_the_work_are_silent() {
        const CHILD: &str = "LATENTKIT_TEST_PANICS";
        let panic_on = |name: &str, text: &'static str| {
            let thread = Builder::new().name(name.to_owned()).spawn(move || panic!("{text}")).unwrap();
            assert!(thread.join().is_err());
        };
        if std::env::var_os(CHILD).is_some() {
            let error = catch_panic::<()>(|| {
                panic_on("somebody", "of another thread");
                panic_on("polars-3", "of the pool");
                panic!("of the work")
            });
            assert!(error.unwrap_err().to_string().contains("of the work"));
            return panic_on("polars-3", "when nothing is read");
        }
        let test = "frame::catch_panic::tests::only_panics_of_the_work_are_silent";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shown}");
        assert!(shown.contains("of another thread") && shown.contains("when nothing is read"), "{shown}");
        assert!(!shown.contains("of the pool") && !shown.contains("of the work"), "{shown}");
    }
}
