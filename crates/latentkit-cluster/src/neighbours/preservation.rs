//! Whether points keep the neighbours of their images.

use latentkit_core::summary::Preservation;
use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::{ArrayView2, CowArray, Ix2};
use rayon::prelude::*;

use super::space::{Images, Latents, Space};
use crate::points::check_points;
use crate::simd::Simd;

/// Computes the trustworthiness and the continuity of points with respect to the images that they stand for, for each k of
/// `ks`; [`Preservation`] has the formulas.
///
/// `images` is [n, pixels], `points` [n, dimensions]. Distances are Euclidean, those of images in whole numbers and those of
/// points in f64; of equally distant ones the one of the lower number is nearer. All n² distances are computed and sorted,
/// so n should be some thousands at most. The result is the same on every processor and for any number of threads. The
/// trustworthiness is that of scikit-learn's `sklearn.manifold.trustworthiness(images, points)`, the continuity that of
/// exchanged roles.
///
/// # Errors
/// When there are not as many images as points, some k is 0 or 2 k is not below n, or a coordinate is not finite; and when
/// the user interrupts.
///
/// ```
/// use latentkit_cluster::preservation;
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// // Images of one pixel, and points that have the first and the third exchanged.
/// let (images, points) = (array![[0], [1], [3], [6]], array![[3.0], [1.0], [0.0], [6.0]]);
/// let found = preservation(images.view(), points.view(), &[1], Cancellation::never())?;
/// // The nearest point of the second is the third, whose image is but the second nearest; that of the fourth is the first,
/// // whose image is the third nearest. The sum is 1 + 2.
/// assert!((found[0].trustworthiness - (1.0 - 2.0 / (4.0 * 1.0 * (8.0 - 3.0 - 1.0)) * 3.0)).abs() < 1e-12);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn preservation(
    images: ArrayView2<'_, u8>,
    points: ArrayView2<'_, f32>,
    ks: &[usize],
    cancel: Cancellation,
) -> Result<Vec<Preservation>> {
    preservation_with(Simd::best(), images, points, ks, cancel)
}

/// As [`preservation`], with a given instruction set.
pub(super) fn preservation_with(
    simd: Simd,
    images: ArrayView2<'_, u8>,
    points: ArrayView2<'_, f32>,
    ks: &[usize],
    cancel: Cancellation,
) -> Result<Vec<Preservation>> {
    let count = points.nrows();
    check_points(points)?;
    if images.nrows() != count {
        return Err(Error::failed("cannot compare points with images that are not theirs")
            .expected(format!("{count} images"))
            .found(images.nrows().to_string()));
    }
    if let Some(k) = ks.iter().find(|&&k| k == 0 || 2 * k >= count) {
        return Err(Error::failed(format!(
            "the trustworthiness of {k} neighbours of {count} points is undefined"
        ))
        .expected("1 neighbour at least, and fewer than half of the points")
        .found(k.to_string()));
    }
    let images: CowArray<'_, u8, Ix2> = images.as_standard_layout();
    let images = Images { simd, pixels: images.view() };
    let points = Latents(points);
    let phase = Phase::new(tracing::info_span!("preservation", unit = "images"), count);
    let _entered = phase.enter();
    let penalties: Vec<Vec<[u64; 2]>> = (0..count)
        .into_par_iter()
        .map_init(
            || (Ranking::default(), Ranking::default()),
            |(by_image, by_point), point| {
                cancel.check()?;
                phase.add(1);
                by_image.rank(&images, point);
                by_point.rank(&points, point);
                Ok(ks
                    .iter()
                    .map(|&k| [penalty(by_point, by_image, k), penalty(by_image, by_point, k)])
                    .collect())
            },
        )
        .collect::<Result<_>>()?;
    Ok(ks
        .iter()
        .enumerate()
        .map(|(index, &k)| {
            let of = |role: usize| {
                let sum: u64 = penalties.iter().map(|of_point| of_point[index][role]).sum();
                let (n, k) = (count as f64, k as f64);
                1.0 - 2.0 * sum as f64 / (n * k * (2.0 * n - 3.0 * k - 1.0))
            };
            Preservation { trustworthiness: of(0), continuity: of(1) }
        })
        .collect())
}

/// What the `k` nearest by one ranking cost by another: how much their ranks there exceed k.
fn penalty(nearest: &Ranking, other: &Ranking, k: usize) -> u64 {
    let excess = |&(_, point): &(u64, u32)| u64::from(other.ranks[point as usize]).saturating_sub(k as u64);
    nearest.order[..k].iter().map(excess).sum()
}

/// All points by their distance from one of them.
#[derive(Default)]
struct Ranking {
    distances: Vec<u64>,
    /// The other points with their distances, the nearest first: [n - 1].
    order: Vec<(u64, u32)>,
    /// The rank of each point from 1, and 0 of the one itself: [n].
    ranks: Vec<u32>,
}

impl Ranking {
    /// Ranks the points by their distance from `point`; of equally distant ones the first is nearer.
    fn rank(&mut self, space: &impl Space, point: usize) {
        space.distances(point, &mut self.distances);
        self.order.clear();
        self.order
            .extend(self.distances.iter().copied().zip(0..).filter(|&(_, other)| other as usize != point));
        self.order.sort_unstable();
        self.ranks.clear();
        self.ranks.resize(self.distances.len(), 0);
        for (rank, &(_, other)) in (1..).zip(&self.order) {
            self.ranks[other as usize] = rank;
        }
    }
}
