//! Ingest: reads images and labels and splits them.

use latentkit_core::artifact::Hashing;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::INGEST;
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::IngestSummary;
use latentkit_core::{Error, Result};
use latentkit_ingest::InputFile;
use latentkit_ingest::config::DatasetConfig;
use serde_json::{Value, json};

use super::definition::{Definition, Work, value};
use crate::experiment::Experiment;
use crate::points::Points;

pub(super) struct Ingest;

impl Definition for Ingest {
    fn name(&self) -> &'static str {
        INGEST
    }

    fn version(&self) -> u32 {
        4
    }

    fn about(&self) -> &'static str {
        "Read, download and split the images"
    }

    fn examples(&self) -> &'static [&'static str] {
        &["latentkit ingest configs/fashion-mnist.toml --data /data"]
    }

    fn sections(&self) -> Vec<SectionType> {
        vec![SectionType::of::<DatasetConfig>()]
    }

    fn config(&self, config: &Config, _: &Points) -> Result<Value> {
        Ok(json!({ "seed": config.seed(), "dataset": config.section::<DatasetConfig>()? }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn inputs(&self, experiment: &Experiment, _: &Points, hashing: Hashing) -> Result<Vec<FileRecord>> {
        let Experiment { config, artifacts, data, .. } = experiment;
        latentkit_ingest::input_files(&config.section()?, &config.folder(), data)?
            .iter()
            .map(|InputFile { path, name, members }| {
                let record = match members {
                    Some(members) => artifacts.hash_all(members, path, name, hashing),
                    None => artifacts.hash(path, name, hashing),
                };
                record.map_err(Error::into_input)
            })
            .collect()
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, data, .. } = work.experiment;
        value(latentkit_ingest::run(
            &config.section()?,
            config.seed(),
            &config.folder(),
            data,
            work.folder,
            work.cancel,
        ))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: IngestSummary = manifest.summary()?;
        Ok(format!("{} train, {} validation, {} test images of {}", s.train, s.validation, s.test, s.shape))
    }
}
