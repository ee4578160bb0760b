//! The stages: one file each, and the list of them all. Commands, `run`, `status`, `sweep`, `verify`, `reproduce`,
//! `runs` and the sections of the config follow from it.

mod cluster;
mod criteria_table;
mod decode;
pub(crate) mod definition;
mod export;
mod ingest;
mod plot;
mod train;
mod trained;

use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

use latentkit_core::config::SectionType;
use latentkit_core::{Error, Result};
use serde::{Serialize, Serializer};

use definition::Definition;

/// Every stage, in the order in which they run. A new one is a file beside this one, its `mod`, and a line here.
static STAGES: [&dyn Definition; 6] =
    [&ingest::Ingest, &train::Train, &export::Export, &cluster::Cluster, &decode::Decode, &plot::Plot];

/// A stage, ordered as the stages run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stage(usize);

impl Stage {
    /// Every stage, in the order in which they run.
    pub(crate) fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..STAGES.len()).map(Self)
    }

    /// The stage of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|stage| stage.name() == name)
    }

    /// The stage that a manifest names.
    ///
    /// # Errors
    /// Of kind input when this version has no such stage.
    pub(crate) fn recorded(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| {
            Error::input(format!("the manifest is of the unknown stage `{name}`"))
                .hint("use the version of latentkit that the manifest names")
        })
    }

    /// The stages whose files it reads, where they are there, each once and in their order.
    pub(crate) fn upstream(self) -> Vec<Self> {
        Self::all().filter(|stage| self.reads().iter().any(|(name, _)| *name == stage.name())).collect()
    }
}

/// The names of the stages, in the order in which they run.
pub(crate) fn names() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| STAGES.iter().map(|stage| stage.name()).collect());
    &NAMES
}

/// The sections that a config may have, in the order in which they are printed.
pub fn sections() -> &'static [SectionType] {
    static SECTIONS: LazyLock<Vec<SectionType>> =
        LazyLock::new(|| STAGES.iter().flat_map(|stage| stage.sections()).collect());
    &SECTIONS
}

impl Deref for Stage {
    type Target = dyn Definition;

    fn deref(&self) -> &Self::Target {
        STAGES[self.0]
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod config_tests;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_only_from_those_before_it() {
        for stage in Stage::all() {
            for (source, file) in stage.reads() {
                let source = Stage::named(source).unwrap();
                assert!(source < stage, "{stage} reads {file} of {source}");
            }
        }
    }
}
