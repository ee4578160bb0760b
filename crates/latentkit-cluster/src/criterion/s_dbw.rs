//! The `S_Dbw` index.

use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

use super::definition::{Clustered, Definition, OfClusters, Source};
use crate::points::Points;
use crate::select_k::Rule;

pub(super) struct SDbw;

impl Definition for SDbw {
    fn column(&self) -> &'static str {
        "s_dbw"
    }

    fn key(&self) -> &'static str {
        "s-dbw"
    }

    fn is_default(&self) -> bool {
        false
    }

    fn title(&self) -> &'static str {
        "S_Dbw"
    }

    fn heading(&self) -> &'static str {
        "S_Dbw (less is better)"
    }

    fn explanation(&self) -> &'static str {
        "lowest sum of the scatter within clusters and the density between them"
    }

    fn source(&self) -> Source<'_> {
        Source::Clusters(self)
    }
}

impl OfClusters for SDbw {
    fn rule(&self) -> Rule {
        Rule::Lowest
    }

    fn value(&self, clustered: &Clustered) -> Option<f64> {
        s_dbw(clustered.points.view(), clustered.clusters, clustered.centroids)
    }
}

/// Points that one thread takes at a time.
const CHUNK: usize = 1024;

/// The `S_Dbw` index of `points`, [n, d], in `clusters`, [n], with the means `centroids`, [k, d]: Scat + `Dens_bw`, from 0, the lower
/// the better.
///
/// - Scat = (1 / k) Σᵢ ‖σ(vᵢ)‖ / ‖σ(S)‖, with σ(vᵢ) the variances of the columns in cluster i and σ(S) those of all points.
/// - `Dens_bw` = 1 / (k (k - 1)) Σᵢ Σ over j ≠ i of dens(uᵢⱼ) / max(dens(vᵢ), dens(vⱼ)), with uᵢⱼ the middle between the centroids vᵢ
///   and vⱼ, and dens the number of points of the two clusters within the radius √(Σᵢ ‖σ(vᵢ)‖) / k. No points in the middle
///   are no density, whatever lies at the centroids.
///
/// None for one cluster, where all points are equal, and where points lie in a middle and none at its two centroids.
///
/// M. Halkidi and M. Vazirgiannis, "Clustering validity assessment: finding the optimal partitioning of a data set", ICDM 2001,
/// 187-194.
fn s_dbw<'a>(points: impl Into<Points<'a>>, clusters: &[u32], centroids: &Array2<f64>) -> Option<f64> {
    let points = points.into();
    let k = centroids.nrows();
    let within: Vec<f64> = variances(points, clusters, centroids).iter().map(|v| norm(v)).collect();
    let all = norm(&variances(points, &vec![0; points.nrows()], &mean(points))[0]);
    if k < 2 || all <= 0.0 {
        return None;
    }
    let total: f64 = within.iter().sum();
    let counts = Counts::new(points, clusters, centroids, total / (k * k) as f64);
    let mut between = 0.0;
    for i in 0..k {
        for j in i + 1..k {
            let pair = |counts: &[u32], of: usize| f64::from(counts[i * k + of] + counts[j * k + of]);
            let middle = f64::from(counts.middles[i * k + j] + counts.middles[j * k + i]);
            let largest = pair(&counts.centroids, i).max(pair(&counts.centroids, j));
            if middle > 0.0 && largest <= 0.0 {
                return None;
            }
            between += if middle > 0.0 { 2.0 * middle / largest } else { 0.0 };
        }
    }
    Some(total / k as f64 / all + between / (k * (k - 1)) as f64)
}

/// How many points of each cluster lie within the radius of what.
struct Counts {
    /// Of each centroid: [clusters of the points, centroids].
    centroids: Vec<u32>,
    /// Of the middle between their own centroid and each other: [clusters of the points, centroids].
    middles: Vec<u32>,
}

impl Counts {
    fn new(points: Points<'_>, clusters: &[u32], centroids: &Array2<f64>, square: f64) -> Self {
        let k = centroids.nrows();
        let zero = || Self { centroids: vec![0; k * k], middles: vec![0; k * k] };
        let count = |mut counts: Self, (chunk, clusters): (usize, &[u32])| {
            for (point, &cluster) in (chunk * CHUNK..).zip(clusters) {
                let own = cluster as usize;
                for other in 0..k {
                    let (here, there) = (centroids.row(own), centroids.row(other));
                    let near = points.squared_distance(point, there) <= square;
                    counts.centroids[own * k + other] += u32::from(near);
                    let middle = other != own && from_middle(points.row(point), here, there) <= square;
                    counts.middles[own * k + other] += u32::from(middle);
                }
            }
            counts
        };
        let add = |mut a: Self, b: Self| {
            a.centroids.iter_mut().zip(b.centroids).for_each(|(a, b)| *a += b);
            a.middles.iter_mut().zip(b.middles).for_each(|(a, b)| *a += b);
            a
        };
        // Whole numbers, so that the order of the parts changes nothing.
        clusters.par_chunks(CHUNK).enumerate().fold(zero, count).reduce(zero, add)
    }
}

/// The squared distance of a point to the middle between two others.
fn from_middle(point: impl Iterator<Item = f64>, a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let middles = a.iter().zip(b).map(|(a, b)| f64::midpoint(*a, *b));
    point.zip(middles).map(|(value, middle)| (value - middle).powi(2)).sum()
}

/// The variance of each column within each cluster: [k][d].
fn variances(points: Points<'_>, clusters: &[u32], centroids: &Array2<f64>) -> Vec<Vec<f64>> {
    let mut squares = vec![vec![0.0; points.ncols()]; centroids.nrows()];
    let mut counts = vec![0.0; centroids.nrows()];
    for (point, &cluster) in clusters.iter().enumerate() {
        let cluster = cluster as usize;
        counts[cluster] += 1.0;
        for ((sum, value), mean) in
            squares[cluster].iter_mut().zip(points.row(point)).zip(centroids.row(cluster))
        {
            *sum += (value - mean).powi(2);
        }
    }
    for (squares, count) in squares.iter_mut().zip(counts) {
        for sum in squares {
            *sum /= count;
        }
    }
    squares
}

/// The mean of all points: [1, d].
fn mean(points: Points<'_>) -> Array2<f64> {
    crate::centroids::means(points, &vec![0; points.nrows()], 1)
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, array};
    use serde::Deserialize;

    use super::*;
    use crate::centroids::means;
    use crate::testing::{assert_close, blobs, permutation, random_clusters, rng, with_threads};

    /// What `tests/fixtures/s_dbw.py` wrote.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        points: Vec<Vec<f64>>,
        labels: Vec<u32>,
        s_dbw: Option<f64>,
    }

    fn of(points: &Array2<f32>, labels: &[u32]) -> Option<f64> {
        let k = labels.iter().max().map_or(0, |&last| last as usize + 1);
        s_dbw(points.view(), labels, &means(points.view(), labels, k))
    }

    #[test]
    fn the_index_is_that_of_the_paper() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/fixtures/s_dbw.json")).unwrap();
        for case in &cases {
            let (rows, columns) = (case.points.len(), case.points[0].len());
            let points = Array2::from_shape_fn((rows, columns), |(row, axis)| case.points[row][axis] as f32);
            let found = of(&points, &case.labels);
            assert_eq!(found.is_some(), case.s_dbw.is_some(), "{}", case.name);
            assert_close(found.unwrap_or(0.0), case.s_dbw.unwrap_or(0.0), 1e-9, &case.name);
        }
        assert_eq!(cases.len(), 16);
    }

    #[test]
    fn names_order_shifts_scales_and_threads_change_nothing() {
        let points = blobs(&mut rng(61), 5000, 3, 4);
        let labels = random_clusters(&mut rng(62), 5000, 4);
        let expected = with_threads(1, || of(&points, &labels)).unwrap();
        assert_eq!(with_threads(3, || of(&points, &labels)), Some(expected));
        let renamed: Vec<u32> = labels.iter().map(|label| (label + 1) % 4).collect();
        assert_close(of(&points, &renamed).unwrap(), expected, 1e-12, "names");
        let order = permutation(&mut rng(63), 5000);
        let moved: Vec<u32> = order.iter().map(|&point| labels[point]).collect();
        assert_close(of(&points.select(Axis(0), &order), &moved).unwrap(), expected, 1e-12, "order");
        assert_close(of(&points.mapv(|value| value + 64.0), &labels).unwrap(), expected, 1e-6, "shift");
        assert_close(of(&points.mapv(|value| value * 4.0), &labels).unwrap(), expected, 1e-12, "scale");
    }

    #[test]
    fn the_lowest_is_at_the_number_of_blobs() {
        let points = blobs(&mut rng(64), 600, 2, 5);
        let at = |k: u32| {
            let params = crate::criterion::resample::params(k as usize, points.ncols());
            let found = crate::kmeans(points.view(), params, &rng(65), latentkit_core::Cancellation::never())
                .unwrap();
            of(&points, &found.clusters).unwrap()
        };
        let values: Vec<f64> = (2..9).map(at).collect();
        let lowest = values.iter().enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap().0;
        assert_eq!(lowest + 2, 5, "{values:?}");
    }

    #[test]
    fn one_cluster_and_one_place_have_no_index() {
        assert_eq!(of(&array![[1.0], [2.0]], &[0, 0]), None);
        assert_eq!(of(&array![[1.0], [1.0]], &[0, 1]), None);
        // Two pairs of equal points: nothing is scattered, and nothing lies between.
        assert_eq!(of(&array![[1.0], [1.0], [5.0], [5.0]], &[0, 0, 1, 1]), Some(0.0));
    }
}
