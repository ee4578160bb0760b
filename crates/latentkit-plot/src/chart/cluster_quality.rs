//! The mean silhouette of each cluster, the best first, with its size: which clusters can be relied on.

use latentkit_table::ClusterRow;
use plotters::element::{Circle, PathElement};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::cluster_name;
use crate::experiment::Experiment;
use crate::format;
use crate::frame::{self, MARGIN, Sheet, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};

/// Logical pixels of the picture's width, of the names at its left, of the sizes at its right, of a row, and of the axis below.
const WIDTH: f64 = 960.0;
const NAMES: f64 = 260.0;
const SIZES: f64 = 110.0;
const ROW: f64 = 26.0;
const AXIS: f64 = 64.0;
/// The radius of the largest cluster's dot; areas are as the sizes of the clusters.
const LARGEST: f64 = 10.0;

/// The clusters that have a silhouette, the best first.
pub(crate) struct ClusterQuality<'a> {
    rows: Vec<(&'a ClusterRow, f64)>,
    /// Mean silhouette of all points.
    mean: Option<f64>,
}

impl<'a> ClusterQuality<'a> {
    fn new(experiment: &'a Experiment) -> Option<Self> {
        let known = experiment.clusters.iter().filter_map(|row| Some((row, row.silhouette?)));
        let mut rows: Vec<_> = known.collect();
        rows.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let mean = experiment.cluster.as_ref().map(|stage| stage.summary.best_silhouette());
        (!rows.is_empty()).then_some(Self { rows, mean })
    }

    fn name(row: &ClusterRow) -> String {
        match &row.labels {
            Some(labels) => format!("cluster {}: {}", row.cluster, labels.name),
            None => format!("cluster {}", row.cluster),
        }
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(ClusterQuality::new(experiment)?))
}

impl Chart for ClusterQuality<'_> {
    fn file_stem(&self) -> &'static str {
        "cluster_quality"
    }

    fn title(&self) -> &'static str {
        "How well each cluster stands apart"
    }

    fn slot(&self) -> Slot {
        Slot::Clusters
    }

    fn caption(&self) -> String {
        "The mean silhouette of each cluster, the best first; the area of a dot is the number of points. A dashed line marks \
         the mean over all points. Clusters far to the left are parts of others, or hold what fits nowhere."
            .to_owned()
    }

    fn describe(&self) -> String {
        let rows = self.rows.iter().map(|(row, silhouette)| {
            let (name, size) = (Self::name(row), format::count(row.size as usize));
            format!("{name}: {} over {size} points", format::decimal(*silhouette, 3))
        });
        format!("Dots of the mean silhouette of each cluster. {}.", rows.collect::<Vec<_>>().join("; "))
    }

    fn size(&self) -> (u32, u32) {
        let height = 2.0 * MARGIN + TITLE_HEIGHT + self.rows.len() as f64 * ROW + AXIS;
        (WIDTH as u32, height as u32)
    }

    fn draw(&self, area: &Area, subject: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), subject)?;
        let (right, bottom) = (WIDTH - 2.0 * MARGIN - SIZES, self.rows.len() as f64 * ROW);
        let sheet = Sheet { left: NAMES, right, top: 0.0, bottom };
        let values = self.rows.iter().map(|(_, silhouette)| *silhouette);
        let axis = Axis::over("mean silhouette (−1 to 1)", values.chain(self.mean).chain([0.0]), 8);
        sheet.draw_x_axis(&inner, &axis)?;
        let title = (px(f64::midpoint(NAMES, right)), px(bottom + AXIS - 34.0));
        inner.draw_text(&axis.title, &Text::LABEL.at(HPos::Center, VPos::Top), title)?;
        let points = (px(WIDTH - 2.0 * MARGIN), px(bottom + 8.0));
        inner.draw_text("points", &Text::TICK.at(HPos::Right, VPos::Top), points)?;
        if let Some(mean) = self.mean.filter(|mean| mean.is_finite()) {
            let x = px(sheet.x(&axis, mean));
            let dash = px(5.0);
            for top in (0..px(bottom)).step_by(2 * dash as usize) {
                let ends = vec![(x, top), (x, (top + dash).min(px(bottom)))];
                inner.draw(&PathElement::new(ends, style::line(style::MUTED, 1.0)))?;
            }
        }
        let largest = self.rows.iter().map(|(row, _)| row.size).max().unwrap_or(1).max(1);
        for (index, (row, silhouette)) in self.rows.iter().enumerate() {
            let middle = px((index as f64 + 0.5) * ROW);
            let name = cluster_name::fit(&Self::name(row), Text::BODY, NAMES - 24.0);
            inner.draw_text(&name, &Text::BODY.at(HPos::Left, VPos::Center), (0, middle))?;
            let (zero, x) = (px(sheet.x(&axis, 0.0)), px(sheet.x(&axis, *silhouette)));
            let color = if *silhouette < 0.0 { style::SECOND } else { style::FIRST };
            inner.draw(&PathElement::new(vec![(zero, middle), (x, middle)], style::line(color, 1.5)))?;
            let radius = (LARGEST * (f64::from(row.size) / f64::from(largest)).sqrt()).max(2.0);
            inner.draw(&Circle::new((x, middle), px(radius), color.filled()))?;
            let size = format::count(row.size as usize);
            let place = (px(WIDTH - 2.0 * MARGIN), middle);
            inner.draw_text(&size, &Text::LABEL.at(HPos::Right, VPos::Center), place)?;
        }
        Ok(())
    }
}
