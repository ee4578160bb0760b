//! Key-value metadata of files.

/// Key-value metadata of a file; each key is written with the prefix `latentkit.`.
pub type Metadata = std::collections::BTreeMap<String, String>;

/// What every key of this project's metadata starts with.
pub(crate) const PREFIX: &str = "latentkit.";
