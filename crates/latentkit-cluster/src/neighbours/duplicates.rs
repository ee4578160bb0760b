//! Points that are equal.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use latentkit_core::{Cancellation, Result};
use ndarray::{ArrayView1, ArrayView2};

/// Which points are equal.
pub(super) struct Groups {
    /// The distinct point that each point is: [n].
    pub(super) of_point: Vec<u32>,
    /// The points that each distinct point stands for, ascending; of two distinct points, the one whose first point comes
    /// first has the lower number: [distinct].
    pub(super) members: Vec<Vec<u32>>,
}

impl Groups {
    /// Groups the points, [n, dimensions], that are equal in every coordinate. 0 and -0 are equal.
    ///
    /// # Errors
    /// When the user interrupts.
    pub(super) fn of(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Self> {
        let _entered = tracing::info_span!("duplicates").entered();
        // Only the hash of a point is kept, no copy; distinct points with one hash are told apart by their coordinates.
        let state = RandomState::new();
        let mut by_hash: HashMap<u64, Vec<u32>> = HashMap::with_capacity(points.nrows());
        let mut groups = Self { of_point: Vec::with_capacity(points.nrows()), members: Vec::new() };
        for (point, row) in (0..).zip(points.rows()) {
            cancel.check()?;
            // Adding 0 makes -0 and 0 the same bits.
            let hash = state.hash_one(row.iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<_>>());
            let known = by_hash.entry(hash).or_default();
            let first = |distinct: u32| points.row(groups.members[distinct as usize][0] as usize);
            let found = known.iter().copied().find(|&distinct| are_equal(first(distinct), row));
            let distinct = found.unwrap_or(groups.members.len() as u32);
            if found.is_none() {
                known.push(distinct);
                groups.members.push(Vec::new());
            }
            groups.members[distinct as usize].push(point);
            groups.of_point.push(distinct);
        }
        Ok(groups)
    }

    /// How many points equal another one.
    pub(super) fn duplicates(&self) -> usize {
        self.members.iter().map(Vec::len).filter(|&size| size > 1).sum()
    }

    /// Points that are equal to each other, at most.
    pub(super) fn largest(&self) -> usize {
        self.members.iter().map(Vec::len).max().unwrap_or(0)
    }
}

fn are_equal(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> bool {
    a.iter().eq(b)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn equal_points_are_counted_once_each() {
        let of = |points: Array2<f32>| {
            let groups = Groups::of(points.view(), Cancellation::never()).unwrap();
            (groups.duplicates(), groups.largest())
        };
        assert_eq!(of(array![[0.0, 1.0], [2.0, 1.0], [1.0, 0.0]]), (0, 1));
        assert_eq!(of(array![[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [0.0, 1.0], [2.0, 1.0]]), (5, 3));
        assert_eq!(of(array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), (2, 2));
        assert_eq!(of(Array2::zeros((7, 3))), (7, 7));
        assert_eq!(of(Array2::zeros((0, 3))), (0, 0));
    }
}
