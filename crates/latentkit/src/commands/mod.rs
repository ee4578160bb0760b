//! One file for each command; the stages share [`run`].

pub(crate) mod compare;
pub(crate) mod config;
mod panel;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod sweep;
