//! What charts are drawn on: bitmaps and SVG, behind the trait of plotters that both implement.
//!
//! Both are drawn in the same units, a quarter of a logical pixel each, so that a chart has one layout. The two backends
//! are this crate's own because the two of plotters set the same text differently: in its bitmaps glyphs sit on whole
//! pixels without their side bearings, and above the place where SVG puts them.

mod bitmap;
mod encode;
pub(crate) mod font;
mod svg;
mod units;

use latentkit_core::Result;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};

pub(crate) use bitmap::Bitmap;
use encode::encode;
pub(crate) use svg::{Svg, element as svg_element, file as svg_file};
use units::{PIXELS, UNITS};
pub(crate) use units::{logical, px};

/// What a chart draws on.
pub(crate) type Area<DB> = DrawingArea<DB, Shift>;

/// The result of drawing.
pub(crate) type Drawn<DB, T = ()> =
    std::result::Result<T, DrawingAreaErrorKind<<DB as plotters::prelude::DrawingBackend>::ErrorType>>;

/// A PNG file of a drawing of a logical size, twice as large.
pub(crate) fn png(
    (width, height): (u32, u32),
    draw: impl FnOnce(Bitmap<'_>) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut image = bitmap::Image::new(width * PIXELS, height * PIXELS);
    draw(Bitmap::new(&mut image))?;
    Ok(encode(image.pixels(), (width * PIXELS, height * PIXELS)))
}

/// The body of an SVG element of a drawing of a logical size.
pub(crate) fn svg_body(
    (width, height): (u32, u32),
    draw: impl FnOnce(Svg<'_>) -> Result<()>,
) -> Result<String> {
    let mut body = String::new();
    draw(Svg::new(&mut body, (width * UNITS, height * UNITS)))?;
    Ok(body)
}
