//! How the charts look.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use crate::canvas::font::{FAMILY, Weight};
use crate::canvas::px;

/// Titles and figures.
pub(crate) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// What explains them.
pub(crate) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6a);
/// Axes and frames.
pub(crate) const AXIS: RGBColor = RGBColor(0x8c, 0x95, 0x9f);
/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(0xe4, 0xe8, 0xec);
/// Behind everything.
pub(crate) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// The first of two series, and the only one; blue of Okabe and Ito (2008).
pub(crate) const FIRST: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// The second of two series, and what stands out; vermilion of Okabe and Ito (2008).
pub(crate) const SECOND: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Warnings, dark enough to read.
pub(crate) const WARNING: RGBColor = RGBColor(0xa3, 0x3e, 0x00);

/// Sizes of text, in logical pixels.
pub(crate) const TITLE_SIZE: f64 = 17.0;
pub(crate) const TEXT_SIZE: f64 = 13.0;
pub(crate) const SMALL_SIZE: f64 = 12.0;

/// A style of text.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) size: f64,
    pub(crate) weight: Weight,
    pub(crate) color: RGBColor,
}

impl Text {
    pub(crate) const TITLE: Self = Self { size: TITLE_SIZE, weight: Weight::SemiBold, color: INK };
    pub(crate) const HEADING: Self = Self { size: TEXT_SIZE, weight: Weight::SemiBold, color: INK };
    pub(crate) const BODY: Self = Self { size: TEXT_SIZE, weight: Weight::Regular, color: INK };
    pub(crate) const LABEL: Self = Self { size: TEXT_SIZE, weight: Weight::Regular, color: MUTED };
    pub(crate) const TICK: Self = Self { size: SMALL_SIZE, weight: Weight::Regular, color: MUTED };

    pub(crate) const fn color(self, color: RGBColor) -> Self {
        Self { color, ..self }
    }

    /// Width of a text in logical pixels.
    pub(crate) fn width(self, text: &str) -> f64 {
        crate::canvas::font::width(text, self.size, self.weight)
    }

    /// The text, cut off where it would be wider than so many logical pixels.
    pub(crate) fn fit(self, text: &str, available: f64) -> std::borrow::Cow<'_, str> {
        crate::canvas::font::fit(text, self.size, self.weight, available)
    }

    /// The style as plotters has it, anchored at a side and at the top, middle or baseline of its capitals.
    pub(crate) fn at(self, h_pos: HPos, v_pos: VPos) -> TextStyle<'static> {
        let style = if self.weight == Weight::SemiBold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::Name(FAMILY), f64::from(px(self.size)), style);
        TextStyle { font, color: self.color.to_backend_color(), pos: Pos::new(h_pos, v_pos) }
    }
}

/// A line of a width in logical pixels.
pub(crate) fn line(color: RGBColor, width: f64) -> ShapeStyle {
    color.stroke_width(px(width) as u32)
}
