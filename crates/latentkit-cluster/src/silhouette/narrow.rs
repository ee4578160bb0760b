//! Silhouettes of points of few dimensions: distances from differences, of a block of points at a time.

use latentkit_core::Result;
use rayon::prelude::*;

use super::kernel::ClusterSums;
use super::work::Work;

/// Silhouettes that are in memory before they are put in the order of the points: 8 MiB.
const SILHOUETTES_AT_ONCE: usize = 1 << 20;

/// The silhouettes of the queries, for each clustering.
pub(super) fn silhouettes(work: &Work<'_>) -> Result<Vec<Vec<f64>>> {
    // The compiler fills registers of 512 bits only where a block has four of them; of shorter registers, such a block takes
    // more than there are.
    if work.simd.has_512_bits() { by_blocks::<64>(work) } else { by_blocks::<32>(work) }
}

/// As [`silhouettes`], `LANES` points at a time.
fn by_blocks<const LANES: usize>(work: &Work<'_>) -> Result<Vec<Vec<f64>>> {
    let &Work { simd, rows, cells, queries, phase, cancel } = work;
    let (count, clusterings) = (queries.count(), cells.clusterings());
    let mut silhouettes = vec![vec![0.0; count]; clusterings];
    let at_once = (SILHOUETTES_AT_ONCE / (LANES * clusterings)).max(64);
    let blocks: Vec<usize> = (0..count.div_ceil(LANES)).collect();
    for group in blocks.chunks(at_once) {
        // Each block of points is on its own, so the number of threads cannot change the result.
        let found: Vec<Vec<f64>> = group
            .par_iter()
            .map_init(
                || vec![[0.0; LANES]; cells.sizes.len()],
                |sums, block| {
                    cancel.check()?;
                    let first = block * LANES;
                    let used = LANES.min(count - first);
                    // The lanes behind the last point repeat it; their sums are not read.
                    let position = |lane: usize| queries.position(first + lane.min(used - 1));
                    let lanes: Vec<[f32; LANES]> = (0..rows.dimensions)
                        .map(|axis| std::array::from_fn(|lane| rows.row(position(lane))[axis]))
                        .collect();
                    sums.fill([0.0; LANES]);
                    simd.call(ClusterSums { block: &lanes, points: &rows.values, cells, sums, cancel });
                    cancel.check()?;
                    phase.add(used * clusterings);
                    Ok((0..clusterings)
                        .flat_map(|clustering| (0..used).map(move |lane| (clustering, lane)))
                        .map(|(clustering, lane)| {
                            cells.silhouette(|cluster| sums[cluster][lane], clustering, position(lane))
                        })
                        .collect())
                },
            )
            .collect::<Result<_>>()?;
        for (block, found) in group.iter().zip(found) {
            let used = found.len() / clusterings;
            for (silhouettes, found) in silhouettes.iter_mut().zip(found.chunks_exact(used)) {
                for (lane, &value) in found.iter().enumerate() {
                    silhouettes[queries.place(block * LANES + lane)] = value;
                }
            }
        }
    }
    Ok(silhouettes)
}
