//! The charts: one file each, and the list of those of an experiment.

mod bars;
mod best_and_worst;
mod centroids;
mod cluster_examples;
mod cluster_quality;
mod clusters_grouped;
mod clusters_stacked;
mod contingency;
mod criteria;
pub(crate) mod definition;
mod epochs;
mod latent_histograms;
mod latents_2d;
mod learning_rate_and_loss;
pub(crate) mod overlaid_silhouettes;
pub(crate) mod overlaid_training;
mod pairs;
mod reconstructions;
mod silhouette;
mod silhouette_plot;
mod training_curves;
pub(crate) mod trials;

use crate::experiment::Experiment;
use definition::{Chart, Made};

/// Makes a chart of an experiment.
type Make = for<'a> fn(&'a Experiment) -> Made<'a>;

/// Every chart of an experiment, in the order of the report. A new one is a file beside this one, its `mod`, and a line here.
static CHARTS: &[Make] = &[
    training_curves::of,
    learning_rate_and_loss::of,
    reconstructions::of,
    best_and_worst::of,
    latent_histograms::of,
    latents_2d::of,
    silhouette::of,
    criteria::of,
    silhouette_plot::of,
    cluster_quality::of,
    clusters_stacked::of,
    clusters_grouped::of,
    contingency::of,
    centroids::of,
    cluster_examples::of,
];

/// The charts that there is data for, in the order of the report.
pub(crate) fn all(experiment: &Experiment) -> Vec<Box<dyn Chart + '_>> {
    CHARTS.iter().filter_map(|make| make(experiment)).collect()
}
