//! `latentkit summary`: the model layer by layer.

use latentkit_core::config::{Config, SectionType};
use latentkit_core::layout::INGEST;
use latentkit_core::summary::IngestSummary;
use latentkit_core::{ImageShape, Result, artifact::Artifacts, manifest::Manifest};
use latentkit_model::{Blueprint, ModelSummary};

use crate::cli::{ConfigArguments, Global};
use crate::output;
use crate::stages;
use latentkit_ingest::config::DatasetConfig;

pub(crate) fn print(global: &Global, arguments: &ConfigArguments) -> Result<()> {
    let config = Config::load(&arguments.config, &global.overrides, stages::sections())?;
    let shape = image_shape(&config, global)?;
    let blueprint = Blueprint::new(&config.section()?, shape).map_err(|error| config.locate(error))?;
    let summary = ModelSummary::new(&blueprint);
    if global.json {
        let mut summary = serde_json::to_value(&summary).expect("a summary is JSON");
        summary["layers"] = serde_json::to_value(&blueprint).expect("layers are JSON");
        output::json(&summary);
    } else {
        output::line(summary);
    }
    Ok(())
}

/// The shape of the images that the config is about. Where its files are gone, of what was read from them once.
fn image_shape(config: &Config, global: &Global) -> Result<ImageShape> {
    if !config.has(SectionType::of::<DatasetConfig>()) {
        tracing::warn!("the config has no section `[dataset]`: assuming images of {ASSUMED}x{ASSUMED}");
        return Ok(ImageShape::grey(ASSUMED, ASSUMED));
    }
    latentkit_ingest::image_shape(&config.section()?, &config.folder()).or_else(|error| {
        let artifacts = Artifacts::new(&global.artifacts, config.name(), stages::names());
        let now = serde_json::to_value(config.section::<DatasetConfig>()?).expect("a section is JSON");
        match Manifest::read(&artifacts.stage(INGEST)).ok().flatten() {
            Some(manifest) if manifest.config["dataset"] == now => {
                let summary: IngestSummary = manifest.summary()?;
                Ok(summary.shape)
            }
            _ => Err(error),
        }
    })
}

/// Rows, and columns, of images of which nothing is known.
const ASSUMED: usize = 28;
