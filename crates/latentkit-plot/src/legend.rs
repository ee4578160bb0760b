//! The legend of charts of labels. It stands at the right of the plot and covers no data.

use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use crate::canvas::{Area, Drawn, px};
use crate::style::Text;

/// Names beside swatches in a column, in several columns where there are many.
pub(crate) struct Legend<'a> {
    entries: Vec<(&'a str, RGBColor)>,
    rows: usize,
    column: f64,
}

/// Height of an entry of a legend.
const ENTRY: f64 = 22.0;
/// Width of a swatch, with the room at its right.
const SWATCH: f64 = 22.0;
/// Room between the plot and the legend, and between its columns.
const GAP: f64 = 20.0;
/// Widest name in a legend.
const NAME: f64 = 150.0;

impl<'a> Legend<'a> {
    /// A legend of entries from top to bottom that fits into a height.
    pub(crate) fn new(entries: Vec<(&'a str, RGBColor)>, height: f64) -> Self {
        let widest = entries.iter().map(|(name, _)| Text::BODY.width(name)).fold(0.0, f64::max);
        Self { entries, rows: ((height / ENTRY) as usize).max(1), column: SWATCH + widest.min(NAME) + GAP }
    }

    /// Width that it takes at the right of a plot.
    pub(crate) fn width(&self) -> f64 {
        self.column * self.entries.len().div_ceil(self.rows) as f64
    }

    /// Draws it at the right of an area. Returns the rest of the area.
    pub(crate) fn draw(&self, area: &Area) -> Drawn<Area> {
        let (width, _) = area.dim_in_pixel();
        let (rest, legend) = area.split_horizontally(width as i32 - px(self.width()));
        for (index, (name, color)) in self.entries.iter().enumerate() {
            let left = (index / self.rows) as f64 * self.column + GAP;
            let top = (index % self.rows) as f64 * ENTRY;
            let swatch = [(px(left), px(top)), (px(left + 14.0), px(top + 14.0))];
            legend.draw(&Rectangle::new(swatch, color.filled()))?;
            let name = Text::BODY.fit(name, NAME);
            legend.draw_text(
                &name,
                &Text::BODY.at(HPos::Left, VPos::Center),
                (px(left + SWATCH), px(top + 7.0)),
            )?;
        }
        Ok(rest)
    }
}
