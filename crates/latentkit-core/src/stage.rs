//! The six stages of an experiment and every name that they give to files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stage of the pipeline. A stage's artifacts live in the folder of its name, `artifacts/<experiment>/<stage>/`:
///
/// | stage | files |
/// |---|---|
/// | ingest | `dataset.parquet` |
/// | train | `model.safetensors`, `history.parquet`, `checkpoints/` |
/// | export | `latents.parquet`, `reconstructions.parquet` |
/// | cluster | `sweep.parquet`, `criteria.parquet`, `assignments.parquet`, `centroids.parquet`, `clusters.parquet`, `examples.parquet`, `projection.parquet`; with labels `contingency.parquet`, `label_pairs.parquet`; with such methods `density.parquet`; with labels or images `neighbours.parquet` |
/// | decode | `centroid_images.parquet` |
/// | plot | `*.png`, `*.svg`, `report.html` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reads images and labels, splits them.
    Ingest,
    /// Trains the auto-encoder.
    Train,
    /// Encodes every image.
    Export,
    /// Clusters the latents for each k.
    Cluster,
    /// Decodes the centroids of the chosen k.
    Decode,
    /// Draws the charts and the report.
    Plot,
}

/// The table of images and labels, made by ingest.
pub const DATASET: &str = "dataset.parquet";
/// The trained weights, made by train.
pub const MODEL: &str = "model.safetensors";
/// The metrics of each epoch, made by train.
pub const HISTORY: &str = "history.parquet";
/// The folder of checkpoints, made by train.
pub const CHECKPOINTS: &str = "checkpoints";
/// The latent of each image, made by export.
pub const LATENTS: &str = "latents.parquet";
/// Some images and their reconstructions, made by export.
pub const RECONSTRUCTIONS: &str = "reconstructions.parquet";
/// The figures of each k, made by cluster.
pub const SWEEP: &str = "sweep.parquet";
/// What each criterion says of each k, made by cluster.
pub const CRITERIA: &str = "criteria.parquet";
/// What methods found that find the number of clusters themselves, made by cluster.
pub const DENSITY: &str = "density.parquet";
/// The cluster of each point, made by cluster.
pub const ASSIGNMENTS: &str = "assignments.parquet";
/// Labels counted by cluster, made by cluster.
pub const CONTINGENCY: &str = "contingency.parquet";
/// The centroids of each k, made by cluster.
pub const CENTROIDS: &str = "centroids.parquet";
/// The clusters of the chosen k, made by cluster.
pub const CLUSTERS: &str = "clusters.parquet";
/// Points that show what a cluster holds, made by cluster.
pub const EXAMPLES: &str = "examples.parquet";
/// How often two labels share a cluster, made by cluster.
pub const LABEL_PAIRS: &str = "label_pairs.parquet";
/// The points on their first two principal components, made by cluster.
pub const PROJECTION: &str = "projection.parquet";
/// How the nearest neighbours agree with labels and images, made by cluster.
pub const NEIGHBOURS: &str = "neighbours.parquet";
/// The decoded centroids, made by decode.
pub const CENTROID_IMAGES: &str = "centroid_images.parquet";
/// The page that shows everything, made by plot.
pub const REPORT: &str = "report.html";
/// What a stage reported while it ran, with times; the manifest names it, but not among the outputs.
pub const LOG: &str = "log.txt";
/// The record of a stage that has finished.
pub const MANIFEST: &str = "manifest.json";

/// The folder of a sweep in that of its experiment. Each trial is a folder in it, named by its overrides, with the stages
/// in it as in the folder of an experiment.
pub const TRIALS_FOLDER: &str = "sweep";
/// The overrides and figures of each trial, in the folder of the sweep.
pub const TRIALS: &str = "trials.parquet";
/// What the commands of a trial printed, in the folder of the trial.
pub const TRIAL_LOG: &str = "trial.log";
/// The folder of the pages that compare experiments, beside the experiments.
pub const COMPARISONS: &str = "compare";

impl Stage {
    /// Every stage, in the order in which they run.
    pub const ALL: [Self; 6] =
        [Self::Ingest, Self::Train, Self::Export, Self::Cluster, Self::Decode, Self::Plot];

    /// The name of the stage, of its command and of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Train => "train",
            Self::Export => "export",
            Self::Cluster => "cluster",
            Self::Decode => "decode",
            Self::Plot => "plot",
        }
    }

    /// Counts the changes of what the stage writes for the same inputs; part of its key.
    pub fn version(self) -> u32 {
        match self {
            Self::Ingest => 1,
            Self::Decode => 2,
            Self::Export | Self::Plot => 3,
            Self::Train => 4,
            Self::Cluster => 6,
        }
    }

    /// The stages whose files this one reads, with the files.
    pub fn inputs(self) -> &'static [(Self, &'static str)] {
        match self {
            Self::Ingest => &[],
            Self::Train => &[(Self::Ingest, DATASET)],
            Self::Export => &[(Self::Ingest, DATASET), (Self::Train, MODEL)],
            // The images only where they are those that export encoded; points from elsewhere have none.
            Self::Cluster => &[(Self::Export, LATENTS), (Self::Ingest, DATASET)],
            Self::Decode => &[(Self::Train, MODEL), (Self::Cluster, CENTROIDS), (Self::Cluster, CLUSTERS)],
            Self::Plot => &[
                (Self::Ingest, DATASET),
                (Self::Ingest, MANIFEST),
                (Self::Train, MANIFEST),
                (Self::Train, HISTORY),
                (Self::Export, MANIFEST),
                (Self::Export, LATENTS),
                (Self::Export, RECONSTRUCTIONS),
                (Self::Cluster, MANIFEST),
                (Self::Cluster, SWEEP),
                (Self::Cluster, ASSIGNMENTS),
                (Self::Cluster, CENTROIDS),
                (Self::Cluster, CLUSTERS),
                (Self::Cluster, EXAMPLES),
                (Self::Cluster, PROJECTION),
                (Self::Cluster, CONTINGENCY),
                (Self::Cluster, LABEL_PAIRS),
                (Self::Decode, MANIFEST),
                (Self::Decode, CENTROID_IMAGES),
            ],
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_only_from_those_before_it() {
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            for (source, file) in stage.inputs() {
                assert!(Stage::ALL[..place].contains(source), "{stage} reads {file} of {source}");
            }
        }
    }
}
