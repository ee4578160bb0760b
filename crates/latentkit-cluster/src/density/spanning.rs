//! A minimum spanning tree of the mutual reachability distances.

use latentkit_core::{Cancellation, Phase, Result};
use rayon::prelude::*;

use super::components::Components;
use super::neighbours::any_below;
use crate::simd::Simd;
use crate::tree::query::{Query, Visitor};
use crate::tree::{LANES, Node, Tree};

/// No point, and no component.
const NONE: u32 = u32::MAX;

/// An edge of the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    /// The square of its mutual reachability distance.
    pub(super) square: f64,
    /// The points that it joins, by their numbers.
    pub(super) ends: [u32; 2],
}

/// Borůvka's algorithm: in each round, every component adds its shortest edge to another one, and so there are half as
/// many afterwards, or fewer. `core` are the squared core distances by position: [n].
///
/// Of equally short edges, any will do, as long as no cycle is closed: for each length, the sets of points that edges up
/// to that length join are the same in every minimum spanning tree.
///
/// A round does not search what it knows. The shortest edge of a point to another component only grows as components do,
/// so what an earlier round has found is exact while its end is in another component, and a lower bound later on. A
/// component takes the exact ones first, and then asks only points with a lower bound below the shortest, as far as that.
/// Nodes whose points are all in the component that asks are skipped.
pub(super) fn spanning_tree(
    tree: &Tree,
    simd: Simd,
    core: &[f64],
    cancel: Cancellation,
) -> Result<Vec<Edge>> {
    let count = tree.count();
    let node_core = tree.summaries(
        |block| {
            let (first, used) = tree.positions(block);
            core[first..first + used].iter().copied().fold(f64::INFINITY, f64::min)
        },
        |a, b| a.min(*b),
    );
    let mut state = State {
        tree,
        simd,
        core,
        node_core,
        cancel,
        component: (0..count as u32).collect(),
        node_component: Vec::new(),
        found: core.iter().map(|&square| Found { square, to: NONE }).collect(),
    };
    let sets = Components::new(count);
    let mut edges = Vec::with_capacity(count - 1);
    let phase = Phase::new(tracing::info_span!("spanning tree", unit = "edges"), count - 1);
    let _entered = phase.enter();
    while edges.len() < count - 1 {
        for (from, found) in state.round()? {
            if sets.join(from, found.to) {
                let ends = [from, found.to].map(|position| tree.order[position as usize]);
                edges.push(Edge { square: found.square, ends });
            }
        }
        phase.set(edges.len());
        state.component = (0..count as u32).map(|position| sets.find(position)).collect();
    }
    Ok(edges)
}

/// The shortest edge of a point to another component, as far as it is known.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// The square of its length, or a lower bound of it.
    square: f64,
    /// The position at its other end; without one, the square is a lower bound.
    to: u32,
}

struct State<'a> {
    tree: &'a Tree,
    simd: Simd,
    core: &'a [f64],
    /// The least squared core distance in each node: [nodes].
    node_core: Vec<f64>,
    cancel: Cancellation<'a>,
    /// The component of each position, named by its first one: [n].
    component: Vec<u32>,
    /// The component of all points of a node, if it is one: [nodes].
    node_component: Vec<u32>,
    /// By position: [n].
    found: Vec<Found>,
}

impl State<'_> {
    /// The shortest edge of each component, with the position from which it starts.
    fn round(&mut self) -> Result<Vec<(u32, Found)>> {
        self.node_component = self.tree.summaries(
            |block| {
                let (first, used) = self.tree.positions(block);
                let components = &self.component[first..first + used];
                if components.iter().all(|&other| other == components[0]) { components[0] } else { NONE }
            },
            |&a, &b| if a == b { a } else { NONE },
        );
        let mut best = self.best();

        // A component that knows no edge asks its point of the least lower bound.
        let mut first: Vec<u32> = vec![NONE; best.len()];
        for (position, found) in (0..).zip(&self.found) {
            let component = self.component[position as usize] as usize;
            let least = first[component];
            if best[component].is_none()
                && (least == NONE || found.square < self.found[least as usize].square)
            {
                first[component] = position;
            }
        }
        let asks = |position: usize| {
            (first[self.component[position] as usize] == position as u32).then_some(f64::INFINITY)
        };
        self.found = self.search(asks)?;
        best = self.best().into_iter().zip(best).map(|(now, before)| before.or(now)).collect();

        let asks = |position: usize| {
            let (_, shortest) = best[self.component[position] as usize]?;
            let stale = !self.is_exact(position) && self.found[position].square < shortest.square;
            stale.then_some(shortest.square)
        };
        self.found = self.search(asks)?;
        Ok(self.best().into_iter().flatten().collect())
    }

    /// Whether what is known of a position is an edge to another component.
    fn is_exact(&self, position: usize) -> bool {
        let to = self.found[position].to;
        to != NONE && self.component[to as usize] != self.component[position]
    }

    /// The shortest known edge of each component, by its name, with the position from which it starts; of equally short
    /// ones, the first: [n].
    fn best(&self) -> Vec<Option<(u32, Found)>> {
        let mut best: Vec<Option<(u32, Found)>> = vec![None; self.found.len()];
        for position in (0..self.found.len()).filter(|&position| self.is_exact(position)) {
            let found = self.found[position];
            let best = &mut best[self.component[position] as usize];
            if best.is_none_or(|(_, best)| found.square < best.square) {
                *best = Some((position as u32, found));
            }
        }
        best
    }

    /// What is known of each position after those for which `asks` says how far have looked for edges shorter than that.
    fn search(&self, asks: impl Fn(usize) -> Option<f64> + Sync) -> Result<Vec<Found>> {
        let blocks: Vec<Vec<Found>> = (0..self.tree.blocks())
            .into_par_iter()
            .map_init(
                || Query::new(self.tree, self.simd),
                |query, block| {
                    self.cancel.check()?;
                    let (first, used) = self.tree.positions(block);
                    let mut known = self.found[first..first + used].to_vec();
                    let bounds: Vec<_> = (first..first + used).map(&asks).collect();
                    if bounds.iter().any(Option::is_some) {
                        let mut shortest = Shortest::new(self, block, &bounds);
                        query.walk(block, |lane| bounds[lane].is_some(), &mut shortest);
                        for (lane, known) in known.iter_mut().enumerate() {
                            if bounds[lane].is_some() {
                                *known = Found { square: shortest.squares[lane], to: shortest.to[lane] };
                            }
                        }
                    }
                    Ok(known)
                },
            )
            .collect::<Result<_>>()?;
        Ok(blocks.concat())
    }
}

/// Looks for the shortest edge of each lane to another component.
struct Shortest<'a> {
    state: &'a State<'a>,
    /// The component of the lanes that ask, if it is one.
    component: u32,
    components: [u32; LANES],
    core: [f64; LANES],
    /// The squared length of the shortest edge so far. Lanes that do not ask are below every length.
    squares: [f64; LANES],
    to: [u32; LANES],
}

impl<'a> Shortest<'a> {
    fn new(state: &'a State<'a>, block: usize, bounds: &[Option<f64>]) -> Self {
        let (first, used) = state.tree.positions(block);
        let position = |lane: usize| first + lane.min(used - 1);
        let components: [u32; LANES] = std::array::from_fn(|lane| state.component[position(lane)]);
        let mut asking = bounds.iter().zip(components).filter(|(bound, _)| bound.is_some());
        let component = asking.next().map_or(NONE, |(_, component)| component);
        Self {
            state,
            component: if asking.all(|(_, other)| other == component) { component } else { NONE },
            components,
            core: std::array::from_fn(|lane| state.core[position(lane)]),
            squares: std::array::from_fn(|lane| bounds.get(lane).copied().flatten().unwrap_or(-1.0)),
            to: [NONE; LANES],
        }
    }
}

impl Visitor for Shortest<'_> {
    fn skips(&mut self, node: Node, least: f64) -> bool {
        let least = least.max(self.state.node_core[node.number]);
        let component = self.state.node_component[node.number];
        (component != NONE && component == self.component)
            || self.squares.iter().zip(self.core).all(|(&square, core)| square <= least.max(core))
    }

    fn limits(&self) -> [f64; LANES] {
        self.squares
    }

    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]) {
        let (first, _) = self.state.tree.positions(block);
        for (position, squares) in (first..).zip(squares) {
            if !any_below(squares, &self.squares) {
                continue;
            }
            let (component, core) = (self.state.component[position], self.state.core[position]);
            for (lane, square) in squares.iter().enumerate() {
                let square = square.max(core).max(self.core[lane]);
                if square < self.squares[lane] && component != self.components[lane] {
                    self.squares[lane] = square;
                    self.to[lane] = position as u32;
                }
            }
        }
    }
}
