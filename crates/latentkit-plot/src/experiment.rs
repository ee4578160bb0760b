//! What is known of an experiment: the manifests and tables of the stages that happened.

use std::path::Path;

use latentkit_core::manifest::Manifest;
use latentkit_core::stage::{CONTINGENCY, HISTORY, RECONSTRUCTIONS, SWEEP};
use latentkit_core::summary::{ClusterSummary, ExportSummary, IngestSummary, TrainSummary};
use latentkit_core::{Error, Result, Stage};
use latentkit_table::{
    HistoryRow, Reconstructions, SweepRow, read_contingency, read_history, read_reconstructions, read_sweep,
};
use serde::de::DeserializeOwned;

use crate::PlotInputs;
use crate::contingency::Contingency;

/// An experiment, as far as it went.
pub(crate) struct Experiment {
    pub(crate) name: String,
    pub(crate) ingest: Option<Finished<IngestSummary>>,
    pub(crate) train: Option<Finished<TrainSummary>>,
    pub(crate) export: Option<Finished<ExportSummary>>,
    pub(crate) cluster: Option<Finished<ClusterSummary>>,
    /// Epochs; none where nothing was trained.
    pub(crate) history: Vec<HistoryRow>,
    pub(crate) reconstructions: Option<Reconstructions>,
    /// Numbers of clusters that were tried; none where nothing was clustered.
    pub(crate) sweep: Vec<SweepRow>,
    /// None where nothing was clustered or the points have no labels.
    pub(crate) contingency: Option<Contingency>,
}

/// A stage that happened.
pub(crate) struct Finished<T> {
    pub(crate) manifest: Manifest,
    pub(crate) summary: T,
}

/// Those files that the stage reads that exist in the folder of an experiment, each with the stage that made it.
pub fn inputs(experiment_folder: &Path) -> Vec<(Stage, &'static str)> {
    let exists = |(stage, name): &(Stage, &str)| experiment_folder.join(stage.name()).join(name).is_file();
    Stage::Plot.inputs().iter().copied().filter(exists).collect()
}

impl Experiment {
    /// Reads everything that there is.
    pub(crate) fn read(inputs: &PlotInputs) -> Result<Self> {
        let folder = inputs.experiment_folder;
        let found = self::inputs(folder);
        let has = |stage, name| found.contains(&(stage, name));
        let path = |stage: Stage, name: &str| folder.join(stage.name()).join(name);
        if !has(Stage::Train, HISTORY) && !has(Stage::Cluster, SWEEP) {
            return Err(Error::input(format!("`{}` has nothing to plot", folder.display()))
                .expected(format!(
                    "`{}/{HISTORY}` or `{}/{SWEEP}` in that folder",
                    Stage::Train.name(),
                    Stage::Cluster.name()
                ))
                .hint("make them with `latentkit run CONFIG`"));
        }
        Ok(Self {
            name: inputs.name.to_owned(),
            ingest: finished(folder, Stage::Ingest)?,
            train: finished(folder, Stage::Train)?,
            export: finished(folder, Stage::Export)?,
            cluster: finished(folder, Stage::Cluster)?,
            history: if has(Stage::Train, HISTORY) {
                read_history(&path(Stage::Train, HISTORY))?
            } else {
                Vec::new()
            },
            reconstructions: if has(Stage::Export, RECONSTRUCTIONS) {
                Some(read_reconstructions(&path(Stage::Export, RECONSTRUCTIONS))?)
            } else {
                None
            },
            sweep: if has(Stage::Cluster, SWEEP) {
                read_sweep(&path(Stage::Cluster, SWEEP))?
            } else {
                Vec::new()
            },
            contingency: if has(Stage::Cluster, CONTINGENCY) {
                Contingency::new(&read_contingency(&path(Stage::Cluster, CONTINGENCY))?)
            } else {
                None
            },
        })
    }

    /// The manifests of the stages that happened, in their order.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        [
            self.ingest.as_ref().map(|stage| &stage.manifest),
            self.train.as_ref().map(|stage| &stage.manifest),
            self.export.as_ref().map(|stage| &stage.manifest),
            self.cluster.as_ref().map(|stage| &stage.manifest),
        ]
        .into_iter()
        .flatten()
    }
}

fn finished<T: DeserializeOwned>(folder: &Path, stage: Stage) -> Result<Option<Finished<T>>> {
    let Some(manifest) = Manifest::read(&folder.join(stage.name()))? else { return Ok(None) };
    let summary = manifest.summary()?;
    Ok(Some(Finished { manifest, summary }))
}
