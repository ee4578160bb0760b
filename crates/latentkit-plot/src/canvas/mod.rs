//! What charts are drawn on: SVG, behind the trait of plotters, which bitmaps are rendered from.
//!
//! The back end is this crate's own because that of plotters sets text by guessed widths, and knows no bundled font.

mod encode;
pub(crate) mod font;
mod png;
mod svg;
mod units;

use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};

pub(crate) use png::png;
pub(crate) use svg::{Svg, element as svg_element, file as svg_file};
pub(crate) use units::{logical, px};

/// What a chart draws on.
pub(crate) type Area = DrawingArea<Svg, Shift>;

/// The result of drawing.
pub(crate) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<Infallible>>;
