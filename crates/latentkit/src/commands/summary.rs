//! `latentkit summary`: the model layer by layer.

use latentkit_core::config::Config;
use latentkit_core::summary::IngestSummary;
use latentkit_core::{Result, Stage, artifact::Artifacts, manifest::Manifest};
use latentkit_model::{Blueprint, ModelSummary};

use crate::cli::{ConfigArguments, Global};
use crate::output;

pub(crate) fn print(global: &Global, arguments: &ConfigArguments) -> Result<()> {
    let config = Config::load(&arguments.config, &global.overrides)?;
    let artifacts = Artifacts::new(&global.artifacts, &config.experiment.name);
    // The size of the images is known once they are read; until then it is the named data sets'.
    let (height, width) = match Manifest::read(&artifacts.stage(Stage::Ingest))? {
        Some(manifest) => {
            let summary: IngestSummary = manifest.summary()?;
            (summary.height, summary.width)
        }
        None => (28, 28),
    };
    let blueprint = Blueprint::new(config.model()?, height, width).map_err(|error| config.locate(error))?;
    let summary = ModelSummary::new(&blueprint);
    if global.json {
        output::json(&summary);
    } else {
        output::line(summary);
    }
    Ok(())
}
