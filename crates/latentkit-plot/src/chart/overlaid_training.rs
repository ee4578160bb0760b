//! The loss of several runs against epochs: training at the left, validation at the right.

use std::collections::BTreeSet;

use latentkit_core::summary::Metrics;
use latentkit_table::HistoryRow;

use super::definition::Chart;
use super::epochs::{self, Panel, points};
use crate::canvas::{Area, Drawn};
use crate::comparison::ComparedRun;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT};
use crate::lines::{self, Line};
use crate::palette;
use crate::scale::Axis;

/// The line of the run of this place: a colour, and dashes for every other one.
pub(super) fn line(place: usize, run: &ComparedRun) -> Line<'_> {
    Line { name: &run.name, color: palette::color(place), dashed: place % 2 == 1 }
}

/// Draws the legend of some lines in as many rows as it needs. Returns what is left.
pub(super) fn draw_legend(area: Area, lines: &[Line], points: usize) -> Drawn<Area> {
    let mut rest = area;
    for row in lines::legend_rows(lines, LEGEND_WIDTH) {
        rest = lines::legend(&rest, row, points)?;
    }
    Ok(rest)
}

/// Height of the legend of some lines.
pub(super) fn legend_height(lines: &[Line]) -> u32 {
    (lines::legend_rows(lines, LEGEND_WIDTH).len() as f64 * SUBTITLE_HEIGHT) as u32
}

/// Width of a legend, in logical pixels.
const LEGEND_WIDTH: f64 = epochs::SIZE.0 as f64 - 2.0 * MARGIN;

/// The runs that trained, each with its place among all.
pub(crate) struct Losses<'a>(Vec<(usize, &'a ComparedRun)>);

impl<'a> Losses<'a> {
    /// None where no run trained.
    pub(crate) fn new(runs: &'a [ComparedRun]) -> Option<Self> {
        let trained: Vec<_> = runs.iter().enumerate().filter(|(_, run)| !run.history.is_empty()).collect();
        (!trained.is_empty()).then_some(Self(trained))
    }

    fn lines(&self) -> Vec<Line<'a>> {
        self.0.iter().map(|&(place, run)| line(place, run)).collect()
    }

    fn longest(&self) -> usize {
        self.0.iter().map(|(_, run)| run.history.len()).max().unwrap_or(0)
    }

    /// The losses of every run of training or validation, on an axis of its own: batch-norm and dropout set the two apart.
    fn panel(&self, heading: &'static str, metrics: fn(&HistoryRow) -> &Metrics) -> Panel<'a> {
        let lines = self
            .0
            .iter()
            .map(|&(place, run)| (line(place, run), points(&run.history, |row| metrics(row).bce)));
        let lines: Vec<_> = lines.collect();
        let y =
            Axis::over("nats per pixel", lines.iter().flat_map(|(_, points)| points).map(|point| point.1), 6);
        Panel { heading, y, lines }
    }
}

impl Chart for Losses<'_> {
    fn file_stem(&self) -> &'static str {
        "overlaid_training"
    }

    fn title(&self) -> &'static str {
        "Binary cross-entropy by epoch"
    }

    fn caption(&self) -> String {
        "The loss of each run over its training steps, and on the validation images after each epoch."
            .to_owned()
    }

    fn describe(&self) -> String {
        let ends = self.0.iter().filter_map(|(_, run)| {
            let last = run.history.last()?;
            Some(format!(
                "{}: {:.4} in training and {:.4} in validation after epoch {}",
                run.name, last.train.bce, last.validation.bce, last.epoch
            ))
        });
        format!("Two line charts with a line for each run. {}.", ends.collect::<Vec<_>>().join("; "))
    }

    fn size(&self) -> (u32, u32) {
        let (width, height) = epochs::SIZE;
        (width, height - SUBTITLE_HEIGHT as u32 + legend_height(&self.lines()))
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let inner = draw_legend(inner, &self.lines(), self.longest())?;
        let epochs: BTreeSet<u32> =
            self.0.iter().flat_map(|(_, run)| &run.history).map(|row| row.epoch).collect();
        let epochs: Vec<u32> = epochs.into_iter().collect();
        let panels =
            [self.panel("Training", |row| &row.train), self.panel("Validation", |row| &row.validation)];
        epochs::draw_over(&inner, &epochs, panels)
    }
}
