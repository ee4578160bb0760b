//! A picture that was decoded.

use latentkit_core::{Error, ImageShape};

/// A picture of 8 bits a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) shape: ImageShape,
    pub(crate) pixels: Vec<u8>,
}

/// Why a picture cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) found: String,
    pub(crate) hint: Option<String>,
}

impl Refused {
    pub(crate) fn into_error(self, what: &str) -> Error {
        let error = Error::input(format!("cannot read {what}"))
            .expected("a whole PNG, JPEG, WebP, TIFF, BMP or GIF picture")
            .found(self.found);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl Picture {
    /// Whether some pixel has a colour.
    pub(crate) fn has_colour(&self) -> bool {
        self.shape.channels == 3
            && self.pixels.chunks_exact(3).any(|rgb| rgb[0] != rgb[1] || rgb[1] != rgb[2])
    }

    /// The same picture with so many channels, 1 or 3.
    pub(crate) fn with_channels(self, channels: usize) -> Self {
        let shape = ImageShape { channels, ..self.shape };
        let pixels = match (self.shape.channels, channels) {
            (3, 1) => self.pixels.chunks_exact(3).map(|rgb| grey(rgb[0], rgb[1], rgb[2])).collect(),
            (1, 3) => coloured(&self.pixels),
            _ => self.pixels,
        };
        Self { shape, pixels }
    }
}

/// Each grey value as red, green and blue.
pub(crate) fn coloured(greys: &[u8]) -> Vec<u8> {
    greys.iter().flat_map(|&value| [value; 3]).collect()
}

/// The grey of a colour by ITU-R 601-2, in the fixed-point numbers of Pillow.
pub(crate) fn grey(red: u8, green: u8, blue: u8) -> u8 {
    ((u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16) as u8
}
