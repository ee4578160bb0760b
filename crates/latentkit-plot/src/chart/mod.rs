//! The charts of an experiment, one file each.

mod bars;
mod best_and_worst;
mod centroids;
mod cluster_examples;
mod clusters_grouped;
mod clusters_stacked;
mod contingency;
mod criteria;
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

use plotters::prelude::DrawingBackend;

use crate::canvas::{Area, Drawn};
use crate::experiment::Experiment;

/// What a chart shows, and how.
trait Figure {
    /// Name of its files, without an extension.
    const FILE_STEM: &'static str;
    /// What stands above it.
    const TITLE: &'static str;

    /// What it shows, for readers who cannot see it.
    fn describe(&self) -> String;

    /// What a reader must know of the data that it shows, as a sentence: that it is a sample, for example.
    fn note(&self) -> Option<String> {
        None
    }

    /// Width and height in logical pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on an area of [`Figure::size`].
    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>, experiment: &str) -> Drawn<DB>;
}

/// A chart with its data.
pub(crate) struct Chart<'a> {
    /// Name of the experiment.
    experiment: &'a str,
    /// What it shows.
    pub(crate) kind: Kind<'a>,
}

/// The kinds of charts.
pub(crate) enum Kind<'a> {
    /// Errors against epochs.
    TrainingCurves(training_curves::Errors<'a>),
    /// Learning rate and loss against epochs.
    LearningRateAndLoss(learning_rate_and_loss::RateAndLoss<'a>),
    /// Images and their reconstructions.
    Reconstructions(reconstructions::Examples<'a>),
    /// The images that are reconstructed best and worst.
    BestAndWorst(best_and_worst::Extremes<'a>),
    /// How the values of each latent are spread.
    LatentHistograms(latent_histograms::Histograms<'a>),
    /// The points on their first two principal components.
    Latents2d(latents_2d::Scatter<'a>),
    /// Silhouette against the number of clusters.
    Silhouette(silhouette::Sweep<'a>),
    /// Every criterion against the number of clusters.
    Criteria(criteria::Panels<'a>),
    /// The silhouette of each point, by cluster.
    SilhouettePlot(silhouette_plot::Knife<'a>),
    /// Labels in each cluster, one on the other.
    ClustersStacked(clusters_stacked::Stacked<'a>),
    /// Labels in each cluster, side by side.
    ClustersGrouped(clusters_grouped::Grouped<'a>),
    /// Shares of each label in each cluster.
    Contingency(contingency::HeatMap<'a>),
    /// The decoded centroids.
    Centroids(centroids::Centroids<'a>),
    /// Images of each cluster.
    ClusterExamples(cluster_examples::Gallery<'a>),
    /// The loss of several runs against epochs.
    OverlaidTraining(overlaid_training::Losses<'a>),
    /// The silhouettes of several runs against the number of clusters.
    OverlaidSilhouettes(overlaid_silhouettes::Sweeps<'a>),
    /// The figures of the trials of a sweep.
    Trials(trials::Figures<'a>),
}

/// Does the same with the figure of every kind of chart.
macro_rules! with_figure {
    ($kind:expr, $figure:ident => $do:expr) => {
        match $kind {
            Kind::TrainingCurves($figure) => $do,
            Kind::LearningRateAndLoss($figure) => $do,
            Kind::Reconstructions($figure) => $do,
            Kind::BestAndWorst($figure) => $do,
            Kind::LatentHistograms($figure) => $do,
            Kind::Latents2d($figure) => $do,
            Kind::Silhouette($figure) => $do,
            Kind::Criteria($figure) => $do,
            Kind::SilhouettePlot($figure) => $do,
            Kind::ClustersStacked($figure) => $do,
            Kind::ClustersGrouped($figure) => $do,
            Kind::Contingency($figure) => $do,
            Kind::Centroids($figure) => $do,
            Kind::ClusterExamples($figure) => $do,
            Kind::OverlaidTraining($figure) => $do,
            Kind::OverlaidSilhouettes($figure) => $do,
            Kind::Trials($figure) => $do,
        }
    };
}

impl<'a> Chart<'a> {
    /// The charts that there is data for, in the order of the report.
    pub(crate) fn all(experiment: &'a Experiment) -> Vec<Self> {
        let history = experiment.history.as_slice();
        let trained = !history.is_empty();
        let table = experiment.reconstructions.as_ref();
        let contingency = experiment.contingency.as_ref();
        let kinds = [
            trained.then_some(Kind::TrainingCurves(training_curves::Errors(history))),
            trained.then_some(Kind::LearningRateAndLoss(learning_rate_and_loss::RateAndLoss(history))),
            table.and_then(reconstructions::Examples::new).map(Kind::Reconstructions),
            table.and_then(best_and_worst::Extremes::new).map(Kind::BestAndWorst),
            latent_histograms::Histograms::new(experiment).map(Kind::LatentHistograms),
            latents_2d::Scatter::new(experiment).map(Kind::Latents2d),
            silhouette::Sweep::new(experiment).map(Kind::Silhouette),
            criteria::Panels::new(experiment).map(Kind::Criteria),
            silhouette_plot::Knife::new(experiment).map(Kind::SilhouettePlot),
            contingency.map(|table| Kind::ClustersStacked(clusters_stacked::Stacked(table))),
            contingency.map(|table| Kind::ClustersGrouped(clusters_grouped::Grouped(table))),
            contingency.map(|table| Kind::Contingency(contingency::HeatMap(table))),
            centroids::Centroids::new(experiment).map(Kind::Centroids),
            cluster_examples::Gallery::new(experiment).map(Kind::ClusterExamples),
        ];
        kinds.into_iter().flatten().map(|kind| Self { experiment: &experiment.name, kind }).collect()
    }

    /// A chart of what is not one experiment's, with what stands at the right of its title.
    pub(crate) fn of(subject: &'a str, kind: Kind<'a>) -> Self {
        Self { experiment: subject, kind }
    }

    /// Name of its files, without an extension.
    pub(crate) fn file_stem(&self) -> &'static str {
        fn stem<F: Figure>(_: &F) -> &'static str {
            F::FILE_STEM
        }
        with_figure!(&self.kind, figure => stem(figure))
    }

    /// Its title and the experiment's name.
    pub(crate) fn title(&self) -> String {
        fn title<F: Figure>(_: &F) -> &'static str {
            F::TITLE
        }
        format!("{}, {}", with_figure!(&self.kind, figure => title(figure)), self.experiment)
    }

    /// What it shows, for readers who cannot see it.
    pub(crate) fn description(&self) -> String {
        with_figure!(&self.kind, figure => figure.describe())
    }

    /// What a reader must know of the data that it shows.
    pub(crate) fn note(&self) -> Option<String> {
        with_figure!(&self.kind, figure => figure.note())
    }

    /// Width and height in logical pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        with_figure!(&self.kind, figure => figure.size())
    }

    /// Draws it on an area of [`Chart::size`].
    pub(crate) fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> Drawn<DB> {
        with_figure!(&self.kind, figure => figure.draw(area, self.experiment))
    }
}
