//! What the stages share that compute with the trained model.

use latentkit_core::layout::{MODEL, TRAIN};
use latentkit_model::AutoEncoder;

use crate::engines;
use crate::experiment::Experiment;

/// Why computing the trained model, or where there is none yet the one of the config, needs libtorch.
pub(super) fn missing_engine(experiment: &Experiment) -> Option<String> {
    let Experiment { config, artifacts, .. } = experiment;
    let model = if let Ok((model, _)) = AutoEncoder::load(&artifacts.file(TRAIN, MODEL)) {
        model
    } else {
        let shape = latentkit_ingest::image_shape(&config.section().ok()?, &config.folder()).ok()?;
        AutoEncoder::new(&config.section().ok()?, shape, 0).ok()?
    };
    engines::missing(&model, &latentkit_export::request(&config.section().ok()?))
}
