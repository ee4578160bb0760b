//! The charts of an experiment, one file each.

mod bars;
mod clusters_grouped;
mod clusters_stacked;
mod reconstructions;
mod silhouette;
mod training_curves;

use latentkit_table::{HistoryRow, ReconstructionKind};
use plotters::prelude::DrawingBackend;

use crate::canvas::{Area, Drawn};
use crate::contingency::Contingency;
use crate::experiment::Experiment;
use reconstructions::Examples;
use silhouette::Sweep;

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
    TrainingCurves(&'a [HistoryRow]),
    /// Images and their reconstructions.
    Reconstructions(Examples<'a>),
    /// Silhouette against the number of clusters.
    Silhouette(Sweep<'a>),
    /// Labels in each cluster, one on the other.
    ClustersStacked(&'a Contingency),
    /// Labels in each cluster, side by side.
    ClustersGrouped(&'a Contingency),
}

impl<'a> Chart<'a> {
    /// The charts that there is data for, in the order of the report.
    pub(crate) fn all(experiment: &'a Experiment) -> Vec<Self> {
        let mut kinds = Vec::new();
        if !experiment.history.is_empty() {
            kinds.push(Kind::TrainingCurves(&experiment.history));
        }
        if let Some(table) = &experiment.reconstructions
            && table.rows.iter().any(|row| row.kind == ReconstructionKind::Example)
        {
            kinds.push(Kind::Reconstructions(Examples::new(table)));
        }
        if let Some(sweep) =
            Sweep::new(&experiment.sweep, experiment.cluster.as_ref().map(|stage| &stage.summary))
        {
            kinds.push(Kind::Silhouette(sweep));
        }
        if let Some(contingency) = &experiment.contingency {
            kinds.push(Kind::ClustersStacked(contingency));
            kinds.push(Kind::ClustersGrouped(contingency));
        }
        kinds.into_iter().map(|kind| Self { experiment: &experiment.name, kind }).collect()
    }

    /// Name of its files, without an extension.
    pub(crate) fn file_stem(&self) -> &'static str {
        match self.kind {
            Kind::TrainingCurves(_) => "training_curves",
            Kind::Reconstructions(_) => "reconstructions",
            Kind::Silhouette(_) => "silhouette",
            Kind::ClustersStacked(_) => "clusters_stacked",
            Kind::ClustersGrouped(_) => "clusters_grouped",
        }
    }

    /// Its title and the experiment's name.
    pub(crate) fn title(&self) -> String {
        let title = match &self.kind {
            Kind::TrainingCurves(_) => training_curves::TITLE,
            Kind::Reconstructions(_) => reconstructions::TITLE,
            Kind::Silhouette(_) => silhouette::TITLE,
            Kind::ClustersStacked(_) => clusters_stacked::TITLE,
            Kind::ClustersGrouped(_) => clusters_grouped::TITLE,
        };
        format!("{title}, {}", self.experiment)
    }

    /// What it shows, for readers who cannot see it.
    pub(crate) fn description(&self) -> String {
        match &self.kind {
            Kind::TrainingCurves(history) => training_curves::describe(history),
            Kind::Reconstructions(examples) => reconstructions::describe(examples),
            Kind::Silhouette(sweep) => silhouette::describe(sweep),
            Kind::ClustersStacked(contingency) => clusters_stacked::describe(contingency),
            Kind::ClustersGrouped(contingency) => clusters_grouped::describe(contingency),
        }
    }

    /// Width and height in logical pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        match &self.kind {
            Kind::TrainingCurves(_) => training_curves::SIZE,
            Kind::Reconstructions(examples) => examples.size(),
            Kind::Silhouette(_) => silhouette::SIZE,
            Kind::ClustersStacked(contingency) => clusters_stacked::size(contingency),
            Kind::ClustersGrouped(contingency) => clusters_grouped::size(contingency),
        }
    }

    /// Draws it on an area of [`Chart::size`].
    pub(crate) fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> Drawn<DB> {
        match &self.kind {
            Kind::TrainingCurves(history) => training_curves::draw(area, history, self.experiment),
            Kind::Reconstructions(examples) => reconstructions::draw(area, examples, self.experiment),
            Kind::Silhouette(sweep) => silhouette::draw(area, sweep, self.experiment),
            Kind::ClustersStacked(contingency) => clusters_stacked::draw(area, contingency, self.experiment),
            Kind::ClustersGrouped(contingency) => clusters_grouped::draw(area, contingency, self.experiment),
        }
    }
}
