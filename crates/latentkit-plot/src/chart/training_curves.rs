//! Errors against epochs: MAE at the left, MSE at the right, each for training and validation.

use latentkit_core::summary::Metrics;
use latentkit_table::HistoryRow;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, VPos};

use crate::canvas::{Area, Drawn, px};
use crate::frame::{self, Grid};
use crate::lines::{self, Line};
use crate::scale::Axis;
use crate::style::{self, Text};

pub(super) const TITLE: &str = "Reconstruction error by epoch";
pub(super) const SIZE: (u32, u32) = (960, 420);

const TRAIN: Line = Line { name: "train", color: style::FIRST, dashed: false };
const VALIDATION: Line = Line { name: "validation", color: style::SECOND, dashed: true };

/// A panel: its heading, its y axis, and the metric that it shows.
struct Panel {
    heading: &'static str,
    title: &'static str,
    metric: fn(&Metrics) -> f64,
}

const PANELS: [Panel; 2] = [
    Panel { heading: "MAE", title: "mean absolute error of a pixel (0 to 1)", metric: |metrics| metrics.mae },
    Panel { heading: "MSE", title: "mean squared error of a pixel (0 to 1)", metric: |metrics| metrics.mse },
];

pub(super) fn describe(history: &[HistoryRow]) -> String {
    let Some(last) = history.last() else { return String::new() };
    format!(
        "Two line charts over {} epochs. Mean absolute error ends at {:.4} in training and {:.4} in validation, mean \
         squared error at {:.4} and {:.4}.",
        history.len(),
        last.train.mae,
        last.validation.mae,
        last.train.mse,
        last.validation.mse
    )
}

pub(super) fn draw<DB: DrawingBackend>(
    area: &Area<DB>,
    history: &[HistoryRow],
    experiment: &str,
) -> Drawn<DB> {
    let inner = frame::titled(area, TITLE, experiment)?;
    let inner = lines::legend(&inner, &[TRAIN, VALIDATION], history.len())?;
    let (width, _) = inner.dim_in_pixel();
    let (left, right) = inner.split_horizontally(width as i32 / 2);
    let left = left.margin(0, 0, 0, px(12.0));
    let right = right.margin(0, 0, px(12.0), 0);
    for (area, panel) in [left, right].iter().zip(&PANELS) {
        draw_panel(area, history, panel)?;
    }
    Ok(())
}

fn draw_panel<DB: DrawingBackend>(area: &Area<DB>, history: &[HistoryRow], panel: &Panel) -> Drawn<DB> {
    let train: Vec<_> = points(history, |row| (panel.metric)(&row.train));
    let validation: Vec<_> = points(history, |row| (panel.metric)(&row.validation));
    let epochs: Vec<u32> = history.iter().map(|row| row.epoch).collect();
    let margin = if epochs.len() > 1 { epochs.len() as f64 * 0.03 } else { 0.5 };
    let x = Axis::whole("epoch", &epochs, margin, 8);
    let y = Axis::over(panel.title, train.iter().chain(&validation).map(|point| point.1), 6);

    let (heading, body) = area.split_vertically(px(26.0));
    let mut plot = frame::plot(&body, x, y, Grid::Both)?;
    let (columns, _) = plot.plotting_area().get_pixel_range();
    let left = columns.start - heading.get_base_pixel().0;
    heading.draw_text(panel.heading, &Text::HEADING.at(HPos::Left, VPos::Top), (left, px(4.0)))?;

    // The validation lies on top, so that it is seen where both agree: its gaps show what is below.
    TRAIN.draw(&mut plot, &train)?;
    VALIDATION.draw(&mut plot, &validation)
}

fn points(history: &[HistoryRow], value: impl Fn(&HistoryRow) -> f64) -> Vec<(f64, f64)> {
    history.iter().map(|row| (f64::from(row.epoch), value(row))).filter(|point| point.1.is_finite()).collect()
}
