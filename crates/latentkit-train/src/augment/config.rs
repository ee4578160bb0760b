//! The table `[train.augment]`.

use latentkit_core::config::{Fraction, NonNegative};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

/// How far training images are changed; what is left out does not happen. Everything is drawn uniformly from its range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AugmentConfig {
    /// Largest shift in either direction, as a share of the height and of the width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Fraction>,
    /// Largest rotation either way, in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<NonNegative>,
    /// Largest shear along the rows either way, in degrees below 90.
    #[serde(default, deserialize_with = "angle", skip_serializing_if = "Option::is_none")]
    pub shear: Option<f64>,
    /// Largest magnification: images are scaled by up to this factor or its inverse, evenly on a logarithmic scale.
    #[serde(default, deserialize_with = "factor", skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Least share of the height and of the width that is cut out at a random place and enlarged to the whole.
    #[serde(default, deserialize_with = "share", skip_serializing_if = "Option::is_none")]
    pub crop: Option<f64>,
    /// Whether every other image is mirrored left to right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flip: bool,
    /// Largest number that is added to all values of an image or subtracted, where white is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brightness: Option<Fraction>,
    /// Largest factor by which values move away from the mean of their image, or its inverse.
    #[serde(default, deserialize_with = "factor", skip_serializing_if = "Option::is_none")]
    pub contrast: Option<f64>,
    /// Standard deviation of the normal noise that is added to each value, where white is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Fraction>,
    /// What the auto-encoder shall make of a changed image.
    #[serde(default)]
    pub target: Target,
}

/// What the auto-encoder shall make of a changed image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The image as it was.
    #[default]
    Clean,
    /// The changed image.
    Augmented,
}

fn within<'de, D: Deserializer<'de>>(
    deserializer: D,
    range: std::ops::RangeInclusive<f64>,
    expected: &str,
) -> Result<Option<f64>, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if range.contains(&value) {
        return Ok(Some(value));
    }
    Err(de::Error::custom(format!("`{value}` is out of range, expected {expected}")))
}

fn angle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    within(deserializer, 0.0..=89.0, "0 to 89 degrees")
}

fn factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    within(deserializer, 1.0..=100.0, "a factor from 1 to 100")
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    within(deserializer, 0.01..=1.0, "a share from 0.01 to 1")
}
