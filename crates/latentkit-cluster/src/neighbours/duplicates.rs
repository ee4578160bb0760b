//! Points that are equal.

use std::collections::HashMap;

use latentkit_core::{Cancellation, Result};
use ndarray::ArrayView2;

/// How many points equal another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duplicates {
    /// Points that equal another one in every coordinate.
    pub(super) points: usize,
    /// Points that are equal to each other, at most.
    pub(super) largest_group: usize,
}

/// Counts the points, [n, dimensions], that have a duplicate. 0 and -0 are equal.
///
/// # Errors
/// When the user interrupts.
pub(super) fn duplicates(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Duplicates> {
    let _entered = tracing::info_span!("duplicates").entered();
    // Adding 0 makes -0 and 0 the same bits.
    let bits: Vec<u32> = points.iter().map(|value| (value + 0.0).to_bits()).collect();
    let mut groups: HashMap<&[u32], usize> = HashMap::with_capacity(points.nrows());
    for point in bits.chunks_exact(points.ncols().max(1)) {
        cancel.check()?;
        *groups.entry(point).or_default() += 1;
    }
    Ok(Duplicates {
        points: groups.values().filter(|&&size| size > 1).sum(),
        largest_group: groups.values().copied().max().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn equal_points_are_counted_once_each() {
        let of = |points: Array2<f32>| {
            let Duplicates { points, largest_group } =
                duplicates(points.view(), Cancellation::never()).unwrap();
            (points, largest_group)
        };
        assert_eq!(of(array![[0.0, 1.0], [2.0, 1.0], [1.0, 0.0]]), (0, 1));
        assert_eq!(of(array![[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0], [0.0, 1.0], [2.0, 1.0]]), (5, 3));
        assert_eq!(of(array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), (2, 2));
        assert_eq!(of(Array2::zeros((7, 3))), (7, 7));
        assert_eq!(of(Array2::zeros((0, 3))), (0, 0));
    }
}
