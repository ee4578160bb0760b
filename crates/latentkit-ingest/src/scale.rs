//! Values of any type to pixels of 8 bits.
//!
//! Whole numbers are taken as they are and must be from 0 to 255. Floating-point numbers are from 0 to 1 where none is greater, else
//! from 0 to 255. Anything else, such as -1 to 1 or 16 bits, is refused: nobody can tell what is black and what is white.

use latentkit_core::{Error, Result};
use latentkit_table::Numbers;

/// Pixels from values that come piece by piece. While all floating-point numbers so far are at most 1, they are taken for shares of
/// white; once one is greater, those before become whole numbers, which can be told from their pixels: 0 and 1.
#[derive(Debug, Default)]
pub(crate) struct Scale {
    pub(crate) pixels: Vec<u8>,
    /// How many pixels at the start are of floating-point numbers.
    shares: bool,
    greatest: f64,
    are_floats: bool,
}

impl Scale {
    /// For about so many values.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { pixels: Vec::with_capacity(count), shares: true, ..Self::default() }
    }

    /// Appends values. `width` is the number of values of an image, `name` what messages call the values.
    ///
    /// # Errors
    /// Of kind input when one is no pixel.
    pub(crate) fn add(&mut self, numbers: &Numbers, width: usize, name: &str) -> Result<()> {
        match numbers {
            Numbers::Bytes(bytes) => {
                self.greatest = self.greatest.max(bytes.iter().copied().max().unwrap_or(0).into());
                self.pixels.extend_from_slice(bytes);
            }
            Numbers::Bits(bits) => {
                self.greatest = 255.0;
                self.pixels.extend(bits.iter().map(|&bit| if bit { 255 } else { 0 }));
            }
            Numbers::Whole(values) => {
                for &value in values {
                    if !(0.0..=255.0).contains(&value) {
                        return Err(self.refused(value, width, name, "whole numbers from 0 to 255"));
                    }
                    self.greatest = self.greatest.max(value);
                    self.pixels.push(value as u8);
                }
            }
            Numbers::Floats(values) => {
                self.are_floats = true;
                for &value in values {
                    if !(0.0..=255.0).contains(&value) {
                        return Err(self.refused(
                            value,
                            width,
                            name,
                            "numbers from 0 to 1, or from 0 to 255",
                        ));
                    }
                    self.greatest = self.greatest.max(value);
                    if self.shares && value > 1.0 {
                        self.shares = false;
                        self.pixels.iter_mut().for_each(|pixel| *pixel = u8::from(*pixel >= 128));
                    }
                    self.pixels.push((if self.shares { value * 255.0 } else { value }).round() as u8);
                }
            }
        }
        Ok(())
    }

    fn refused(&self, value: f64, width: usize, name: &str, expected: &str) -> Error {
        let hint = if value < 0.0 {
            "bring the values back to 0 to 255, such as by `((x + 1) * 127.5).round().astype(\"uint8\")` from -1 to 1"
        } else if value > 255.0 {
            "bring the values to 0 to 255, such as by `(x >> 8).astype(\"uint8\")` from 16 bits"
        } else {
            "drop the image, or mend what made it"
        };
        Error::input(format!("cannot use {name}: a value is no pixel"))
            .expected(expected)
            .found(format!("`{value}` in image {} (counted from 0)", self.pixels.len() / width.max(1)))
            .hint(hint)
    }

    /// The pixels; a warning where they are all but black.
    pub(crate) fn finish(self, name: &str) -> Vec<u8> {
        if !self.are_floats && self.greatest <= 1.0 {
            tracing::warn!(
                "no value of {name} is greater than {}: as whole numbers from 0 to 255 they are all but black; save them as floating-point \
                 numbers where 1 is white",
                self.greatest
            );
        }
        self.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(pieces: &[Numbers]) -> Result<Vec<u8>> {
        let mut scale = Scale::with_capacity(4);
        for piece in pieces {
            scale.add(piece, 2, "`x`")?;
        }
        Ok(scale.finish("`x`"))
    }

    #[test]
    fn floats_are_shares_of_white_unless_one_is_greater_than_1() {
        let floats = |values: &[f64]| Numbers::Floats(values.to_vec());
        assert_eq!(scaled(&[floats(&[0.0, 0.5, 1.0])]).unwrap(), [0, 128, 255]);
        assert_eq!(
            scaled(&[floats(&[0.0, 0.49, 0.5, 1.0]), floats(&[254.6, 1.0, 0.2])]).unwrap(),
            [0, 0, 1, 1, 255, 1, 0]
        );
        assert_eq!(scaled(&[Numbers::Bits(vec![true, false])]).unwrap(), [255, 0]);
        assert_eq!(scaled(&[Numbers::Whole(vec![0.0, 255.0, 1.0])]).unwrap(), [0, 255, 1]);
        assert_eq!(scaled(&[Numbers::Bytes(vec![7, 1])]).unwrap(), [7, 1]);
    }

    #[test]
    fn what_is_no_pixel_is_named_by_its_image() {
        for (numbers, expected) in [
            (Numbers::Floats(vec![0.0, 0.0, 0.5, -1.0]), "`-1` in image 1"),
            (Numbers::Floats(vec![f64::NAN]), "`NaN` in image 0"),
            (Numbers::Floats(vec![255.5]), "from 0 to 1, or from 0 to 255"),
            (Numbers::Whole(vec![65_535.0]), "16 bits"),
        ] {
            let error = scaled(&[numbers]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
