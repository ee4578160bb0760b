//! Walks through the tree from a block of points to the blocks near it.

use super::kernel::{Near, Squares};
use super::{LANES, Node, Tree, widen};
use crate::simd::Simd;

/// What a walk looks for.
pub(crate) trait Visitor {
    /// Whether the points of `node` do not matter; no squared distance to them is below `least`. Asked of a node right
    /// before it is entered, so that what was found in nearer ones is known.
    fn skips(&mut self, node: Node, least: f64) -> bool;

    /// The squared distance for each lane above which a point does not matter; by default each one does.
    fn limits(&self) -> [f64; LANES] {
        [f64::INFINITY; LANES]
    }

    /// Looks at the points of a block, given the squared distances from each lane, or infinity for all lanes of a point that is
    /// above the limits of all: [points][LANES].
    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]);
}

/// A block of points that asks for others. The lanes behind the last point repeat it.
pub(crate) struct Query<'a> {
    tree: &'a Tree,
    simd: Simd,
    block: Vec<[f64; LANES]>,  // [dimensions][LANES]
    single: Vec<[f32; LANES]>, // the same
    bounds: Vec<[f32; 2]>,     // of the points that ask: [dimensions]
    squares: [[f64; LANES]; LANES],
    open: Vec<(f64, Node)>,
}

impl<'a> Query<'a> {
    pub(crate) fn new(tree: &'a Tree, simd: Simd) -> Self {
        Self {
            tree,
            simd,
            block: vec![[0.0; LANES]; tree.dimensions()],
            single: vec![[0.0; LANES]; tree.dimensions()],
            bounds: vec![[0.0; 2]; tree.dimensions()],
            squares: [[0.0; LANES]; LANES],
            open: Vec::new(),
        }
    }

    /// Walks from the points of `block` whose lane `asks`, to nearer nodes before farther ones.
    pub(crate) fn walk(&mut self, block: usize, asks: impl Fn(usize) -> bool, visitor: &mut impl Visitor) {
        self.load(block, asks);
        self.open.clear();
        self.open.push((self.least(self.tree.root()), self.tree.root()));
        while let Some((least, node)) = self.open.pop() {
            if visitor.skips(node, least) {
                continue;
            }
            if node.is_leaf() {
                self.compute(node.first, visitor.limits());
                let (_, used) = self.tree.positions(node.first);
                visitor.visit(node.first, &self.squares[..used]);
            } else {
                let [left, right] = node.children().map(|child| (self.least(child), child));
                // The last one is taken first.
                self.open.extend(if left.0 <= right.0 { [right, left] } else { [left, right] });
            }
        }
    }

    /// Takes the points of a block, and the bounds of those that ask.
    fn load(&mut self, block: usize, asks: impl Fn(usize) -> bool) {
        let dimensions = self.tree.dimensions();
        let rows = self.tree.rows_of(block);
        let used = rows.len() / dimensions;
        self.bounds.fill([f32::INFINITY, f32::NEG_INFINITY]);
        for (lane, row) in rows.chunks_exact(dimensions).enumerate() {
            if asks(lane) {
                widen(&mut self.bounds, row);
            }
        }
        for lane in 0..LANES {
            let row = &rows[lane.min(used - 1) * dimensions..][..dimensions];
            for ((coordinates, single), &value) in self.block.iter_mut().zip(&mut self.single).zip(row) {
                coordinates[lane] = f64::from(value);
                single[lane] = value;
            }
        }
    }

    /// A squared distance that no pair of an asking point and a point of `node` is below. Rounding keeps the order of
    /// numbers, and the operations are those of the distances, so that this holds for what is computed too.
    fn least(&self, node: Node) -> f64 {
        let gaps = self.bounds.iter().zip(self.tree.bounds(node)).map(|(own, other)| {
            let above = f64::from(other[0]) - f64::from(own[1]);
            let below = f64::from(own[0]) - f64::from(other[1]);
            above.max(below).max(0.0)
        });
        gaps.fold(0.0, |sum, gap| sum + gap * gap)
    }

    /// The squared distances to the points of a block that may be within the limits.
    fn compute(&mut self, block: usize, limits: [f64; LANES]) {
        let dimensions = self.tree.dimensions();
        let rows = self.tree.rows_of(block);
        let mut near = [true; LANES];
        if self.tree.fits_squares() && limits.iter().any(|&limit| limit < f64::INFINITY) {
            // Differences, squares and their sum are each rounded: no more than dimensions + 3 times on the way.
            let slack = 1.0 + (dimensions + 8) as f64 * f64::from(f32::EPSILON);
            let limits = limits.map(|limit| ((limit * slack) as f32).next_up());
            self.simd.call(Near { block: &self.single, rows, limits: &limits, out: &mut near });
        }
        for (place, row) in rows.chunks_exact(dimensions).enumerate() {
            let out = &mut self.squares[place..=place];
            if near[place] {
                self.simd.call(Squares { block: &self.block, rows: row, out });
            } else {
                out[0] = [f64::INFINITY; LANES];
            }
        }
    }
}
