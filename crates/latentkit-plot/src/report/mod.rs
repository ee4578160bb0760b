//! `report.html`: one page, readable without any other file, that tells what an experiment did and found.

mod clusters;
pub(crate) mod comparison;
mod confusion;
mod html;
mod model;
mod neighbours;
mod overview;
mod provenance;
mod section;

use latentkit_core::Result;

use crate::chart::definition::Chart;
use crate::experiment::Experiment;
use html::Html;
use section::{Figures, Section, document};

/// The page. Sections of stages that did not happen are left out.
pub(crate) fn page(experiment: &Experiment, charts: &[Box<dyn Chart + '_>]) -> Result<String> {
    let figures = Figures { charts, experiment: &experiment.name };
    let sections: Vec<Section> = [
        overview::data(experiment),
        model::training(experiment, &figures)?,
        model::reconstructions(experiment, &figures)?,
        model::latents(experiment, &figures)?,
        neighbours::neighbours(experiment),
        clusters::choice_of_k(experiment, &figures)?,
        clusters::clusters(experiment, &figures)?,
        confusion::confusion(experiment),
        provenance::config(experiment),
        provenance::provenance(experiment),
    ]
    .into_iter()
    .flatten()
    .collect();

    let kicker = "Experiment report";
    let heading = Html::new().text(&experiment.name);
    let title = Html::new().text(&experiment.name).markup(" – experiment report");
    Ok(document(title, kicker, heading, overview::summary(experiment), sections))
}
