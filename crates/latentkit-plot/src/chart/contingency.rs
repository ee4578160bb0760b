//! How the points of each label spread over the clusters.

use plotters::element::Rectangle;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::contingency::Contingency;
use crate::experiment::Experiment;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT, TITLE_HEIGHT};
use crate::style::{self, Text};
use crate::{format, palette};

/// Width and height of a cell, in logical pixels like everything below; many clusters have narrower ones.
const CELL: (f64, f64) = (52.0, 30.0);
/// Width that all cells together may take before they get narrower, and the narrowest that they get.
const WIDEST: f64 = 1500.0;
const NARROWEST: f64 = 8.0;
/// Narrowest cell that holds a number, and one with a percent sign.
const NUMBERED: f64 = 30.0;
const PERCENT: f64 = 46.0;
/// A smaller share is not written.
const TINY: f64 = 0.01;
/// Room for the names of the labels and for the sums at the right.
const NAMES: f64 = 150.0;
const SUMS: f64 = 80.0;
/// Height of the numbers of the clusters, and of the colour key below.
const NUMBERS: f64 = 40.0;
const KEY: f64 = 50.0;
/// Narrowest picture: its header needs that.
const PICTURE: f64 = 640.0;

/// Shares of each label in each cluster.
pub(crate) struct HeatMap<'a>(&'a Contingency);

impl HeatMap<'_> {
    fn cell_width(&self) -> f64 {
        CELL.0.min(WIDEST / self.0.clusters.len() as f64).max(NARROWEST)
    }

    /// Width of all cells.
    fn width(&self) -> f64 {
        self.cell_width() * self.0.clusters.len() as f64
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(HeatMap(experiment.contingency.as_ref()?)))
}

impl Chart for HeatMap<'_> {
    fn file_stem(&self) -> &'static str {
        "contingency"
    }

    fn title(&self) -> &'static str {
        "Where the points of each label are"
    }

    fn slot(&self) -> Slot {
        Slot::Labels
    }

    fn caption(&self) -> String {
        "The other way round: over which clusters the points of each label spread. One dark cell in a row is a label that \
         stays together.".to_owned()
    }

    fn describe(&self) -> String {
        let largest = self.0.labels.iter().enumerate().map(|(label, name)| {
            let shares = self.0.spread(label);
            let most = shares.iter().copied().fold(0.0, f64::max);
            let cluster = shares.iter().position(|share| share.total_cmp(&most).is_eq()).unwrap_or(0);
            format!("{} of {name} in cluster {}", format::percent(most), self.0.clusters[cluster])
        });
        let largest: Vec<_> = largest.collect();
        format!(
            "Heat map of {} labels by {} clusters. The largest share of each label: {}.",
            self.0.labels.len(),
            self.0.clusters.len(),
            largest.join(", ")
        )
    }

    fn size(&self) -> (u32, u32) {
        let width = NAMES + self.width() + SUMS;
        let height = TITLE_HEIGHT + SUBTITLE_HEIGHT + NUMBERS + self.0.labels.len() as f64 * CELL.1 + KEY;
        ((2.0 * MARGIN + width.max(PICTURE)) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let text = "The share of each label that is in each cluster; a row adds up to 100\u{a0}%.";
        let inner = frame::subtitled(&inner, text, style::MUTED)?;
        let cell = self.cell_width();
        let left = |column: usize| NAMES + column as f64 * cell;
        let end = NAMES + self.width();

        let middle = (px(NAMES + self.width() / 2.0), 0);
        inner.draw_text("cluster", &Text::LABEL.at(HPos::Center, VPos::Top), middle)?;
        let place = (px(end + SUMS - 8.0), px(NUMBERS - 6.0));
        inner.draw_text("points", &Text::TICK.at(HPos::Right, VPos::Bottom), place)?;
        // Every n-th cluster has its number, so that they do not run into one another.
        let widest = self.0.clusters.last().map_or(0.0, |last| Text::TICK.width(&last.to_string()) + 6.0);
        let every = (widest / cell).ceil().max(1.0) as usize;
        for (column, cluster) in self.0.clusters.iter().enumerate().step_by(every) {
            let place = (px(left(column) + cell / 2.0), px(NUMBERS - 6.0));
            inner.draw_text(&cluster.to_string(), &Text::TICK.at(HPos::Center, VPos::Bottom), place)?;
        }
        for (row, name) in self.0.labels.iter().enumerate() {
            let top = NUMBERS + row as f64 * CELL.1;
            let middle = px(top + CELL.1 / 2.0);
            let name = Text::BODY.fit(name, NAMES - 12.0);
            let look = Text::BODY.at(HPos::Right, VPos::Center);
            inner.draw_text(&name, &look, (px(NAMES - 10.0), middle))?;
            let points = format::count(self.0.of_label(row));
            let look = Text::TICK.at(HPos::Right, VPos::Center);
            inner.draw_text(&points, &look, (px(end + SUMS - 8.0), middle))?;
            for (column, share) in self.0.spread(row).into_iter().enumerate() {
                let color = palette::share(share);
                let corners = [(px(left(column)), px(top)), (px(left(column + 1)), px(top + CELL.1))];
                inner.draw(&Rectangle::new(corners, color.filled()))?;
                if share >= TINY && cell >= NUMBERED {
                    let number = format::decimal(share * 100.0, 0);
                    let number = if cell >= PERCENT { format!("{number}\u{a0}%") } else { number };
                    let look = Text::TICK.color(palette::ink_on(color)).at(HPos::Center, VPos::Center);
                    inner.draw_text(&number, &look, (px(left(column) + cell / 2.0), middle))?;
                }
            }
        }
        let bottom = NUMBERS + self.0.labels.len() as f64 * CELL.1;
        let frame = [(px(NAMES), px(NUMBERS)), (px(end), px(bottom))];
        inner.draw(&Rectangle::new(frame, style::line(style::GRID, 1.0)))?;
        draw_key(&inner, bottom + 18.0)
    }
}

/// The colours of 0 to 100 %.
fn draw_key(area: &Area, top: f64) -> Drawn {
    const STEPS: u32 = 100;
    let at = |step: u32| px(NAMES + f64::from(step) * 2.4);
    for step in 0..STEPS {
        let color = palette::share((f64::from(step) + 0.5) / f64::from(STEPS));
        area.draw(&Rectangle::new([(at(step), px(top)), (at(step + 1), px(top + 12.0))], color.filled()))?;
    }
    let frame = [(at(0), px(top)), (at(STEPS), px(top + 12.0))];
    area.draw(&Rectangle::new(frame, style::line(style::AXIS, 1.0)))?;
    for step in [0, 50, 100] {
        let text = format!("{step}\u{a0}%");
        area.draw_text(&text, &Text::TICK.at(HPos::Center, VPos::Top), (at(step), px(top + 18.0)))?;
    }
    let look = Text::TICK.at(HPos::Right, VPos::Center);
    area.draw_text("share of the label", &look, (px(NAMES - 10.0), px(top + 6.0)))
}
