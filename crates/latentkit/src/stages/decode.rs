//! Decode: decodes the centroids of the chosen k.

use latentkit_core::config::{Config, SectionType};
use latentkit_core::layout::{CENTROIDS, CLUSTER, CLUSTERS, DECODE, MODEL, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::DecodeSummary;
use latentkit_core::{Error, Result};
use latentkit_export::config::ExportConfig;
use latentkit_model::config::ModelConfig;
use serde_json::{Value, json};

use super::definition::{Definition, Work, value};
use super::trained;
use crate::engines;
use crate::experiment::Experiment;
use crate::points::Points;

pub(super) struct Decode;

impl Definition for Decode {
    fn name(&self) -> &'static str {
        DECODE
    }

    fn version(&self) -> u32 {
        5
    }

    fn about(&self) -> &'static str {
        "Decode the centroids of the best k into images"
    }

    fn examples(&self) -> &'static [&'static str] {
        &["latentkit decode configs/mnist.toml"]
    }

    fn sections(&self) -> Vec<SectionType> {
        Vec::new()
    }

    fn required_sections(&self) -> Vec<SectionType> {
        vec![SectionType::of::<ModelConfig>()]
    }

    fn config(&self, config: &Config, _: &Points) -> Result<Value> {
        Ok(json!({ "export": config.section::<ExportConfig>()? }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(TRAIN, MODEL), (CLUSTER, CENTROIDS), (CLUSTER, CLUSTERS)]
    }

    fn missing_engine(&self, experiment: &Experiment) -> Option<String> {
        trained::missing_engine(experiment)
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, artifacts, .. } = work.experiment;
        // Third-party points may have as many dimensions as the latents, and would be decoded to nonsense.
        if let Some(file) = work.experiment.recorded_points(CLUSTER).files.first() {
            return Err(Error::input("cannot decode the centroids: they are not of this model's latents")
                .expected("a clustering of what export made")
                .found(format!("one of `{}`", file.display()))
                .hint("`latentkit cluster CONFIG` without `--latents` makes it"));
        }
        value(latentkit_export::decode(
            &config.section()?,
            &artifacts.file(TRAIN, MODEL),
            &artifacts.file(CLUSTER, CENTROIDS),
            &artifacts.file(CLUSTER, CLUSTERS),
            work.folder,
            engines::all(),
        ))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: DecodeSummary = manifest.summary()?;
        Ok(format!("{} centroids", s.centroids))
    }
}
