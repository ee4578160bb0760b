//! An encoded picture as 8 bits of grey or of red, green and blue, upright and opaque.

use std::io::Cursor;

use image::error::{ImageFormatHint, UnsupportedErrorKind};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use latentkit_core::ImageShape;

use super::raster::{Picture, Refused, grey};

/// Bytes that a decoder may take beside the pixels.
const WORKSPACE: u64 = 64 << 20;

/// What is known of pictures before one is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// What lies behind transparent pixels.
    pub(crate) background: [u8; 3],
    /// Pixels at most.
    pub(crate) max_pixels: u64,
}

/// Decodes a picture. Its size is looked at before.
pub(crate) fn open(bytes: &[u8], opening: &Opening) -> Result<Picture, Refused> {
    // A decoder that gives up in its own way must not end the work on all other pictures.
    std::panic::catch_unwind(|| open_whole(bytes, opening)).unwrap_or_else(|_| {
        Err(Refused { found: "a damaged picture (its decoder gave up)".to_owned(), hint: None })
    })
}

fn open_whole(bytes: &[u8], opening: &Opening) -> Result<Picture, Refused> {
    let format = image::guess_format(bytes).ok().filter(ImageFormat::reading_enabled);
    let format = format.ok_or_else(|| no_picture(bytes))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    // Eight bytes a pixel of four channels of 16 bits, and a copy of them.
    limits.max_alloc = Some(opening.max_pixels.saturating_mul(16).saturating_add(WORKSPACE));
    reader.limits(limits);
    let damaged = |error: ImageError| damaged(format, &error);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > opening.max_pixels {
        return Err(Refused {
            found: format!("{height} x {width} pixels, over {}", opening.max_pixels),
            hint: Some("`dataset.source.max-pixels` allows more".to_owned()),
        });
    }
    if pixels == 0 {
        return Err(Refused { found: "a picture without pixels".to_owned(), hint: None });
    }
    // A picture whose metadata are damaged is as it is stored.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(flat(picture, opening.background))
}

/// The name of a format that is read, of a file that starts so.
pub(crate) fn format_name(start: &[u8]) -> Option<&'static str> {
    let format = image::guess_format(start).ok().filter(ImageFormat::reading_enabled)?;
    Some(match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        _ => return None,
    })
}

/// 8 bits of every value, the transparent over the background.
fn flat(picture: DynamicImage, background: [u8; 3]) -> Picture {
    use DynamicImage as D;
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let upper = |values: Vec<u16>| values.into_iter().map(|value| (value >> 8) as u8).collect::<Vec<_>>();
    let (stored, values) = match picture {
        D::ImageLuma8(image) => (1, image.into_raw()),
        D::ImageLumaA8(image) => (2, image.into_raw()),
        D::ImageRgb8(image) => (3, image.into_raw()),
        D::ImageRgba8(image) => (4, image.into_raw()),
        D::ImageLuma16(image) => (1, upper(image.into_raw())),
        D::ImageLumaA16(image) => (2, upper(image.into_raw())),
        D::ImageRgb16(image) => (3, upper(image.into_raw())),
        D::ImageRgba16(image) => (4, upper(image.into_raw())),
        other if other.has_alpha() => (4, other.into_rgba8().into_raw()),
        other => (3, other.into_rgb8().into_raw()),
    };
    let [red, green, blue] = background;
    let (channels, pixels) = match stored {
        2 => (1, over(&values, &[grey(red, green, blue)])),
        4 => (3, over(&values, &background)),
        channels => (channels, values),
    };
    Picture { shape: ImageShape { height, width, channels }, pixels }
}

/// Pixels whose last value is how opaque they are, over a background; rounded as Pillow's `paste` does.
fn over(values: &[u8], background: &[u8]) -> Vec<u8> {
    let channels = background.len();
    let mut pixels = Vec::with_capacity(values.len() / (channels + 1) * channels);
    for pixel in values.chunks_exact(channels + 1) {
        let opaque = u32::from(pixel[channels]);
        pixels.extend(pixel.iter().zip(background).map(|(&value, &behind)| {
            let sum = u32::from(behind) * (255 - opaque) + u32::from(value) * opaque + 128;
            (((sum >> 8) + sum) >> 8) as u8
        }));
    }
    pixels
}

/// What bytes are that are no picture of a format that is read.
fn no_picture(bytes: &[u8]) -> Refused {
    let known: &[(&[u8], usize, &str)] = &[
        (b"ftyp", 4, "HEIC, AVIF or a film"),
        (b"8BPS", 0, "a Photoshop file"),
        (b"%PDF", 0, "a PDF file"),
        (b"<svg", 0, "an SVG file"),
        (b"\0\0\x01\0", 0, "an icon"),
    ];
    let found =
        known.iter().find(|(magic, at, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    let is_text =
        || bytes.iter().take(512).all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
    match found {
        Some((.., name)) => Refused {
            found: (*name).to_owned(),
            hint: Some("convert it to PNG or JPEG, or leave it out".to_owned()),
        },
        None if bytes.is_empty() => Refused { found: "an empty file".to_owned(), hint: None },
        None if is_text() => Refused { found: "a text".to_owned(), hint: None },
        None => Refused { found: "a file of another kind".to_owned(), hint: None },
    }
}

fn damaged(format: ImageFormat, error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(_) => Refused {
            found: "a picture that takes too much memory".to_owned(),
            hint: Some("`dataset.source.max-pixels` allows more".to_owned()),
        },
        ImageError::Unsupported(unsupported) => {
            let kind = match (unsupported.kind(), unsupported.format_hint()) {
                (UnsupportedErrorKind::GenericFeature(feature), _) => feature,
                (UnsupportedErrorKind::Color(color), _) => format!("pixels of the type {color:?}"),
                (_, ImageFormatHint::Exact(format)) => format!("{format:?}"),
                _ => error.to_string(),
            };
            Refused {
                found: format!("a {format:?} picture of a kind that is not read ({kind})"),
                hint: Some("save it as PNG".to_owned()),
            }
        }
        other => {
            // Some messages of decoders have line breaks.
            let reason = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            Refused { found: format!("a damaged {format:?} picture ({reason})"), hint: None }
        }
    }
}
