//! Charts as files and as elements of a page.

use std::convert::Infallible;
use std::rc::Rc;

use latentkit_core::{Error, Result};
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};

use crate::canvas::{self, Svg};
use crate::chart::definition::Chart;

/// Draws a chart as a PNG file, twice its logical size. `subject`, the name of an experiment for example, stands at the right
/// of its title.
pub(crate) fn png(chart: &dyn Chart, subject: &str) -> Result<Vec<u8>> {
    Ok(canvas::png(&body(chart, subject)?, chart.size()))
}

/// Draws a chart as an SVG file, which brings its font along.
pub(crate) fn svg_file(chart: &dyn Chart, subject: &str) -> Result<String> {
    let title = format!("{}, {subject}", chart.title());
    Ok(canvas::svg_file(&body(chart, subject)?, chart.size(), &title, &chart.describe()))
}

/// Draws a chart as an SVG element for a page that brings the font along.
pub(crate) fn svg_element(chart: &dyn Chart, subject: &str) -> Result<String> {
    Ok(canvas::svg_element(&body(chart, subject)?, chart.size(), &chart.describe()))
}

/// The elements of a drawing, without what surrounds them.
fn body(chart: &dyn Chart, subject: &str) -> Result<String> {
    let body = Rc::default();
    let area = Svg::new(Rc::clone(&body), chart.size()).into_drawing_area();
    let drawn = chart.draw(&area, subject).and_then(|()| area.present());
    drawn.map_err(|error: DrawingAreaErrorKind<Infallible>| {
        Error::failed(format!("cannot draw `{}`: {error}", chart.file_stem()))
    })?;
    Ok(body.take())
}
