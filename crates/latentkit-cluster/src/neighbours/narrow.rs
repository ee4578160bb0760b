//! The nearest neighbours of points of few dimensions, from a walk through a tree.

use latentkit_core::{Cancellation, Phase, Result};
use ndarray::ArrayView2;
use rayon::prelude::*;

use super::nearest::{Nearest, Neighbour};
use super::search::Search;
use crate::simd::Simd;
use crate::tree::query::{Query, Visitor};
use crate::tree::{LANES, Node, Tree};

/// Points, no two of them equal, in a tree.
pub(super) struct Narrow {
    simd: Simd,
    tree: Tree,
    /// The position of each point in the tree: [n].
    positions: Vec<u32>,
}

impl Narrow {
    pub(super) fn new(simd: Simd, points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Self> {
        let tree = Tree::new(points, cancel)?;
        let mut positions = vec![0; tree.count()];
        for (position, &point) in (0..).zip(&tree.order) {
            positions[point as usize] = position;
        }
        Ok(Self { simd, tree, positions })
    }
}

impl Search for Narrow {
    fn nearest(
        &self,
        queries: &[usize],
        k: usize,
        phase: &Phase,
        cancel: Cancellation,
    ) -> Result<Vec<Vec<Neighbour>>> {
        let mut order: Vec<usize> = (0..queries.len()).collect();
        order.sort_by_key(|&place| self.positions[queries[place]]);
        let block = |place: &usize| self.positions[queries[*place]] as usize / LANES;
        let blocks: Vec<&[usize]> = order.chunk_by(|a, b| block(a) == block(b)).collect();
        let found: Vec<Vec<Placed>> = blocks
            .into_par_iter()
            .map_init(
                || Query::new(&self.tree, self.simd),
                |query, places| {
                    cancel.check()?;
                    let lane = |place: usize| self.positions[queries[place]] as usize % LANES;
                    let mut asking = [false; LANES];
                    for &place in places {
                        asking[lane(place)] = true;
                    }
                    let own = block(&places[0]);
                    let mut visitor = Lanes {
                        tree: &self.tree,
                        own,
                        nearest: asking.map(|asks| asks.then(|| Nearest::new(k))),
                    };
                    query.walk(own, |lane| asking[lane], &mut visitor);
                    phase.add(places.len());
                    let of = |&place: &usize| (place, visitor.nearest[lane(place)].as_ref());
                    let of = places.iter().map(of);
                    Ok(of
                        .map(|(place, found)| (place, found.map_or_else(Vec::new, Nearest::found)))
                        .collect())
                },
            )
            .collect::<Result<_>>()?;
        let mut by_query = vec![Vec::new(); queries.len()];
        for (place, nearest) in found.into_iter().flatten() {
            by_query[place] = nearest;
        }
        Ok(by_query)
    }
}

/// What was found for the query at a place.
type Placed = (usize, Vec<Neighbour>);

/// The nearest points so far of those lanes of a block that ask.
struct Lanes<'a> {
    tree: &'a Tree,
    own: usize,
    nearest: [Option<Nearest>; LANES],
}

impl Visitor for Lanes<'_> {
    fn skips(&mut self, _: Node, least: f64) -> bool {
        // As near as the last one matters too, by its number.
        self.nearest.iter().flatten().all(|nearest| nearest.limit() < least)
    }

    fn limits(&self) -> [f64; LANES] {
        std::array::from_fn(|lane| self.nearest[lane].as_ref().map_or(-1.0, Nearest::limit))
    }

    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]) {
        let (first, _) = self.tree.positions(block);
        for (place, squares) in squares.iter().enumerate() {
            let point = self.tree.order[first + place];
            for (lane, nearest) in self.nearest.iter_mut().enumerate() {
                if let Some(nearest) = nearest
                    && (block, place) != (self.own, lane)
                {
                    nearest.offer(squares[lane], point);
                }
            }
        }
    }
}
