//! What the stages of latentkit share and none of them owns: the experiment config, the layout of its artifacts, their
//! manifests, atomic writes, the error type, progress and cancellation. No heavy dependency.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "latentkit runs on Linux: its locks, signals and atomic replacements of files are those of Linux"
);

pub mod artifact;
pub mod atomic;
mod cancellation;
pub mod capture;
pub mod config;
mod error;
pub mod event_fields;
pub mod hash;
mod hash_cache;
mod image_shape;
pub mod input;
pub mod inventory;
pub mod layout;
pub mod lineage;
pub mod machine;
pub mod manifest;
mod phase;
pub mod provenance;
pub mod recorded_path;
pub mod rng;
pub mod summary;
pub mod timings;

pub use cancellation::Cancellation;
pub use error::{Error, ErrorKind, Result};
pub use image_shape::ImageShape;
pub use phase::Phase;
