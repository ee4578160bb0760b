//! How work learns that the user wants to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{panic, thread};

use crate::{Error, Result};

/// How often [`Cancellation::wait_for`] looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Tells work whether the user has asked it to stop. Work checks it between its steps, at least twice a second.
#[derive(Clone, Copy, Debug)]
pub struct Cancellation<'a>(&'a AtomicBool);

impl<'a> Cancellation<'a> {
    /// Stops the work once `requested` is set.
    pub fn new(requested: &'a AtomicBool) -> Self {
        Self(requested)
    }

    /// Fails with [`Error::interrupted`] once the user has asked to stop.
    pub fn check(self) -> Result<()> {
        if self.requested() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// Whether the user has asked to stop. It never becomes false again: a loop that cannot fail may skip its remaining
    /// steps and leave it to its caller to [`check`](Self::check).
    #[inline]
    pub fn requested(self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs work that cannot check, such as that of another crate, on a thread of its own. When the user asks to stop,
    /// this fails at once with [`Error::interrupted`] and abandons the thread, so the work must not write anything.
    pub fn wait_for<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.check()?;
        let (sender, receiver) = mpsc::sync_channel(1);
        // The result of abandoned work is dropped.
        let thread = thread::spawn(move || sender.send(work()).unwrap_or_default());
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(found) => return Ok(found),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                Err(RecvTimeoutError::Disconnected) => match thread.join() {
                    Err(panic) => panic::resume_unwind(panic),
                    Ok(()) => return Err(Error::failed("some work ended without a result")),
                },
            }
        }
    }
}

impl Cancellation<'static> {
    /// Never stops the work.
    pub fn never() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self(&NEVER)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn work_is_waited_for() {
        assert_eq!(Cancellation::never().wait_for(|| 6 * 7).unwrap(), 42);
    }

    #[test]
    fn work_that_does_not_end_is_left_behind() {
        let requested = AtomicBool::new(false);
        let start = Instant::now();
        let error = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                requested.store(true, Ordering::Relaxed);
            });
            Cancellation::new(&requested).wait_for(|| thread::sleep(Duration::from_mins(5))).unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(start.elapsed() < Duration::from_mins(1));
        // Nothing begins any more.
        assert!(Cancellation::new(&requested).wait_for(|| ()).is_err());
    }

    #[test]
    fn a_panic_comes_through() {
        let work = || -> () { panic!("of the work") };
        let caught = panic::catch_unwind(|| Cancellation::never().wait_for(work));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"of the work"));
    }
}
