//! One file for each command; the stages share [`run`].

pub(crate) mod config;
mod panel;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod summary;
