//! The figures of cluster about the nearest neighbours of the points.

use serde::{Deserialize, Serialize};

/// Figures about the nearest neighbours of the points, independent of any clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeighbourSummary {
    /// Points drawn at random whose neighbours among all points were compared with their labels; 0 without labels.
    pub label_sample: usize,
    /// Images drawn at random whose neighbours among each other were compared with those of their points; 0 without
    /// images.
    pub image_sample: usize,
    /// Probability that two points drawn at random have the same label, Σ p² over the shares p of the labels, above 0, at
    /// most 1: what [`LabelAgreement::share`] is where the points do not know the labels. None without labels.
    pub chance: Option<f64>,
    /// The figures of each number of neighbours, ascending; none without labels and images.
    pub figures: Vec<NeighbourFigure>,
    /// Points that equal another one in every coordinate.
    #[serde(rename = "twins")]
    pub duplicates: usize,
    /// Points that are equal to each other, at most; 1 where there are no duplicates.
    pub largest_group: usize,
}

impl NeighbourSummary {
    /// Whether more than 1 % of the points have a duplicate, as they do where the latents have collapsed: distances of 0 then
    /// decide neighbours and silhouettes.
    pub fn many_twins(&self, points: usize) -> bool {
        self.duplicates * 100 > points
    }
}

/// The figures of one number of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeighbourFigure {
    /// Number of neighbours, k.
    pub k: usize,
    /// None without labels, and where there are no more than k points.
    pub labels: Option<LabelAgreement>,
    /// None without images, and where 2 k is not below their number.
    pub images: Option<Preservation>,
}

/// How well the k nearest neighbours of a point agree with its label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelAgreement {
    /// Mean over the points of the share of their neighbours that have their label, 0 to 1.
    pub share: f64,
    /// Its standard error: the standard deviation of the share over the points, divided by the root of their number.
    pub standard_error: f64,
    /// Share of the points whose label is the most frequent one among their neighbours, 0 to 1: the leave-one-out accuracy
    /// of a k-nearest-neighbour classifier. Of equally frequent labels, that of the nearest neighbour counts.
    pub knn_accuracy: f64,
}

/// How well the points keep the k nearest neighbours that their images have, 1 at best; neighbours drawn at random give
/// about 0.5.
///
/// With n images, r(i, j) the rank of j by its distance from i among the images, s(i, j) that among the points, N(i) the k
/// nearest images of i and M(i) its k nearest points,
///
/// - T(k) = 1 - 2 / (n k (2n - 3k - 1)) Σᵢ Σ of r(i, j) - k over the j that are in M(i) and not in N(i),
/// - C(k) = 1 - 2 / (n k (2n - 3k - 1)) Σᵢ Σ of s(i, j) - k over the j that are in N(i) and not in M(i).
///
/// J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods: an experimental study", ICANN 2001,
/// 485-491.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preservation {
    /// T(k), 0 to 1: whether neighbouring points are of neighbouring images.
    pub trustworthiness: f64,
    /// C(k), 0 to 1: whether neighbouring images have neighbouring points.
    pub continuity: f64,
}
