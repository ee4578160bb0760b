//! Export: encodes every image.

use latentkit_core::Result;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::layout::{DATASET, EXPORT, INGEST, MODEL, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::ExportSummary;
use latentkit_export::config::ExportConfig;
use serde_json::{Value, json};

use super::definition::{Best, Definition, Figure, Kind, Work, value};
use super::trained;
use crate::engines;
use crate::experiment::Experiment;
use crate::points::Points;

pub(super) struct Export;

const FIGURES: &[Figure] = &[Figure {
    key: "dead_latents",
    title: "dead",
    kind: Kind::Count,
    of: |summary| summary["dead"].as_f64(),
    best: Best::Neither,
    column: None,
}];

impl Definition for Export {
    fn name(&self) -> &'static str {
        EXPORT
    }

    fn version(&self) -> u32 {
        6
    }

    fn about(&self) -> &'static str {
        "Encode every image"
    }

    fn examples(&self) -> &'static [&'static str] {
        &["latentkit export configs/mnist.toml"]
    }

    fn sections(&self) -> Vec<SectionType> {
        vec![SectionType::of::<ExportConfig>()]
    }

    fn config(&self, config: &Config, _: &Points) -> Result<Value> {
        Ok(json!({ "export": config.section::<ExportConfig>()? }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(INGEST, DATASET), (TRAIN, MODEL)]
    }

    fn missing_engine(&self, experiment: &Experiment) -> Option<String> {
        trained::missing_engine(experiment)
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, artifacts, .. } = work.experiment;
        value(latentkit_export::run(
            &config.section()?,
            &artifacts.file(INGEST, DATASET),
            &artifacts.file(TRAIN, MODEL),
            work.folder,
            engines::all(),
            work.cancel,
        ))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: ExportSummary = manifest.summary()?;
        Ok(format!("{} images, {} latents, {} dead", s.images, s.latents.len(), s.dead))
    }

    fn figures(&self) -> &'static [Figure] {
        FIGURES
    }
}
