//! The sections of a config. The crate that reads a section owns its type; the program lists them all.

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use toml::Value;

use super::nested;

/// The values of one section, or of a table within one that has an owner of its own, each of a type that holds its range.
pub trait Section: Serialize + DeserializeOwned {
    /// Its name in the config, `section` or `section.table`.
    const NAME: &'static str;
    /// Whether a config without the section has it with its defaults; of a table within a section, one that has the section.
    const IMPLIED: bool = false;

    /// Fills in what follows from other values, and checks those that must fit each other.
    ///
    /// # Errors
    /// When they do not.
    fn complete(&mut self) -> Result<(), Conflict> {
        Ok(())
    }
}

/// Why a value of a section does not fit the others.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Its key in the section.
    pub key: &'static str,
    /// What is wrong, and after `, expected ` what would be right.
    pub problem: String,
}

/// A section of any type: its name and what checks it.
#[derive(Clone, Copy, Debug)]
pub struct SectionType {
    pub(super) name: &'static str,
    pub(super) implied: bool,
    pub(super) resolve: fn(Value) -> Result<Value, serde_path_to_error::Error<toml::de::Error>>,
}

impl SectionType {
    /// The section and the name of the table within it, where it is a table.
    pub(super) fn within(self) -> Option<(&'static str, &'static str)> {
        self.name.split_once('.')
    }

    /// Whether it may be left out: a config without it has its defaults, or does not need it, as the tables within a section.
    pub fn is_implied(self) -> bool {
        self.implied || self.within().is_some()
    }

    /// The section of type `S`.
    pub const fn of<S: Section>() -> Self {
        Self { name: S::NAME, implied: S::IMPLIED, resolve: resolve::<S> }
    }
}

/// A section whose values fit each other.
struct Complete<S>(S);

impl<'de, S: Section> Deserialize<'de> for Complete<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut section = S::deserialize(deserializer)?;
        section.complete().map_err(|Conflict { key, problem }| nested::wrong_key(key, &problem))?;
        Ok(Self(section))
    }
}

/// Checks the values of a section and fills in its defaults.
fn resolve<S: Section>(value: Value) -> Result<Value, serde_path_to_error::Error<toml::de::Error>> {
    let Complete(section) = serde_path_to_error::deserialize::<_, Complete<S>>(value)?;
    Ok(Value::try_from(section).expect("a section is a TOML table"))
}
