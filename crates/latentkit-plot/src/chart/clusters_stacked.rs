//! Labels in each cluster, one on the other.

use plotters::element::{EmptyElement, Rectangle, Text as TextElement};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::bars::{self, Order};
use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, logical, px};
use crate::contingency::{Contingency, dominant};
use crate::experiment::Experiment;
use crate::frame::{self, Grid};
use crate::palette;
use crate::style::{self, Text};

/// Width of a cluster where there are many.
const CLUSTER: f64 = 26.0;
/// Room between the name of a label in a segment and the segment's edges.
const PADDING: f64 = 4.0;

/// Bars of labels, one on the other.
pub(crate) struct Stacked<'a>(&'a Contingency);

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Stacked(experiment.contingency.as_ref()?)))
}

impl Chart for Stacked<'_> {
    fn file_stem(&self) -> &'static str {
        "clusters_stacked"
    }

    fn title(&self) -> &'static str {
        "Labels in each cluster, stacked"
    }

    fn slot(&self) -> Slot {
        Slot::Labels
    }

    fn caption(&self) -> String {
        "How large each cluster is, and which labels it holds.".to_owned()
    }

    fn size(&self) -> (u32, u32) {
        let Self(contingency) = self;
        bars::size(contingency, CLUSTER)
    }

    fn describe(&self) -> String {
        let Self(contingency) = self;
        let clusters: Vec<_> = contingency
            .rows()
            .filter_map(|(cluster, counts)| {
                let label = dominant(counts)?;
                Some(format!("{} in cluster {cluster}", contingency.labels[label]))
            })
            .collect();
        format!(
            "Stacked bars of {} labels in {} clusters. The most frequent labels: {}.",
            contingency.labels.len(),
            contingency.clusters.len(),
            clusters.join(", ")
        )
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let Self(contingency) = self;
        let inner = frame::titled(area, self.title(), experiment)?;
        // The last label comes first, since it is on top of the bars.
        let inner = bars::legend(contingency, Order::Up).draw(&inner)?;
        let (x, y) = bars::axes(contingency, contingency.largest_cluster());
        let plot = frame::plot(&inner, x, y, Grid::Horizontal)?;
        let plotting = plot.plotting_area();

        for (cluster, counts) in contingency.rows() {
            let middle = f64::from(cluster);
            let mut base = 0;
            for (label, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let (low, high) = (base as f64, (base + count) as f64);
                base += count;
                let color = palette::color(label);
                plotting
                    .draw(&Rectangle::new([(middle - 0.4, high), (middle + 0.4, low)], color.filled()))?;

                let (left, top) = plotting.map_coordinate(&(middle - 0.4, high));
                let (right, bottom) = plotting.map_coordinate(&(middle + 0.4, low));
                let (width, height) = (logical(right - left), logical(bottom - top));
                let name = &contingency.labels[label];
                if height >= style::SMALL_SIZE + 1.0 && Text::TICK.width(name) <= width - 2.0 * PADDING {
                    let look = Text::TICK.color(palette::ink_on(color)).at(HPos::Center, VPos::Center);
                    plotting.draw(&TextElement::new(
                        name.as_str(),
                        (middle, f64::midpoint(low, high)),
                        look,
                    ))?;
                }
                // A white line between segments, where it does not hide the smaller one.
                if low > 0.0 && height >= 3.0 {
                    let seam = [(0, -px(0.5)), (right - left, px(0.5))];
                    let seam = Rectangle::new(seam, style::PAPER.filled());
                    plotting.draw(&(EmptyElement::at((middle - 0.4, low)) + seam))?;
                }
            }
        }
        Ok(())
    }
}
