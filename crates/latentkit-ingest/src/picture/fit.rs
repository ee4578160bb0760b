//! How a picture of other proportions fills an image.

use latentkit_core::ImageShape;
use serde::{Deserialize, Serialize};

use super::raster::Picture;
use super::resize::{Area, resize};

/// How a picture of other proportions fills an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// All of it, with bars of the background beside it.
    #[default]
    Pad,
    /// Its middle, what is too much being cut off.
    Crop,
    /// All of it, in other proportions.
    Stretch,
}

/// The pixels of an image of this shape, whose channels are those of the picture.
pub(super) fn fit(picture: &Picture, shape: ImageShape, fit: Fit, background: &[u8]) -> Vec<u8> {
    let ImageShape { height, width, channels } = picture.shape;
    let whole = Area { top: 0.0, left: 0.0, bottom: height as f64, right: width as f64 };
    let resized = |area, to| resize(&picture.pixels, [height, width], area, to, channels);
    match fit {
        Fit::Stretch => resized(whole, [shape.height, shape.width]),
        Fit::Crop => resized(middle(picture.shape, shape), [shape.height, shape.width]),
        Fit::Pad => {
            let size = inside(picture.shape, shape);
            if size == [shape.height, shape.width] {
                return resized(whole, size);
            }
            let [inner_height, inner_width] = size;
            let inner = resized(whole, size);
            let mut pixels = background.repeat(shape.height * shape.width);
            let before = |free: usize| (free as f64 * 0.5).round_ties_even() as usize;
            let (top, left) = (before(shape.height - inner_height), before(shape.width - inner_width));
            for (row, values) in inner.chunks_exact(inner_width * channels).enumerate() {
                let start = ((top + row) * shape.width + left) * channels;
                pixels[start..start + values.len()].copy_from_slice(values);
            }
            pixels
        }
    }
}

/// Height and width of the whole picture where it just fits into the shape.
fn inside(picture: ImageShape, shape: ImageShape) -> [usize; 2] {
    let proportions = picture.width as f64 / picture.height as f64;
    let wanted = shape.width as f64 / shape.height as f64;
    let rounded = |size: f64| (size.round_ties_even() as usize).max(1);
    if proportions > wanted {
        [
            rounded(picture.height as f64 / picture.width as f64 * shape.width as f64).min(shape.height),
            shape.width,
        ]
    } else if proportions < wanted {
        [shape.height, rounded(proportions * shape.height as f64).min(shape.width)]
    } else {
        [shape.height, shape.width]
    }
}

/// The middle of the picture that has the proportions of the shape.
fn middle(picture: ImageShape, shape: ImageShape) -> Area {
    let (height, width) = (picture.height as f64, picture.width as f64);
    let wanted = shape.width as f64 / shape.height as f64;
    let (inner_height, inner_width) =
        if width / height >= wanted { (height, wanted * height) } else { (width / wanted, width) };
    let (top, left) = ((height - inner_height) * 0.5, (width - inner_width) * 0.5);
    Area { top, left, bottom: top + inner_height, right: left + inner_width }
}
