//! Lines through points, which differ by dashes and markers too, not by their colours alone.

use plotters::element::{Circle, EmptyElement, PathElement, Rectangle};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use crate::canvas::{Area, Drawn, logical, px};
use crate::frame::{Plot, SUBTITLE_HEIGHT};
use crate::style::{self, Text};

/// With more points than this, markers would run into one another.
const MARKED_POINTS: usize = 40;
/// Width of a line, in logical pixels like everything below.
const WIDTH: f64 = 2.0;
/// Length of a dash and of the gap after it.
const DASH: f64 = 8.0;
const DASH_GAP: f64 = 4.0;
/// Length of a line in the legend.
const SAMPLE: f64 = 32.0;

/// A line.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) color: RGBColor,
    /// Dashes and squares rather than a whole line and discs.
    pub(crate) dashed: bool,
}

impl Line<'_> {
    /// Draws the line through points, with a marker on each of them where they are few.
    pub(crate) fn draw(&self, plot: &mut Plot<'_>, points: &[(f64, f64)]) -> Drawn {
        let pen = style::line(self.color, WIDTH);
        if self.dashed {
            plot.draw_series(DashedLineSeries::new(points.to_vec(), px(DASH), px(DASH_GAP), pen))?;
        } else {
            plot.draw_series(LineSeries::new(points.to_vec(), pen))?;
        }
        if marked(points.len()) {
            for point in points {
                if self.dashed {
                    plot.plotting_area().draw(&(EmptyElement::at(*point) + self.square((0, 0))))?;
                } else {
                    plot.plotting_area().draw(&(EmptyElement::at(*point) + self.disc((0, 0))))?;
                }
            }
        }
        Ok(())
    }

    fn disc(&self, center: (i32, i32)) -> Circle<(i32, i32), i32> {
        Circle::new(center, px(3.0), self.color.filled())
    }

    fn square(&self, (x, y): (i32, i32)) -> Rectangle<(i32, i32)> {
        let half = px(2.75);
        Rectangle::new([(x - half, y - half), (x + half, y + half)], self.color.filled())
    }
}

fn marked(points: usize) -> bool {
    points <= MARKED_POINTS
}

/// Room between a line of the legend and its name, and between the name and the next line.
const SAMPLE_GAP: f64 = 8.0;
const ENTRY_GAP: f64 = 28.0;

/// The entries of each row of a legend of lines in a width, as many in a row as fit.
pub(crate) fn legend_rows<'l, 'a>(lines: &'l [Line<'a>], width: f64) -> Vec<&'l [Line<'a>]> {
    let mut rows = Vec::new();
    let (mut start, mut right) = (0, 0.0);
    for (index, line) in lines.iter().enumerate() {
        let entry = SAMPLE + SAMPLE_GAP + Text::BODY.width(line.name);
        if index > start && right + entry > width {
            rows.push(&lines[start..index]);
            (start, right) = (index, 0.0);
        }
        right += entry + ENTRY_GAP;
    }
    if start < lines.len() {
        rows.push(&lines[start..]);
    }
    rows
}

/// Draws a legend of lines of so many points in a row, as the second line of a header. Returns what is left.
pub(crate) fn legend(area: &Area, lines: &[Line], points: usize) -> Drawn<Area> {
    let (row, rest) = area.split_vertically(px(SUBTITLE_HEIGHT));
    let width = logical(row.dim_in_pixel().0);
    let middle = px(style::TEXT_SIZE * 0.36);
    let mut left = 0.0;
    for line in lines {
        let length = if line.dashed { DASH } else { SAMPLE };
        let mut from = 0.0;
        while from < SAMPLE {
            let ends = vec![(px(left + from), middle), (px(left + (from + length).min(SAMPLE)), middle)];
            row.draw(&PathElement::new(ends, style::line(line.color, WIDTH)))?;
            from += length + DASH_GAP;
        }
        let center = (px(left + SAMPLE / 2.0), middle);
        match line.dashed {
            _ if !marked(points) => {}
            true => row.draw(&line.square(center))?,
            false => row.draw(&line.disc(center))?,
        }
        let start = left + SAMPLE + SAMPLE_GAP;
        let name = Text::BODY.fit(line.name, width - start);
        row.draw_text(&name, &Text::BODY.at(HPos::Left, VPos::Center), (px(start), middle))?;
        left = start + Text::BODY.width(line.name) + ENTRY_GAP;
    }
    Ok(rest)
}
