//! How long work learns that the user wants to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// The question whether the user has asked to stop. Work asks it between its steps, at least twice a second.
#[derive(Clone, Copy, Debug)]
pub struct Cancellation<'a>(&'a AtomicBool);

impl<'a> Cancellation<'a> {
    /// Stops the work once `requested` is set.
    pub fn new(requested: &'a AtomicBool) -> Self {
        Self(requested)
    }

    /// Fails with [`Error::interrupted`] once the user has asked to stop.
    pub fn check(self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}

impl Cancellation<'static> {
    /// Never stops the work.
    pub fn never() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self(&NEVER)
    }
}
