//! Lengths: logical pixels, units of a drawing, pixels of a bitmap.

/// Units of a drawing in a logical pixel.
pub(super) const UNITS: u32 = 4;

/// Pixels of a bitmap in a logical pixel.
pub(super) const PIXELS: u32 = 2;

/// Units in a length of logical pixels.
pub(crate) fn px(length: impl Into<f64>) -> i32 {
    (length.into() * f64::from(UNITS)).round() as i32
}

/// Logical pixels in a length of units.
pub(crate) fn logical(units: impl Into<f64>) -> f64 {
    units.into() / f64::from(UNITS)
}
