//! DBSCAN: points with enough others around them, and what they reach.

use std::sync::atomic::{AtomicBool, Ordering};

use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::ArrayView2;
use rayon::prelude::*;
use tracing::Span;

use super::clustering::{DensityClustering, check_min_points};
use super::components::Components;
use super::knee::knee;
use super::neighbours::kth_squares;
use crate::points::check_points;
use crate::simd::Simd;
use crate::tree::query::{Query, Visitor};
use crate::tree::{LANES, Node, Tree};

/// How DBSCAN runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DbscanParams {
    /// The Euclidean distance, above 0, up to which two points are neighbours, in units of the points. Without one it is
    /// chosen from the points.
    pub radius: Option<f64>,
    /// Neighbours that make a point a core point, at least 1. A point is its own neighbour, as in scikit-learn.
    pub min_points: usize,
}

/// Clusters `points`, [n, dimensions], by DBSCAN. Returns the clusters and the radius.
///
/// A core point has `min_points` points, itself included, within the radius. Core points within the radius of each other
/// are in one cluster. Any other point is in a cluster when a core point of it is within the radius: of several such
/// clusters, in the one whose first core point comes first, as in scikit-learn. The rest is noise.
///
/// Without a radius it is the knee of the sorted distances from each point to the `min_points`-th nearest, itself
/// included: the plot from which Ester et al. let the user read it. The knee is the point farthest below the chord from
/// the least to the largest distance, as in Kneedle (Satopää et al., 2011); distances of 0 are left out. Where every point
/// has `min_points` equal ones, the radius is 0, and equal points are the clusters.
///
/// The result is exact: distances are computed in f64 from the differences of the coordinates, and compared with the
/// radius by their squares, as scikit-learn's k-d tree does. It is a function of the points and the parameters alone,
/// whatever the number of threads and the instruction set. The blocks of a k-d tree are compared with those near them, and
/// no lists of neighbours are kept: memory is one copy of the points and some 30 bytes for each, however many are equal.
///
/// # Errors
/// Of kind config, about `cluster.dbscan.radius`, when the radius is not above 0, and about `cluster.dbscan.min-points` when that is 0 or,
/// without a radius, above n; of kind input when a coordinate is not finite; and when the user interrupts.
///
/// # References
/// - M. Ester, H.-P. Kriegel, J. Sander and X. Xu, "A density-based algorithm for discovering clusters in large spatial
///   databases with noise", KDD-96, 226-231.
/// - E. Schubert, J. Sander, M. Ester, H.-P. Kriegel and X. Xu, "DBSCAN revisited, revisited: why and how you should
///   (still) use DBSCAN", ACM Transactions on Database Systems 42 (2017), 19.
/// - V. Satopää, J. Albrecht, D. Irwin and B. Raghavan, "Finding a 'kneedle' in a haystack: detecting knee points in
///   system behavior", ICDCS Workshops 2011, 166-171.
///
/// ```
/// use latentkit_cluster::{DbscanParams, dbscan};
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [13.0], [99.0]];
/// let params = DbscanParams { radius: Some(1.0), min_points: 3 };
/// let (found, radius) = dbscan(points.view(), params, Cancellation::never())?;
/// let clusters = [Some(1), Some(1), Some(1), Some(0), Some(0), Some(0), Some(0), None];
/// assert_eq!(found.clusters, clusters);
/// assert_eq!((found.count, found.noise, radius), (2, 1, 1.0));
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn dbscan(
    points: ArrayView2<'_, f32>,
    params: DbscanParams,
    cancel: Cancellation,
) -> Result<(DensityClustering, f64)> {
    dbscan_with(Simd::best(), points, params, cancel)
}

/// As [`dbscan`], with a given instruction set.
pub(super) fn dbscan_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    params: DbscanParams,
    cancel: Cancellation,
) -> Result<(DensityClustering, f64)> {
    let DbscanParams { radius, min_points } = params;
    if let Some(radius) = radius
        && !(radius > 0.0 && radius.is_finite())
    {
        return Err(Error::config("cluster.dbscan.radius", format!("radius = {radius} is not a distance"))
            .expected("a finite number above 0"));
    }
    check_points(points)?;
    // With a radius, fewer points than that are noise.
    check_min_points(
        "cluster.dbscan.min-points",
        min_points,
        if radius.is_some() { min_points } else { points.nrows() },
    )?;
    if points.nrows() == 0 {
        return Ok((DensityClustering::named(&[]), radius.unwrap_or(0.0)));
    }
    let tree = Tree::new(points, cancel)?;
    let radius = if let Some(radius) = radius {
        radius
    } else {
        let squares = kth_squares(&tree, simd, min_points, cancel)?;
        knee(squares.into_iter().map(f64::sqrt).collect())
    };
    let pass = Pass { tree: &tree, simd, square: radius * radius, cancel };
    let core = pass.core(min_points)?;
    let components = pass.components(&core)?;
    let clusters = pass.clusters(&core, &components)?;
    let mut by_point = vec![None; tree.count()];
    for (&point, cluster) in tree.order.iter().zip(clusters.into_iter().flatten()) {
        by_point[point as usize] = cluster;
    }
    Ok((DensityClustering::named(&by_point), radius))
}

/// What the passes over the points share.
#[derive(Clone, Copy)]
struct Pass<'a> {
    tree: &'a Tree,
    simd: Simd,
    square: f64, // of the radius
    cancel: Cancellation<'a>,
}

/// For each lane of a block, whether its point is a core point. Lanes behind the last point are not.
type CoreLanes = [bool; LANES];

impl Pass<'_> {
    /// Does `work` for each block, which `span` names.
    fn of_blocks<T: Send>(
        self,
        span: Span,
        work: impl Fn(&mut Query<'_>, usize) -> T + Sync,
    ) -> Result<Vec<T>> {
        let phase = Phase::new(span, self.tree.count());
        let _entered = phase.enter();
        (0..self.tree.blocks())
            .into_par_iter()
            .map_init(
                || Query::new(self.tree, self.simd),
                |query, block| {
                    self.cancel.check()?;
                    phase.add(self.tree.positions(block).1);
                    Ok(work(query, block))
                },
            )
            .collect()
    }

    /// The core points.
    fn core(self, min_points: usize) -> Result<Vec<CoreLanes>> {
        self.of_blocks(tracing::info_span!("core points", unit = "points"), |query, block| {
            let (_, used) = self.tree.positions(block);
            let mut count =
                Count { square: self.square, min_points: min_points as u64, counts: [0; LANES], used };
            query.walk(block, |_| true, &mut count);
            std::array::from_fn(|lane| lane < used && count.counts[lane] >= count.min_points)
        })
    }

    /// Joins core points within the radius of each other. A set is named by its first point.
    fn components(self, core: &[CoreLanes]) -> Result<Components> {
        let components = Components::new(self.tree.count());
        let joined: Vec<AtomicBool> = core.iter().map(|_| AtomicBool::new(false)).collect();
        self.of_blocks(tracing::info_span!("joining", unit = "points"), |query, block| {
            if core[block].contains(&true) {
                let mut join = Join { pass: self, core, components: &components, joined: &joined, block };
                query.walk(block, |lane| core[block][lane], &mut join);
            }
        })?;
        Ok(components)
    }

    /// The cluster of each point of each block, named by its first core point.
    fn clusters(self, core: &[CoreLanes], components: &Components) -> Result<Vec<Vec<Option<u32>>>> {
        self.of_blocks(tracing::info_span!("reaching", unit = "points"), |query, block| {
            let (first, used) = self.tree.positions(block);
            let mut reach = Reach { pass: self, core, components, block, clusters: [u32::MAX; LANES] };
            if core[block][..used].contains(&false) {
                query.walk(block, |lane| !core[block][lane], &mut reach);
            }
            let of_lane = |lane: usize| {
                if core[block][lane] {
                    return Some(components.find(self.tree.order[first + lane]));
                }
                Some(reach.clusters[lane]).filter(|&cluster| cluster != u32::MAX)
            };
            (0..used).map(of_lane).collect()
        })
    }
}

/// Counts points within the radius, up to `min_points` or a little more.
struct Count {
    square: f64,
    min_points: u64,
    counts: [u64; LANES],
    used: usize,
}

impl Visitor for Count {
    fn skips(&mut self, _: Node, least: f64) -> bool {
        least > self.square || self.counts[..self.used].iter().all(|&count| count >= self.min_points)
    }

    fn visit(&mut self, _: usize, squares: &[[f64; LANES]]) {
        for squares in squares {
            for (count, &square) in self.counts.iter_mut().zip(squares) {
                *count += u64::from(square <= self.square);
            }
        }
    }
}

/// Joins the core points of a block with those within the radius in this and later blocks.
struct Join<'a> {
    pass: Pass<'a>,
    core: &'a [CoreLanes],
    components: &'a Components,
    /// Whether the core points of a block are known to be in one set.
    joined: &'a [AtomicBool],
    block: usize,
}

impl Join<'_> {
    /// The set of the first core point of a block whose core points are in one set.
    fn set(&self, block: usize) -> Option<u32> {
        let lane = self.core[block].iter().position(|&core| core)?;
        self.joined[block]
            .load(Ordering::Relaxed)
            .then(|| self.components.find(self.pass.tree.order[block * LANES + lane]))
    }

    /// Looks whether the core points of a block are in one set now.
    fn update(&self, block: usize) {
        if !self.joined[block].load(Ordering::Relaxed) {
            let mut sets =
                core_points(self.pass.tree, self.core, block).map(|(_, point)| self.components.find(point));
            let first = sets.next();
            if sets.all(|set| Some(set) == first) {
                self.joined[block].store(true, Ordering::Relaxed);
            }
        }
    }
}

impl Visitor for Join<'_> {
    fn skips(&mut self, node: Node, least: f64) -> bool {
        if least > self.pass.square || node.end <= self.block {
            return true;
        }
        // A set does not fall apart again, so blocks of one set stay so.
        node.is_leaf()
            && (!self.core[node.first].contains(&true)
                || self.set(self.block).is_some_and(|own| self.set(node.first) == Some(own)))
    }

    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]) {
        for (lane, point) in core_points(self.pass.tree, self.core, block) {
            for (own, own_point) in core_points(self.pass.tree, self.core, self.block) {
                if squares[lane][own] <= self.pass.square {
                    self.components.join(point, own_point);
                }
            }
        }
        self.update(self.block);
        self.update(block);
    }
}

/// The lanes and the points of the core points of a block.
fn core_points<'a>(
    tree: &'a Tree,
    core: &'a [CoreLanes],
    block: usize,
) -> impl Iterator<Item = (usize, u32)> + 'a {
    let (first, used) = tree.positions(block);
    let lanes = tree.order[first..first + used].iter().zip(&core[block]).enumerate();
    lanes.filter(|(_, (_, core))| **core).map(|(lane, (&point, _))| (lane, point))
}

/// Finds, for the other points of a block, the first cluster with a core point within the radius.
struct Reach<'a> {
    pass: Pass<'a>,
    core: &'a [CoreLanes],
    components: &'a Components,
    block: usize,
    clusters: [u32; LANES],
}

impl Visitor for Reach<'_> {
    fn skips(&mut self, node: Node, least: f64) -> bool {
        least > self.pass.square || (node.is_leaf() && !self.core[node.first].contains(&true))
    }

    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]) {
        for (lane, point) in core_points(self.pass.tree, self.core, block) {
            let cluster = self.components.find(point);
            for (own, nearest) in self.clusters.iter_mut().enumerate() {
                if !self.core[self.block][own] && squares[lane][own] <= self.pass.square {
                    *nearest = cluster.min(*nearest);
                }
            }
        }
    }
}
