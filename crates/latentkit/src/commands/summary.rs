//! `latentkit summary`: the model layer by layer.

use latentkit_core::Result;

use crate::cli::{ConfigArguments, Global};

#[cfg(feature = "torch")]
pub(crate) fn print(global: &Global, arguments: &ConfigArguments) -> Result<()> {
    use latentkit_core::config::Config;
    use latentkit_model::{Blueprint, ModelSummary};

    use crate::output;

    let config = Config::load(&arguments.config, &global.overrides)?;
    let (height, width) = image_size(&config, global)?;
    let blueprint = Blueprint::new(config.model()?, height, width).map_err(|error| config.locate(error))?;
    let summary = ModelSummary::new(&blueprint);
    if global.json {
        output::json(&summary);
    } else {
        output::line(summary);
    }
    Ok(())
}

/// Rows and columns of the images that the config is about. Where its files are gone, of what was read from them once.
#[cfg(feature = "torch")]
fn image_size(config: &latentkit_core::config::Config, global: &Global) -> Result<(usize, usize)> {
    use latentkit_core::summary::IngestSummary;
    use latentkit_core::{Stage, artifact::Artifacts, manifest::Manifest};

    let Some(dataset) = &config.experiment.dataset else {
        log::warn!("the config has no section `[dataset]`: assuming images of {ASSUMED}x{ASSUMED}");
        return Ok((ASSUMED, ASSUMED));
    };
    latentkit_ingest::image_size(dataset, &config.folder()).or_else(|error| {
        let artifacts = Artifacts::new(&global.artifacts, &config.experiment.name);
        let now = config.of_stage(Stage::Ingest)?;
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
#[cfg(feature = "torch")]
const ASSUMED: usize = 28;

#[cfg(not(feature = "torch"))]
pub(crate) fn print(_: &Global, _: &ConfigArguments) -> Result<()> {
    Err(crate::pipeline::without_torch("summary"))
}
