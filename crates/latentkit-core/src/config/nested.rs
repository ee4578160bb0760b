//! Tables whose type is known only once all their keys are: they are read twice, and errors still name the inner key.

use serde::de::{self, DeserializeOwned};
use serde_path_to_error::{Path, Segment};
use toml::Table;

/// Stands around the key of an error inside such a table, at the start of its message. No text of a config can be there.
const MARK: char = '\u{1}';

/// Reads a table that was held back until its type was known.
///
/// # Errors
/// Where a value is missing, unknown or wrong; the error of the config then names the key of that value.
pub fn from_table<T: DeserializeOwned>(table: Table) -> Result<T, toml::de::Error> {
    serde_path_to_error::deserialize(table).map_err(|error| {
        let key = keys(error.path()).collect::<Vec<_>>().join(".");
        wrong_key(&key, error.inner().message())
    })
}

/// The error about the value of this key in the table that is being read.
pub(super) fn wrong_key<E: de::Error>(key: &str, problem: &str) -> E {
    E::custom(format!("{MARK}{key}{MARK}{problem}"))
}

/// The keys of a path.
pub(super) fn keys(path: &Path) -> impl Iterator<Item = &str> {
    path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    })
}

/// The keys inside the table at which the error happened, and its message proper.
pub(super) fn split(message: &str) -> (impl Iterator<Item = String>, &str) {
    let marked = message.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK));
    let (key, message) = marked.unwrap_or(("", message));
    (key.split('.').filter(|part| !part.is_empty()).map(str::to_owned), message)
}
