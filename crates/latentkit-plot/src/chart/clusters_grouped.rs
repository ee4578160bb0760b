//! Labels in each cluster, side by side.

use plotters::element::Rectangle;
use plotters::style::Color;

use super::bars::{self, Order};
use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn};
use crate::contingency::Contingency;
use crate::experiment::Experiment;
use crate::frame::{self, Grid};
use crate::palette;

/// Width of a bar and of the room between two clusters, where the picture grows with them.
const BAR: f64 = 4.0;
const GAP: f64 = 12.0;
/// Share of a cluster's width that its bars take.
const FILLED: f64 = 0.82;

/// Bars of labels, side by side.
pub(crate) struct Grouped<'a>(&'a Contingency);

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Grouped(experiment.contingency.as_ref()?)))
}

impl Chart for Grouped<'_> {
    fn file_stem(&self) -> &'static str {
        "clusters_grouped"
    }

    fn title(&self) -> &'static str {
        "Labels in each cluster, side by side"
    }

    fn slot(&self) -> Slot {
        Slot::Labels
    }

    fn caption(&self) -> String {
        "The same points, each label with a bar of its own.".to_owned()
    }

    fn size(&self) -> (u32, u32) {
        let Self(contingency) = self;
        bars::size(contingency, contingency.labels.len() as f64 * BAR + GAP)
    }

    fn describe(&self) -> String {
        let Self(contingency) = self;
        format!(
            "Bars of {} labels, side by side in each of {} clusters; the table of labels and clusters has the same figures.",
            contingency.labels.len(),
            contingency.clusters.len()
        )
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let Self(contingency) = self;
        let inner = frame::titled(area, self.title(), experiment)?;
        let inner = bars::legend(contingency, Order::Down).draw(&inner)?;
        let (x, y) = bars::axes(contingency, contingency.largest_count());
        let plot = frame::plot(&inner, x, y, Grid::Horizontal)?;
        let bar = FILLED / contingency.labels.len() as f64;
        for (cluster, counts) in contingency.rows() {
            for (label, &count) in counts.iter().enumerate() {
                let left = f64::from(cluster) - FILLED / 2.0 + label as f64 * bar;
                let corners = [(left, count as f64), (left + bar, 0.0)];
                plot.plotting_area().draw(&Rectangle::new(corners, palette::color(label).filled()))?;
            }
        }
        Ok(())
    }
}
