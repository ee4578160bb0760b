//! `latentkit summary`: the model layer by layer.

use latentkit_core::config::Config;
use latentkit_core::summary::IngestSummary;
use latentkit_core::{Result, Stage, artifact::Artifacts, manifest::Manifest};
use latentkit_model::{Blueprint, ModelSummary};

use crate::cli::{ConfigArguments, Global};
use crate::output;
use crate::pipeline::of_stage;
use crate::sections::SECTIONS;
use latentkit_ingest::config::DatasetConfig;

pub(crate) fn print(global: &Global, arguments: &ConfigArguments) -> Result<()> {
    let config = Config::load(&arguments.config, &global.overrides, SECTIONS)?;
    let (height, width) = image_size(&config, global)?;
    let blueprint =
        Blueprint::new(&config.section()?, height, width).map_err(|error| config.locate(error))?;
    let summary = ModelSummary::new(&blueprint);
    if global.json {
        output::json(&summary);
    } else {
        output::line(summary);
    }
    Ok(())
}

/// Rows and columns of the images that the config is about. Where its files are gone, of what was read from them once.
fn image_size(config: &Config, global: &Global) -> Result<(usize, usize)> {
    if !config.has::<DatasetConfig>() {
        tracing::warn!("the config has no section `[dataset]`: assuming images of {ASSUMED}x{ASSUMED}");
        return Ok((ASSUMED, ASSUMED));
    }
    latentkit_ingest::image_size(&config.section()?, &config.folder()).or_else(|error| {
        let artifacts = Artifacts::new(&global.artifacts, config.name());
        let now = of_stage(config, Stage::Ingest)?;
        match Manifest::read(&artifacts.stage(Stage::Ingest)).ok().flatten() {
            Some(manifest) if manifest.config["dataset"] == now["dataset"] => {
                let summary: IngestSummary = manifest.summary()?;
                Ok((summary.height, summary.width))
            }
            _ => Err(error),
        }
    })
}

/// Rows, and columns, of images of which nothing is known.
const ASSUMED: usize = 28;
