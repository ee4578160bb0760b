//! Panics of polars as errors.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{PolarsResult, polars_err};

/// How many calls of [`guarded`] are under way.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Does the work; a panic in it, on whatever thread, is an error.
///
/// polars checks much of a Parquet file, but not all: its decoders unwrap, index and slice by numbers of damaged pages. A
/// table may come from anywhere, so such a panic is an error about the file and not one of this program, and its message
/// is not shown to the user. The work must leave nothing behind that the panic could have left half-done.
pub(super) fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> PolarsResult<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if UNDER_WAY.load(Ordering::Relaxed) == 0 {
                shown(panic);
            }
        }));
    });
    UNDER_WAY.fetch_add(1, Ordering::Relaxed);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    outcome.unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(polars_err!(ComputeError: "its pages are damaged ({})", text.unwrap_or("unknown")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let error = guarded::<()>(|| panic!("index {}", 7)).unwrap_err().to_string();
        assert_eq!(error, "its pages are damaged (index 7)");
        assert!(guarded(|| Ok(1)).is_ok_and(|one| one == 1));
        let error = guarded::<()>(|| Err(polars_err!(ComputeError: "no"))).unwrap_err().to_string();
        assert_eq!(error, "no");
    }
}
