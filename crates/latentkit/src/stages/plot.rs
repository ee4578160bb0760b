//! Plot: draws the charts and the report of what there is.

use latentkit_core::Result;
use latentkit_core::artifact::Hashing;
use latentkit_core::config::{Config, SectionType};
use latentkit_core::hash::FileRecord;
use latentkit_core::layout::{CLUSTER, PLOT, TRAIN};
use latentkit_core::manifest::Manifest;
use latentkit_core::summary::PlotSummary;
use latentkit_plot::config::PlotConfig;
use serde_json::{Value, json};

use super::definition::{Definition, Requires, Work, value};
use crate::experiment::Experiment;
use crate::points::Points;

pub(super) struct Plot;

impl Definition for Plot {
    fn name(&self) -> &'static str {
        PLOT
    }

    fn version(&self) -> u32 {
        6
    }

    fn about(&self) -> &'static str {
        "Draw the charts and the report"
    }

    fn examples(&self) -> &'static [&'static str] {
        &["latentkit plot configs/mnist.toml --set plot.formats='[\"svg\"]'"]
    }

    fn sections(&self) -> Vec<SectionType> {
        vec![SectionType::of::<PlotConfig>()]
    }

    fn config(&self, config: &Config, _: &Points) -> Result<Value> {
        Ok(json!({ "name": config.name(), "plot": config.section::<PlotConfig>()? }))
    }

    fn reads(&self) -> &'static [(&'static str, &'static str)] {
        latentkit_plot::READS
    }

    fn requires(&self) -> Requires {
        Requires::Any(&[TRAIN, CLUSTER])
    }

    /// Those of the files that there are.
    fn inputs(&self, experiment: &Experiment, _: &Points, hashing: Hashing) -> Result<Vec<FileRecord>> {
        let artifacts = &experiment.artifacts;
        latentkit_plot::inputs(artifacts.root())
            .into_iter()
            .map(|(stage, name)| artifacts.record(stage, name, hashing))
            .collect()
    }

    fn run(&self, work: &Work) -> Result<Value> {
        let Experiment { config, artifacts, .. } = work.experiment;
        let inputs =
            latentkit_plot::PlotInputs { name: config.name().as_str(), experiment_folder: artifacts.root() };
        value(latentkit_plot::run(&config.section()?, &inputs, work.folder, work.cancel))
    }

    fn headline(&self, manifest: &Manifest) -> Result<String> {
        let s: PlotSummary = manifest.summary()?;
        Ok(format!("{} charts and the report", s.charts))
    }
}
