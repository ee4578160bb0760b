//! The shape of images.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of an image, whose bytes are its values row by row, pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values of a pixel: 1 for grey, 3 for red, green and blue.
    #[serde(default = "one")]
    pub channels: usize,
}

fn one() -> usize {
    1
}

impl ImageShape {
    /// Grey images.
    pub fn grey(height: usize, width: usize) -> Self {
        Self { height, width, channels: 1 }
    }

    /// Values of an image, and so its bytes.
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// `grey` or `colour`.
    pub fn colours(self) -> &'static str {
        if self.channels == 1 { "grey" } else { "colour" }
    }
}

/// `28x28` for grey images, else `28x28x3`.
impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { height, width, channels } = self;
        if *channels == 1 { write!(f, "{height}x{width}") } else { write!(f, "{height}x{width}x{channels}") }
    }
}
