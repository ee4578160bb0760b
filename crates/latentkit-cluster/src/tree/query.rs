//! Walks through the tree from a block of points to the blocks near it.

use super::kernel::Squares;
use super::tree::{LANES, Node, Tree, widen};
use crate::simd::Simd;

/// What a walk looks for.
pub(super) trait Visitor {
    /// Whether the points of `node` do not matter; no squared distance to them is below `least`. Asked of a node right
    /// before it is entered, so that what was found in nearer ones is known.
    fn skips(&mut self, node: Node, least: f64) -> bool;

    /// Looks at the points of a block, given the squared distances from each lane: [points][LANES].
    fn visit(&mut self, block: usize, squares: &[[f64; LANES]]);
}

/// A block of points that asks for others. The lanes behind the last point repeat it.
pub(super) struct Query<'a> {
    tree: &'a Tree,
    simd: Simd,
    block: Vec<[f64; LANES]>, // [dimensions][LANES]
    bounds: Vec<[f32; 2]>,    // of the points that ask: [dimensions]
    squares: [[f64; LANES]; LANES],
    open: Vec<(f64, Node)>,
}

impl<'a> Query<'a> {
    pub(super) fn new(tree: &'a Tree, simd: Simd) -> Self {
        Self {
            tree,
            simd,
            block: vec![[0.0; LANES]; tree.dimensions()],
            bounds: vec![[0.0; 2]; tree.dimensions()],
            squares: [[0.0; LANES]; LANES],
            open: Vec::new(),
        }
    }

    /// Walks from the points of `block` whose lane `asks`, to nearer nodes before farther ones.
    pub(super) fn walk(&mut self, block: usize, asks: impl Fn(usize) -> bool, visitor: &mut impl Visitor) {
        self.load(block, asks);
        self.open.clear();
        self.open.push((self.least(self.tree.root()), self.tree.root()));
        while let Some((least, node)) = self.open.pop() {
            if visitor.skips(node, least) {
                continue;
            }
            if node.is_leaf() {
                self.compute(node.first);
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
            for (coordinates, &value) in self.block.iter_mut().zip(row) {
                coordinates[lane] = f64::from(value);
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

    /// The squared distances to the points of a block.
    fn compute(&mut self, block: usize) {
        let rows = self.tree.rows_of(block);
        let used = rows.len() / self.tree.dimensions();
        self.simd.call(Squares { block: &self.block, rows, out: &mut self.squares[..used] });
    }
}
