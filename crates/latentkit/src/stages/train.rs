//! Train: trains the auto-encoder.

use latentkit_core::Result;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::layout::{DATASET, INGEST, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::TrainSummary;
use latentkit_model::AutoEncoder;
use latentkit_model::config::ModelConfig;
use latentkit_train::config::TrainConfig;
use serde_json::{Value, json};

use super::definition::{Best, Definition, Figure, Kind, Work, value};
use crate::engines;
use crate::experiment::Experiment;
use crate::points::Points;

pub(super) struct Train;

const FIGURES: &[Figure] = &[
    Figure {
        key: "epochs",
        title: "epochs",
        kind: Kind::Count,
        of: |summary| summary["epochs"].as_f64(),
        best: Best::Neither,
        column: None,
    },
    Figure {
        key: "test_bce",
        title: "test BCE",
        kind: Kind::Number,
        of: |summary| summary["test"]["bce"].as_f64(),
        best: Best::Lowest,
        column: Some(("test BCE", "")),
    },
    Figure {
        key: "test_mse",
        title: "test MSE",
        kind: Kind::Number,
        of: |summary| summary["test"]["mse"].as_f64(),
        best: Best::Lowest,
        column: None,
    },
    Figure {
        key: "test_mae",
        title: "test MAE",
        kind: Kind::Number,
        of: |summary| summary["test"]["mae"].as_f64(),
        best: Best::Lowest,
        column: None,
    },
];

impl Definition for Train {
    fn name(&self) -> &'static str {
        TRAIN
    }

    fn version(&self) -> u32 {
        8
    }

    fn about(&self) -> &'static str {
        "Train the auto-encoder, or resume an interrupted training"
    }

    fn examples(&self) -> &'static [&'static str] {
        &["latentkit train configs/mnist.toml --set train.device=cuda"]
    }

    fn sections(&self) -> Vec<SectionType> {
        vec![SectionType::of::<ModelConfig>(), SectionType::of::<TrainConfig>()]
    }

    fn config(&self, config: &Config, _: &Points) -> Result<Value> {
        Ok(json!({
            "seed": config.seed(),
            "model": config.section::<ModelConfig>()?,
            "train": config.section::<TrainConfig>()?.identity(),
        }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        &[(INGEST, DATASET)]
    }

    fn missing_engine(&self, experiment: &Experiment) -> Option<String> {
        let Experiment { config, artifacts, .. } = experiment;
        let (model, train): (ModelConfig, TrainConfig) = (config.section().ok()?, config.section().ok()?);
        let plan = latentkit_train::Plan { model: &model, train: &train, seed: config.seed() };
        let shape = latentkit_table::read_image_shape(&artifacts.file(INGEST, DATASET))
            .or_else(|_| latentkit_ingest::image_shape(&config.section()?, &config.folder()))
            .ok()?;
        let model = AutoEncoder::new(plan.model, shape, 0).ok()?;
        engines::missing(&model, &plan.request())
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, artifacts, .. } = work.experiment;
        let (model, train) = (config.section()?, config.section()?);
        value(latentkit_train::run(
            latentkit_train::Plan { model: &model, train: &train, seed: config.seed() },
            &artifacts.file(INGEST, DATASET),
            work.folder,
            engines::all(),
            work.cancel,
        ))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: TrainSummary = manifest.summary()?;
        let epochs = if s.epochs == 1 { "epoch" } else { "epochs" };
        let early = if s.stopped_early { " (stopped early)" } else { "" };
        Ok(format!("{} {epochs}{early}, test BCE {:.4}, MSE {:.4}", s.epochs, s.test.bce, s.test.mse))
    }

    fn figures(&self) -> &'static [Figure] {
        FIGURES
    }
}
