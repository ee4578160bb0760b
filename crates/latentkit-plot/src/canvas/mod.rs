//! What charts are drawn on: bitmaps and SVG, behind the trait of plotters that both implement.
//!
//! Both are drawn in the same units, a quarter of a logical pixel each, so that a chart has one layout. The two backends
//! are this crate's own because the two of plotters set the same text differently: in its bitmaps glyphs sit on whole
//! pixels without their side bearings, and above the place where SVG puts them.

mod bitmap;
pub(crate) mod font;
mod svg;

use latentkit_core::Result;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};

pub(crate) use bitmap::Bitmap;
pub(crate) use svg::{Svg, element as svg_element, file as svg_file};

/// What a chart draws on.
pub(crate) type Area<DB> = DrawingArea<DB, Shift>;

/// The result of drawing.
pub(crate) type Drawn<DB, T = ()> =
    std::result::Result<T, DrawingAreaErrorKind<<DB as plotters::prelude::DrawingBackend>::ErrorType>>;

/// Units of a drawing in a logical pixel.
const UNITS: u32 = 4;

/// Pixels of a bitmap in a logical pixel.
const PIXELS: u32 = 2;

/// Units in a length of logical pixels.
pub(crate) fn px(length: impl Into<f64>) -> i32 {
    (length.into() * f64::from(UNITS)).round() as i32
}

/// Logical pixels in a length of units.
pub(crate) fn logical(units: impl Into<f64>) -> f64 {
    units.into() / f64::from(UNITS)
}

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

/// Encodes rows of RGB pixels as a PNG file, of grey pixels where there is no colour.
fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    let grey = pixels.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let greys: Vec<u8> = if grey { pixels.iter().copied().step_by(3).collect() } else { Vec::new() };
    let (color, pixels) =
        if grey { (png::ColorType::Grayscale, greys.as_slice()) } else { (png::ColorType::Rgb, pixels) };
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    // Charts repeat few colours in the same patterns, which differences between pixels would hide.
    encoder.set_filter(png::FilterType::NoFilter);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels))
        .expect("the pixels fill the image, and memory takes every write");
    file
}
