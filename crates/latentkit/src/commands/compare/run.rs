//! A run to be compared.

use std::path::{Path, PathBuf};

use latentkit_core::layout::{HISTORY, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::{Error, Result};
use latentkit_table::{HistoryRow, read_history};

use crate::stages;

/// A run to be compared.
pub(super) struct Run {
    /// Its name on the command line.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) manifests: Vec<Manifest>,
}

impl Run {
    /// The run of a name: an experiment or trial in the folder of artifacts, else a folder.
    pub(super) fn find(artifacts: &Path, name: &str) -> Result<Self> {
        let name = name.trim_end_matches('/');
        let places = [artifacts.join(name), PathBuf::from(name)];
        let Some(folder) = places.iter().find(|place| place.is_dir() && !name.is_empty()) else {
            return Err(Error::input(format!("cannot find the run `{name}`"))
                .expected(format!("an experiment or trial in `{}`, or a folder", artifacts.display()))
                .hint("`latentkit runs` lists those that there are"));
        };
        let mut manifests = Vec::new();
        for stage in stages::names() {
            manifests.extend(Manifest::read(&folder.join(stage))?);
        }
        if manifests.is_empty() {
            return Err(Error::input(format!("nothing to compare in `{}`", folder.display()))
                .expected("the folder of an experiment of which a stage has finished")
                .hint("`latentkit run CONFIG` makes one; `latentkit runs` lists those that there are"));
        }
        Ok(Self { name: name.to_owned(), folder: folder.clone(), manifests })
    }

    pub(super) fn manifest(&self, stage: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.stage == stage)
    }

    /// The epochs of its training; none where it has none.
    pub(super) fn history(&self) -> Result<Vec<HistoryRow>> {
        let path = self.folder.join(TRAIN).join(HISTORY);
        if self.manifest(TRAIN).is_some() && path.is_file() { read_history(&path) } else { Ok(Vec::new()) }
    }
}
