//! What the stages of latentkit share and none of them owns: the experiment config, the layout of its artifacts, their
//! manifests, atomic writes, the error type and the progress events. No heavy dependency.

pub mod artifact;
pub mod atomic;
pub mod config;
mod error;
mod event;
pub mod hash;
pub mod input;
pub mod inventory;
pub mod machine;
pub mod manifest;
pub mod origin;
pub mod recorded_path;
pub mod rng;
pub mod stage;
pub mod summary;

pub use error::{Error, ErrorKind, Result};
pub use event::{Event, Observer};
pub use stage::Stage;
