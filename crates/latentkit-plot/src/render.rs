//! Charts as files and as elements of a page.

use std::convert::Infallible;

use latentkit_core::{Error, Result};
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};

use crate::canvas::{self, Bitmap, Svg};
use crate::chart::definition::Chart;

/// Draws a chart as a PNG file, twice its logical size. `subject`, the name of an experiment for example, stands at the right
/// of its title.
pub(crate) fn png(chart: &dyn Chart, subject: &str) -> Result<Vec<u8>> {
    canvas::png(chart.size(), |backend: Bitmap| {
        let area = backend.into_drawing_area();
        chart.draw_bitmap(&area, subject).and_then(|()| area.present()).map_err(|error| failed(chart, &error))
    })
}

/// Draws a chart as an SVG file, which brings its font along.
pub(crate) fn svg_file(chart: &dyn Chart, subject: &str) -> Result<String> {
    let title = format!("{}, {subject}", chart.title());
    Ok(canvas::svg_file(&svg_body(chart, subject)?, chart.size(), &title, &chart.describe()))
}

/// Draws a chart as an SVG element for a page that brings the font along.
pub(crate) fn svg_element(chart: &dyn Chart, subject: &str) -> Result<String> {
    Ok(canvas::svg_element(&svg_body(chart, subject)?, chart.size(), &chart.describe()))
}

fn svg_body(chart: &dyn Chart, subject: &str) -> Result<String> {
    canvas::svg_body(chart.size(), |backend: Svg| {
        let area = backend.into_drawing_area();
        chart.draw_svg(&area, subject).and_then(|()| area.present()).map_err(|error| failed(chart, &error))
    })
}

fn failed(chart: &dyn Chart, error: &DrawingAreaErrorKind<Infallible>) -> Error {
    Error::failed(format!("cannot draw `{}`: {error}", chart.file_stem()))
}
