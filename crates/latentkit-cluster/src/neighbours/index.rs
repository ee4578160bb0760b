//! The exact nearest neighbours of some points among all of them.

use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::{Array2, ArrayView2, Axis};

use super::duplicates::Groups;
use super::narrow::Narrow;
use super::nearest::Neighbour;
use super::search::Search;
use super::wide::Wide;
use crate::points::check_points;
use crate::prepared::Prepared;
use crate::simd::Simd;

/// Dimensions up to which a tree is walked; of more, its nodes rule out too little.
const NARROW: usize = 12;

/// Finds the `k` nearest neighbours of the points numbered `queries` among all other points: [queries, k], as
/// [`NeighbourIndex::nearest`] does.
///
/// # Errors
/// As [`NeighbourIndex::new`] and [`NeighbourIndex::nearest`].
///
/// ```
/// use latentkit_cluster::nearest_neighbours;
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [2.0], [2.5]];
/// let found = nearest_neighbours(points.view(), &[2, 0], 2, Cancellation::never())?;
/// assert_eq!(found, array![[3, 1], [1, 2]]);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn nearest_neighbours(
    points: ArrayView2<'_, f32>,
    queries: &[usize],
    k: usize,
    cancel: Cancellation,
) -> Result<Array2<usize>> {
    NeighbourIndex::new(points, cancel)?.nearest(queries, k, cancel)
}

/// Points whose nearest neighbours can be asked for, exactly.
///
/// Distances are computed in f64 from the differences of the coordinates. Most are not computed at all: a bound in f32 shows that
/// they are too long, of points of up to 12 dimensions after a k-d tree has ruled out most of the others, and of wider ones from
/// norms and products. Equal points are merged before, so that any number of them costs nothing. The result is the same on
/// every processor and for any number of threads. Memory is one more copy of the points.
pub struct NeighbourIndex<'a> {
    count: usize,
    /// The points that are equal to each other, ascending, those of each distinct point; none where all are distinct.
    groups: Option<Groups>,
    search: Box<dyn Search + 'a>,
}

impl<'a> NeighbourIndex<'a> {
    /// Prepares `points`, [n, dimensions].
    ///
    /// # Errors
    /// Of kind input when a coordinate is not finite or there is none; and when the user interrupts.
    pub fn new(points: ArrayView2<'a, f32>, cancel: Cancellation) -> Result<Self> {
        Self::with(Simd::best(), points, cancel)
    }

    /// As [`new`](Self::new), with a given instruction set.
    pub(super) fn with(simd: Simd, points: ArrayView2<'a, f32>, cancel: Cancellation) -> Result<Self> {
        check_points(points)?;
        let groups = Groups::of(points, cancel)?;
        let groups = (groups.members.len() < points.nrows()).then_some(groups);
        let first =
            |groups: &Groups| groups.members.iter().map(|members| members[0] as usize).collect::<Vec<_>>();
        let distinct = groups.as_ref().map(|groups| points.select(Axis(0), &first(groups)));
        let search: Box<dyn Search + 'a> = match distinct {
            None if points.ncols() <= NARROW => Box::new(Narrow::new(simd, points, cancel)?),
            None => Box::new(Wide::new(simd, Prepared::new(points))),
            Some(distinct) if points.ncols() <= NARROW => {
                Box::new(Narrow::new(simd, distinct.view(), cancel)?)
            }
            Some(distinct) => Box::new(Wide::new(simd, Prepared::owned(distinct))),
        };
        Ok(Self { count: points.nrows(), groups, search })
    }

    /// The `k` nearest neighbours of the points numbered `queries` among all other points, [queries, k], the nearest first; of
    /// equally near ones, the one of the lower number. A point is no neighbour of itself, an equal one is.
    ///
    /// # Errors
    /// When `k` is not between 1 and n - 1, or there is no point of some number; and when the user interrupts.
    pub fn nearest(&self, queries: &[usize], k: usize, cancel: Cancellation) -> Result<Array2<usize>> {
        let count = self.count;
        if k == 0 || k >= count {
            return Err(Error::failed(format!("cannot find {k} neighbours of a point among {count} points"))
                .expected(format!("1 to {} neighbours", count.saturating_sub(1)))
                .found(k.to_string()));
        }
        if let Some(query) = queries.iter().find(|&&query| query >= count) {
            return Err(Error::failed(format!(
                "cannot find the neighbours of point {query} of {count} points"
            )));
        }
        let phase = Phase::new(tracing::info_span!("neighbours", unit = "points"), queries.len());
        let _entered = phase.enter();
        let near = |queries: &[usize], k: usize| self.search.nearest(queries, k, &phase, cancel);
        let found = match &self.groups {
            None => near(queries, k)?.into_iter().flatten().map(|(_, point)| point as usize).collect(),
            Some(groups) => {
                let mut distinct: Vec<usize> =
                    queries.iter().map(|&query| groups.of_point[query] as usize).collect();
                distinct.sort_unstable();
                distinct.dedup();
                let found = near(&distinct, k.min(groups.members.len() - 1))?;
                let of_query = |&query: &usize| {
                    let own = groups.of_point[query] as usize;
                    let place = distinct.binary_search(&own).expect("each query has been looked for");
                    groups.expanded(query, &found[place], k)
                };
                queries.iter().flat_map(of_query).collect()
            }
        };
        let found = Array2::from_shape_vec((queries.len(), k), found);
        Ok(found.expect("each point has k neighbours among more than k points"))
    }
}

impl Groups {
    /// The `k` nearest points of `query`, given the nearest distinct points of its own with their squared distances.
    fn expanded(&self, query: usize, nearest: &[Neighbour], k: usize) -> Vec<usize> {
        let own = self.members[self.of_point[query] as usize].iter().map(|&point| point as usize);
        let mut found: Vec<usize> = own.filter(|&point| point != query).take(k).collect();
        // Those at one distance are taken in the order of their numbers.
        for at_once in nearest.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            if found.len() == k {
                break;
            }
            let mut points: Vec<usize> = at_once
                .iter()
                .flat_map(|&(_, distinct)| self.members[distinct as usize].iter().take(k))
                .map(|&point| point as usize)
                .collect();
            points.sort_unstable();
            found.extend(points.into_iter().take(k - found.len()));
        }
        found
    }
}
