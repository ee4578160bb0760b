//! Where a trained model is: what the commands that use one after its training are given.

use std::path::{Path, PathBuf};

use latentkit_core::artifact::Artifacts;
use latentkit_core::config::Config;
use latentkit_core::layout::{MODEL, TRAIN};
use latentkit_core::{Error, Result};

use crate::cli::Global;
use crate::stages;

/// The folder of an experiment: that of its config, or a folder itself.
///
/// # Errors
/// When there is neither.
pub(crate) fn experiment_folder(path: &Path, global: &Global) -> Result<PathBuf> {
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let config = Config::load(path, &global.overrides, stages::sections())?;
    Ok(Artifacts::new(&global.artifacts, config.name(), stages::names()).root().to_owned())
}

/// The file of weights: a file itself, or that of an experiment, which its config or its folder names.
///
/// # Errors
/// Of kind input when there is none.
pub(crate) fn weights(path: &Path, global: &Global) -> Result<PathBuf> {
    let is_config = path.extension().is_some_and(|extension| extension == "toml");
    if !path.is_dir() && !is_config {
        return Ok(path.to_owned());
    }
    let folder = experiment_folder(path, global)?;
    let found = [folder.join(TRAIN).join(MODEL), folder.join(MODEL)].into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        Error::input(format!("cannot find a trained model in `{}`", folder.display()))
            .expected(format!("`{TRAIN}/{MODEL}`"))
            .hint("`latentkit run CONFIG` trains one; a file of weights, an experiment's folder or its config can stand here")
    })
}
