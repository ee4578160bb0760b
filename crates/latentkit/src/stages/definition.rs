//! What a stage is.

use std::path::Path;

use latentkit_core::artifact::Hashing;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::hash::FileRecord;
use latentkit_core::manifest::Manifest;
use latentkit_core::{Cancellation, Result};
use serde::Serialize;
use serde_json::Value;

use crate::experiment::Experiment;
use crate::points::Points;

/// A stage: its place in the config, what it reads, its work, and what is shown of it.
pub(crate) trait Definition: Sync {
    /// The name of the stage, of its command and of its folder.
    fn name(&self) -> &'static str;

    /// Counts the changes of what the stage writes for the same inputs; part of its key.
    fn version(&self) -> u32;

    /// What its command does, for the help.
    fn about(&self) -> &'static str;

    /// Commands that the help shows.
    fn examples(&self) -> &'static [&'static str];

    /// The sections of the config that belong to the stage.
    fn sections(&self) -> Vec<SectionType>;

    /// The sections without which it cannot run.
    fn required_sections(&self) -> Vec<SectionType> {
        self.sections().into_iter().filter(|section| !section.is_implied()).collect()
    }

    /// The part of the config that its result depends on, defaults filled in.
    ///
    /// # Errors
    /// When a section is missing.
    fn config(&self, config: &Config, points: &Points) -> Result<Value>;

    /// The files of other stages that it reads, each with its stage; also those that need not be there.
    fn reads(&self) -> &'static [(&'static str, &'static str)];

    /// The stages without which it cannot run.
    fn requires(&self) -> Requires {
        Requires::All(self.reads().iter().map(|(stage, _)| *stage).collect())
    }

    /// Whether `--latents FILE` gives it other points than those of the stages before it.
    fn takes_points(&self) -> bool {
        false
    }

    /// What it would read now.
    ///
    /// # Errors
    /// When a file is missing that it cannot do without.
    fn inputs(&self, experiment: &Experiment, _points: &Points, hashing: Hashing) -> Result<Vec<FileRecord>> {
        self.reads().iter().map(|(stage, name)| experiment.artifacts.record(stage, name, hashing)).collect()
    }

    /// Why it needs libtorch, which this program lacks. None also where the stage itself will say what is wrong.
    fn missing_engine(&self, _experiment: &Experiment) -> Option<String> {
        None
    }

    /// Does the work and returns its figures, see [`latentkit_core::summary`].
    fn run(&self, work: &Work) -> Result<Value>;

    /// The figures of a finished stage that fit in a line.
    fn headline(&self, manifest: &Manifest) -> Result<String>;

    /// What the command of the stage prints beside its line.
    fn details(&self, _manifest: &Manifest) -> Vec<String> {
        Vec::new()
    }

    /// The figures that tables of runs and of trials show.
    fn figures(&self) -> &'static [Figure] {
        &[]
    }
}

/// Which other stages a stage cannot do without.
pub(crate) enum Requires {
    /// Each of these.
    All(Vec<&'static str>),
    /// At least one of these.
    Any(&'static [&'static str]),
}

impl Requires {
    /// Whether it is met, given which stages are there.
    pub(crate) fn is_met(&self, is_there: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::All(stages) => stages.iter().all(|stage| is_there(stage)),
            Self::Any(stages) => stages.iter().any(|stage| is_there(stage)),
        }
    }
}

/// What a stage works with.
pub(crate) struct Work<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) points: &'a Points,
    /// The files that it reads.
    pub(crate) inputs: &'a [FileRecord],
    /// The folder that it writes to.
    pub(crate) folder: &'a Path,
    pub(crate) cancel: Cancellation<'static>,
}

/// A figure of a stage in tables of runs and of trials.
pub(crate) struct Figure {
    /// Its name in JSON and in tables of Parquet.
    pub(crate) key: &'static str,
    /// Its name in tables of text.
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    /// Its value in the summary of the stage, which may be that of another version.
    pub(crate) of: fn(&Value) -> Option<f64>,
    pub(crate) best: Best,
    /// The column of `latentkit runs` that shows it, and what follows its value there.
    pub(crate) column: Option<(&'static str, &'static str)>,
}

/// What a figure is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Count,
    /// A number, shown with four decimals.
    Number,
}

/// Which value of a figure is the best.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Best {
    Lowest,
    Highest,
    /// None is better than another.
    Neither,
}

/// The figures of a stage as JSON.
pub(super) fn value(summary: Result<impl Serialize>) -> Result<Value> {
    summary.map(|summary| serde_json::to_value(summary).expect("a summary is JSON"))
}
