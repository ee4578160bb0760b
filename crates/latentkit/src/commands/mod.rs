//! One file per command; the commands of the stages share [`run`].

pub(crate) mod clean;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod encode;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod onnx;
pub(crate) mod predict;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod sweep;
pub(crate) mod verify;
pub(crate) mod version;
