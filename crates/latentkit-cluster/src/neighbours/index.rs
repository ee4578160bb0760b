//! The exact nearest neighbours of some points among all of them.

use std::borrow::Cow;

use latentkit_core::{Cancellation, Error, Phase, Result};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::kernel::{LANES, Search, TILE, Tile};
use crate::points::check_points;
use crate::simd::Simd;

/// Points that a thread takes at a time, a multiple of [`TILE`].
const PART: usize = 64;

/// Finds the `k` nearest neighbours of the points numbered `queries` among all other points: [queries, k], the nearest
/// first; of equally near ones, the one of the lower number. A point is no neighbour of itself, an equal one is.
///
/// `points` is [n, dimensions]. Every distance is computed, in f64 from the differences of the coordinates, so that the
/// result is the same on every processor and for any number of threads. That takes queries * n distances, whatever the
/// points are. The k-d tree of linfa-nn needs fewer on points in general position, but stops the program at a coordinate
/// that is not finite, becomes very slow where many points are equal, as latents that have collapsed are, and does not tell
/// which of equally near points it returns.
///
/// # Errors
/// When `k` is not between 1 and n - 1, there is no point of some number, or a coordinate is not finite; and when the user
/// interrupts.
///
/// ```
/// use latentkit_cluster::nearest_neighbours;
/// use latentkit_core::Cancellation;
/// use ndarray::array;
///
/// let points = array![[0.0], [1.0], [3.0], [-1.0]];
/// let found = nearest_neighbours(points.view(), &[0, 2], 2, Cancellation::never())?;
/// assert_eq!(found, array![[1, 3], [1, 0]]);
/// # Ok::<(), latentkit_core::Error>(())
/// ```
pub fn nearest_neighbours(
    points: ArrayView2<'_, f32>,
    queries: &[usize],
    k: usize,
    cancel: Cancellation,
) -> Result<Array2<usize>> {
    nearest_neighbours_with(Simd::best(), points, queries, k, cancel)
}

/// As [`nearest_neighbours`], with a given instruction set.
pub(super) fn nearest_neighbours_with(
    simd: Simd,
    points: ArrayView2<'_, f32>,
    queries: &[usize],
    k: usize,
    cancel: Cancellation,
) -> Result<Array2<usize>> {
    let (count, dimensions) = points.dim();
    check_points(points)?;
    if k == 0 || k >= count {
        return Err(Error::failed(format!("cannot find {k} neighbours of a point among {count} points"))
            .expected(format!("1 to {} neighbours", count.saturating_sub(1)))
            .found(k.to_string()));
    }
    if let Some(query) = queries.iter().find(|&&query| query >= count) {
        return Err(Error::failed(format!("cannot find the neighbours of point {query} of {count} points")));
    }
    let values = match points.to_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(points.iter().copied().collect()),
    };
    let row = |point: usize| &values[point * dimensions..(point + 1) * dimensions];
    let blocks = blocks(&values, dimensions);
    let phase = Phase::new(tracing::info_span!("neighbours", unit = "points"), queries.len());
    let _entered = phase.enter();
    let parts: Vec<Vec<usize>> = queries
        .par_chunks(PART)
        .map(|queries| {
            cancel.check()?;
            let mut tiles: Vec<_> = queries.chunks(TILE).map(|queries| Tile::new(queries, k, row)).collect();
            simd.call(Search { blocks: &blocks, dimensions, tiles: &mut tiles, cancel });
            cancel.check()?;
            phase.add(queries.len());
            Ok(tiles.iter().flat_map(Tile::found).collect())
        })
        .collect::<Result<_>>()?;
    let found = Array2::from_shape_vec((queries.len(), k), parts.concat());
    Ok(found.expect("each point has k neighbours among more than k points"))
}

/// The points as the loop reads them: [n / LANES rounded up, dimensions][LANES].
fn blocks(values: &[f32], dimensions: usize) -> Vec<[f32; LANES]> {
    let count = values.len() / dimensions;
    let mut blocks = vec![[f32::INFINITY; LANES]; count.div_ceil(LANES) * dimensions];
    for (block, rows) in blocks.chunks_exact_mut(dimensions).zip(values.chunks(LANES * dimensions)) {
        for (lane, row) in rows.chunks_exact(dimensions).enumerate() {
            for (coordinates, &value) in block.iter_mut().zip(row) {
                coordinates[lane] = value;
            }
        }
    }
    blocks
}
