//! Every name that the stages give to folders and files. A stage's files lie in the folder of its name,
//! `artifacts/<experiment>/<stage>/`:
//!
//! | stage | files |
//! |---|---|
//! | ingest | `dataset.parquet` |
//! | train | `model.safetensors`, `history.parquet`, `checkpoints/` |
//! | export | `latents.parquet`, `reconstructions.parquet` |
//! | cluster | `sweep.parquet`, `criteria.parquet`, `assignments.parquet`, `centroids.parquet`, `clusters.parquet`, `examples.parquet`, `projection.parquet`; with labels `contingency.parquet`, `label_pairs.parquet`; with such methods `density.parquet`; with labels or images `neighbours.parquet` |
//! | decode | `centroid_images.parquet` |
//! | plot | `*.png`, `*.svg`, `report.html` |

/// The stage that reads and splits the images.
pub const INGEST: &str = "ingest";
/// The stage that trains the auto-encoder.
pub const TRAIN: &str = "train";
/// The stage that encodes every image.
pub const EXPORT: &str = "export";
/// The stage that clusters the latents for each k.
pub const CLUSTER: &str = "cluster";
/// The stage that decodes the centroids of the chosen k.
pub const DECODE: &str = "decode";
/// The stage that draws the charts and the report.
pub const PLOT: &str = "plot";

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
/// The results of methods that choose the number of clusters themselves, made by cluster.
pub const DENSITY: &str = "density.parquet";
/// The cluster of each point, made by cluster.
pub const ASSIGNMENTS: &str = "assignments.parquet";
/// Labels counted by cluster, made by cluster.
pub const CONTINGENCY: &str = "contingency.parquet";
/// The centroids of each k, made by cluster.
pub const CENTROIDS: &str = "centroids.parquet";
/// The clusters of the chosen k, made by cluster.
pub const CLUSTERS: &str = "clusters.parquet";
/// Example points of each cluster, made by cluster.
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
/// How long the parts of a stage took; the manifest names it, but not among the outputs.
pub const TIMINGS: &str = "timings.json";
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
/// The file of the lock, in the folder of the experiment.
pub const LOCK: &str = ".lock";

/// The name within the folder of `stage` of a path relative to the folder of the experiment.
pub fn within<'a>(path: &'a str, stage: &str) -> Option<&'a str> {
    path.strip_prefix(stage)?.strip_prefix('/')
}
