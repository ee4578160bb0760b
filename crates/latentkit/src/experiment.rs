//! An experiment and where its files are.

use std::path::PathBuf;

use latentkit_core::artifact::Artifacts;
use latentkit_core::config::Config;
use latentkit_core::manifest::Manifest;
use latentkit_core::{Error, Result};

use crate::points::Points;

/// An experiment and where its files are.
#[derive(Clone, Debug)]
pub(crate) struct Experiment {
    pub(crate) config: Config,
    pub(crate) artifacts: Artifacts,
    /// The folder of the data sets.
    pub(crate) data: PathBuf,
    /// How many threads a stage computes with.
    pub(crate) threads: usize,
    /// Whether the user asked for that many.
    pub(crate) threads_given: bool,
}

impl Experiment {
    /// Makes every pool of threads as large as the user asked for.
    pub(crate) fn set_threads(&self) -> Result<()> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build_global()
            .map_err(|error| Error::failed(format!("cannot start {} threads: {error}", self.threads)))
    }

    /// As [`Self::set_threads`], for stages that run one after the other with other numbers of threads. rayon's pool keeps
    /// the size that it had first, on which nothing depends that is computed in it.
    pub(crate) fn change_threads(&self) {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.threads).build_global();
    }

    /// The points that a stage last worked on.
    pub(crate) fn recorded_points(&self, stage: &str) -> Points {
        let manifest = Manifest::read(&self.artifacts.stage(stage)).ok().flatten();
        manifest.map(|manifest| Points::recorded(&manifest.config)).unwrap_or_default()
    }
}
