//! The coordinates of points.

use ndarray::{Array2, Axis, concatenate};

/// What the parts of a table are.
const FIT: &str = "the parts have as many dimensions";

/// The coordinates of points, [n, dimensions], all finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// As f32, which holds every number of the table exactly.
    Single(Array2<f32>),
    /// As f64, where some number of the table is not one of f32.
    Double(Array2<f64>),
}

impl Values {
    /// Number of points and of dimensions.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::Single(values) => values.dim(),
            Self::Double(values) => values.dim(),
        }
    }

    /// A coordinate of a point.
    pub fn at(&self, point: usize, column: usize) -> f64 {
        match self {
            Self::Single(values) => f64::from(values[[point, column]]),
            Self::Double(values) => values[[point, column]],
        }
    }

    /// As f32, rounded.
    pub fn rounded(self) -> Array2<f32> {
        match self {
            Self::Single(values) => values,
            Self::Double(values) => values.mapv(|value| value as f32),
        }
    }

    /// As f32 where that is exact.
    #[expect(clippy::float_cmp, reason = "asks whether f32 holds the same number")]
    pub(crate) fn simplified(self) -> Self {
        match self {
            Self::Double(values) if values.iter().all(|&value| f64::from(value as f32) == value) => {
                Self::Single(values.mapv(|value| value as f32))
            }
            other => other,
        }
    }

    /// The points of several parts, all of as many dimensions, one part after the other.
    pub(crate) fn joined(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let singles: Option<Vec<_>> = parts
            .iter()
            .map(|part| if let Self::Single(values) = part { Some(values.view()) } else { None })
            .collect();
        if let Some(singles) = singles {
            return Self::Single(concatenate(Axis(0), &singles).expect(FIT));
        }
        let doubles: Vec<Array2<f64>> = parts
            .into_iter()
            .map(|part| match part {
                Self::Single(values) => values.mapv(f64::from),
                Self::Double(values) => values,
            })
            .collect();
        let views: Vec<_> = doubles.iter().map(Array2::view).collect();
        Self::Double(concatenate(Axis(0), &views).expect(FIT))
    }
}
