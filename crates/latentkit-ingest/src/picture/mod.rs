//! One encoded picture to the pixels of an image: formats, orientation, transparency, grey, size.
//!
//! Everything agrees with Pillow: `exif_transpose`, pasting over a background, `convert("L")`, and `resize` with `BILINEAR`.

mod fit;
mod open;
mod raster;
mod resize;

use latentkit_core::{ImageShape, Result};
use serde::{Deserialize, Serialize};

pub use fit::Fit;
pub(crate) use open::{Opening, format_name, open};
pub(crate) use raster::{Picture, Refused, coloured, grey};

/// Pixels of a picture at most, unless someone allows more.
pub const MAX_PIXELS: u64 = 64 << 20;

/// What a picture shall become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The shape of the image.
    pub shape: ImageShape,
    /// How a picture of other proportions fills it.
    pub fit: Fit,
    /// What lies behind transparent pixels and beside a padded picture: red, green and blue.
    pub background: [u8; 3],
    /// Pixels of a picture at most, before it is resized. A larger one is refused before it is decoded.
    pub max_pixels: u64,
}

impl Wanted {
    /// Images of this shape, padded with white.
    pub fn new(shape: ImageShape) -> Self {
        Self { shape, fit: Fit::Pad, background: [255; 3], max_pixels: MAX_PIXELS }
    }

    /// Images of this shape, prepared as those that a model was trained on.
    pub fn prepared(shape: ImageShape, preparation: Preparation) -> Self {
        let Preparation { fit, background } = preparation;
        Self { fit, background, ..Self::new(shape) }
    }

    pub(crate) fn opening(&self) -> Opening {
        Opening { background: self.background, max_pixels: self.max_pixels }
    }
}

/// How pictures are brought to the shape of images: what a trained model needs to know of those that it was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preparation {
    /// See [`Wanted::fit`].
    pub fit: Fit,
    /// See [`Wanted::background`].
    pub background: [u8; 3],
}

impl Default for Preparation {
    fn default() -> Self {
        Self { fit: Fit::Pad, background: [255; 3] }
    }
}

impl Preparation {
    /// That of the images of a source, which a config writes so.
    pub(crate) fn of_value(source: toml::Value) -> Self {
        // What a source leaves out is the default.
        Self::deserialize(source).unwrap_or_default()
    }

    pub(crate) fn to_json(self) -> String {
        serde_json::to_string(&self).expect("numbers and names are JSON")
    }
}

/// Decodes a picture (PNG, JPEG, WebP, TIFF, BMP or the first frame of a GIF) into the wanted shape: [`ImageShape::len`] values.
///
/// It is turned upright as its EXIF orientation says, laid over the background where it is transparent, reduced to 8 bits (the upper
/// ones of 16), and to grey by ITU-R 601-2 where grey is wanted, then resized by linear interpolation over the whole area that a pixel
/// comes from. Colour profiles are not applied.
///
/// # Errors
/// Of kind input when it is no such picture, is damaged, or has more pixels than are allowed; the message does not name the file.
pub fn decode(bytes: &[u8], wanted: &Wanted) -> Result<Vec<u8>> {
    let picture = open(bytes, &wanted.opening()).map_err(|refused| refused.into_error("the picture"))?;
    Ok(picture.into_shape(wanted))
}

/// How many channels images shall have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Grey, where no image has colours, else three.
    #[default]
    AsIs,
    /// One.
    Grey,
    /// Red, green and blue.
    Rgb,
}

impl Picture {
    /// The pixels in the wanted shape.
    pub(crate) fn into_shape(self, wanted: &Wanted) -> Vec<u8> {
        let picture = self.with_channels(wanted.shape.channels);
        if picture.shape == wanted.shape {
            return picture.pixels;
        }
        let [red, green, blue] = wanted.background;
        let background = if wanted.shape.channels == 1 {
            vec![grey(red, green, blue)]
        } else {
            wanted.background.to_vec()
        };
        fit::fit(&picture, wanted.shape, wanted.fit, &background)
    }
}

#[cfg(test)]
mod tests;
