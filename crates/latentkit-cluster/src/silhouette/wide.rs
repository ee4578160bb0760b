//! Silhouettes of points of many dimensions: distances from products of matrices.

use latentkit_core::Result;
use rayon::prelude::*;

use super::cells::Cells;
use super::queries::Queries;
use super::rows::Rows;
use super::tile::{Side, TILE, Tile};
use super::work::Work;

/// Panels at most; a pair of them is what a thread takes at a time.
const PANELS: usize = 64;

/// The sums of all points may take this share of the memory of their coordinates, or so many bytes.
const SHARE: f64 = 0.3;
const BYTES: usize = 128 << 20;

/// The silhouettes of the queries, for each clustering.
pub(super) fn silhouettes(work: &Work<'_>) -> Result<Vec<Vec<f64>>> {
    let &Work { rows, cells, queries, .. } = work;
    let sums = cells.order.len() * cells.sizes.len() * size_of::<f64>();
    let limit = (SHARE * size_of_val(rows.values.as_slice()) as f64) as usize;
    if queries.are_all() && sums <= limit.max(BYTES) { of_pairs(work) } else { of_queries(work) }
}

/// Sums of distances to each cluster, of some points: [clusters, points].
struct Sums {
    values: Vec<f64>,
    points: usize,
}

impl Sums {
    fn new(cells: &Cells, points: usize) -> Self {
        Self { values: vec![0.0; cells.sizes.len() * points], points }
    }

    /// The silhouettes of the points, whose positions are given, one clustering after the other.
    fn silhouettes(&self, cells: &Cells, position: impl Fn(usize) -> usize + Copy) -> Vec<f64> {
        let of = |(clustering, point): (usize, usize)| {
            let sum = |cluster: usize| self.values[cluster * self.points + point];
            cells.silhouette(sum, clustering, position(point))
        };
        let points = |clustering: usize| (0..self.points).map(move |point| (clustering, point));
        (0..cells.clusterings()).flat_map(points).map(of).collect()
    }
}

/// The silhouettes of the queries, a tile of them at a time, each pair of points twice.
fn of_queries(work: &Work<'_>) -> Result<Vec<Vec<f64>>> {
    let &Work { simd, rows, cells, queries, phase, cancel } = work;
    let (count, all, clusterings) = (queries.count(), cells.order.len(), cells.clusterings());
    let starts: Vec<usize> = (0..count).step_by(TILE).collect();
    let of_tile = |tile: &mut Tile, &start: &usize| {
        let position = |point: usize| queries.position(start + point);
        let points = TILE.min(count - start);
        let chosen = Rows::of(rows, (0..points).map(position));
        let own = Side::new(&chosen, 0..points);
        let mut sums = Sums::new(cells, points);
        for first in (0..all).step_by(TILE) {
            cancel.check()?;
            let others = first..all.min(first + TILE);
            tile.fill(simd, Side::new(rows, others.clone()), own);
            tile.add(simd, cells, others, &mut sums.values, points, 0);
        }
        phase.add(points * clusterings);
        Ok(sums.silhouettes(cells, position))
    };
    let found = starts.par_iter().map_init(Tile::new, of_tile).collect::<Result<Vec<_>>>()?;
    Ok(placed(&starts, &found, queries, clusterings))
}

/// The silhouettes of all points, the distance of each pair of them computed once.
///
/// The points are divided into panels. Any two of them meet once, in rounds in which each panel takes part in one pair at most, so
/// that a pair can add to the sums of both. In which order it is added does not depend on the threads.
fn of_pairs(work: &Work<'_>) -> Result<Vec<Vec<f64>>> {
    let &Work { simd, rows, cells, queries, phase, cancel } = work;
    let (count, clusterings) = (cells.order.len(), cells.clusterings());
    let length = count.div_ceil(PANELS).next_multiple_of(TILE);
    let starts: Vec<usize> = (0..count).step_by(length).collect();
    let panel = |index: usize| starts[index]..count.min(starts[index] + length);
    let mut all: Vec<Option<Sums>> =
        (0..starts.len()).map(|index| Some(Sums::new(cells, panel(index).len()))).collect();
    let rounds = rounds(starts.len());
    let pairs: usize = rounds.iter().map(Vec::len).sum();
    let silhouettes = count * clusterings;
    for round in &rounds {
        let jobs: Vec<_> = round
            .iter()
            .map(|&pair| (pair, all[pair.0].take(), all[pair.1].take())) // a panel with itself has one
            .collect();
        let done: Vec<_> = jobs
            .into_par_iter()
            .map_init(Tile::new, |tile, ((first, second), mut own, mut others)| {
                let both = (panel(first), panel(second));
                for start in both.0.clone().step_by(TILE) {
                    let columns = start..both.0.end.min(start + TILE);
                    for start in both.1.clone().step_by(TILE) {
                        cancel.check()?;
                        let lines = start..both.1.end.min(start + TILE);
                        tile.fill(simd, Side::new(rows, lines.clone()), Side::new(rows, columns.clone()));
                        if let Some(own) = &mut own {
                            let place = columns.start - both.0.start;
                            tile.add(simd, cells, lines.clone(), &mut own.values, own.points, place);
                        }
                        if let Some(others) = &mut others {
                            let place = lines.start - both.1.start;
                            tile.turn();
                            tile.add(simd, cells, columns.clone(), &mut others.values, others.points, place);
                        }
                    }
                }
                phase.add(silhouettes / pairs);
                Ok(((first, own), (second, others)))
            })
            .collect::<Result<_>>()?;
        for (panel, sums) in done.into_iter().flat_map(|(a, b)| [a, b]) {
            if sums.is_some() {
                all[panel] = sums;
            }
        }
    }
    phase.add(silhouettes % pairs);
    let found: Vec<Vec<f64>> = all
        .into_par_iter()
        .zip(&starts)
        .map(|(sums, &start)| {
            sums.map(|sums| sums.silhouettes(cells, |point| start + point)).unwrap_or_default()
        })
        .collect();
    Ok(placed(&starts, &found, queries, clusterings))
}

/// Rounds in which each of `count` panels meets itself and each other one once, and no panel is in two pairs: a round robin.
fn rounds(count: usize) -> Vec<Vec<(usize, usize)>> {
    let even = count.next_multiple_of(2);
    let mut rounds = vec![(0..count).map(|panel| (panel, panel)).collect()];
    for round in 0..even - 1 {
        // The last one stays, the others go around; of an odd number, who meets the last one pauses.
        let around = |step: usize| (round + step) % (even - 1);
        let pairs = (1..even / 2).map(|step| (around(step), around(even - 1 - step)));
        rounds.push(pairs.chain([(round, even - 1)]).filter(|&(a, b)| a.max(b) < count).collect());
    }
    rounds
}

/// The silhouettes of each clustering in their order, from those of the points from each of `starts` on.
fn placed(starts: &[usize], found: &[Vec<f64>], queries: &Queries<'_>, clusterings: usize) -> Vec<Vec<f64>> {
    let mut silhouettes = vec![vec![0.0; queries.count()]; clusterings];
    for (&start, found) in starts.iter().zip(found) {
        for (silhouettes, found) in silhouettes.iter_mut().zip(found.chunks_exact(found.len() / clusterings))
        {
            for (index, &value) in (start..).zip(found) {
                silhouettes[queries.place(index)] = value;
            }
        }
    }
    silhouettes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_pair_meets_once_and_no_panel_twice_in_a_round() {
        for count in 1..20 {
            let mut met = HashSet::new();
            for round in rounds(count) {
                let mut busy = HashSet::new();
                for (a, b) in round {
                    assert!(met.insert((a.min(b), a.max(b))), "{a} and {b} of {count}");
                    assert!(busy.insert(a) && (a == b || busy.insert(b)), "{a} and {b} of {count}");
                }
            }
            assert_eq!(met.len(), count * (count + 1) / 2);
        }
    }
}
