//! The only place that knows polars.

mod points;
mod reader;
mod writer;

pub(crate) use points::Usable;
pub(crate) use reader::TableReader;
pub(crate) use writer::Table;

/// What every key of this project's metadata starts with.
const PREFIX: &str = "latentkit.";
