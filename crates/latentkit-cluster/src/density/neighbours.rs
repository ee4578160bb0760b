//! The distance of each point to its k-th nearest.

use latentkit_core::{Cancellation, Phase, Result};
use rayon::prelude::*;

use crate::simd::Simd;
use crate::tree::query::{Query, Visitor};
use crate::tree::{LANES, Node, Tree};

/// The squared distance of each point to the `k`-th nearest, itself being the first, by position: [n]. There are `k`
/// points at least.
pub(super) fn kth_squares(tree: &Tree, simd: Simd, k: usize, cancel: Cancellation) -> Result<Vec<f64>> {
    let phase = Phase::new(tracing::info_span!("core distances", unit = "points"), tree.count());
    let _entered = phase.enter();
    let scratch =
        || (Query::new(tree, simd), Nearest { k, squares: vec![0.0; k * LANES], kth: [0.0; LANES], used: 0 });
    let blocks: Vec<[f64; LANES]> = (0..tree.blocks())
        .into_par_iter()
        .map_init(scratch, |(query, nearest), block| {
            cancel.check()?;
            nearest.squares.fill(f64::INFINITY);
            nearest.kth = [f64::INFINITY; LANES];
            nearest.used = tree.positions(block).1;
            query.walk(block, |_| true, nearest);
            phase.add(nearest.used);
            Ok(nearest.kth)
        })
        .collect::<Result<_>>()?;
    let mut squares = blocks.concat();
    squares.truncate(tree.count());
    Ok(squares)
}

/// The least squared distances so far.
struct Nearest {
    k: usize,
    squares: Vec<f64>, // of each lane, sorted: [LANES, k]
    kth: [f64; LANES], // the last one of each lane
    used: usize,
}

impl Nearest {
    /// Puts a squared distance that is below the k-th in its place.
    fn insert(&mut self, lane: usize, square: f64) {
        let squares = &mut self.squares[lane * self.k..(lane + 1) * self.k];
        let place = squares.partition_point(|&other| other <= square);
        squares.copy_within(place..self.k - 1, place + 1);
        squares[place] = square;
        self.kth[lane] = squares[self.k - 1];
    }
}

impl Visitor for Nearest {
    fn skips(&mut self, _: Node, least: f64) -> bool {
        self.kth[..self.used].iter().all(|&kth| kth <= least)
    }

    fn limits(&self) -> [f64; LANES] {
        self.kth
    }

    fn visit(&mut self, _: usize, squares: &[[f64; LANES]]) {
        for squares in squares {
            if !any_below(squares, &self.kth) {
                continue;
            }
            for (lane, &square) in squares[..self.used].iter().enumerate() {
                if square < self.kth[lane] {
                    self.insert(lane, square);
                }
            }
        }
    }
}

/// Whether some number is below the other one of its lane.
pub(super) fn any_below(numbers: &[f64; LANES], others: &[f64; LANES]) -> bool {
    // Counted without a branch, so that the compiler compares several lanes at once.
    numbers.iter().zip(others).map(|(number, other)| u64::from(number < other)).sum::<u64>() > 0
}
