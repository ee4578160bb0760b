//! Two panels of lines against epochs.

use latentkit_core::summary::Metrics;
use latentkit_table::HistoryRow;
use plotters::style::text_anchor::{HPos, VPos};

use crate::canvas::{Area, Drawn, px};
use crate::frame::{self, Grid};
use crate::lines::Line;
use crate::scale::Axis;
use crate::style::{self, Text};

pub(super) const SIZE: (u32, u32) = (960, 420);

pub(super) const TRAIN: Line<'static> = Line { name: "train", color: style::FIRST, dashed: false };
pub(super) const VALIDATION: Line<'static> = Line { name: "validation", color: style::SECOND, dashed: true };

/// A panel: its heading, its vertical axis, and its lines.
pub(super) struct Panel<'a> {
    pub(super) heading: &'static str,
    pub(super) y: Axis,
    pub(super) lines: Vec<(Line<'a>, Vec<(f64, f64)>)>,
}

impl Panel<'_> {
    /// A metric of training and validation.
    pub(super) fn of_metric(
        history: &[HistoryRow],
        heading: &'static str,
        title: &'static str,
        metric: fn(&Metrics) -> f64,
    ) -> Self {
        let train = points(history, |row| metric(&row.train));
        let validation = points(history, |row| metric(&row.validation));
        let y = Axis::over(title, train.iter().chain(&validation).map(|point| point.1), 6);
        // The validation lies on top, so that it is seen where both agree: its gaps show what is below.
        Self { heading, y, lines: vec![(TRAIN, train), (VALIDATION, validation)] }
    }

    fn draw(self, area: &Area, epochs: &[u32]) -> Drawn {
        let margin = if epochs.len() > 1 { epochs.len() as f64 * 0.03 } else { 0.5 };
        let x = Axis::whole("epoch", epochs, margin, 8);

        let (heading, body) = area.split_vertically(px(26.0));
        let mut plot = frame::plot(&body, x, self.y, Grid::Both)?;
        let (columns, _) = plot.plotting_area().get_pixel_range();
        let left = columns.start - heading.get_base_pixel().0;
        heading.draw_text(self.heading, &Text::HEADING.at(HPos::Left, VPos::Top), (left, px(4.0)))?;
        for (line, points) in &self.lines {
            line.draw(&mut plot, points)?;
        }
        Ok(())
    }
}

/// A value of each epoch, where it is a number.
pub(super) fn points(history: &[HistoryRow], value: impl Fn(&HistoryRow) -> f64) -> Vec<(f64, f64)> {
    history.iter().map(|row| (f64::from(row.epoch), value(row))).filter(|point| point.1.is_finite()).collect()
}

/// Draws two panels side by side.
pub(super) fn draw(area: &Area, history: &[HistoryRow], panels: [Panel; 2]) -> Drawn {
    let epochs: Vec<u32> = history.iter().map(|row| row.epoch).collect();
    draw_over(area, &epochs, panels)
}

/// As [`draw`], over these epochs, ascending.
pub(super) fn draw_over(area: &Area, epochs: &[u32], panels: [Panel; 2]) -> Drawn {
    let (width, _) = area.dim_in_pixel();
    let (left, right) = area.split_horizontally(width as i32 / 2);
    let left = left.margin(0, 0, 0, px(12.0));
    let right = right.margin(0, 0, px(12.0), 0);
    for (area, panel) in [left, right].iter().zip(panels) {
        panel.draw(area, epochs)?;
    }
    Ok(())
}
