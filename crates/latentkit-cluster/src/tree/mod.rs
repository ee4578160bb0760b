//! The points in the order of a k-d tree, whose leaves are blocks that fill vector registers.

mod kernel;
pub(crate) mod query;

use latentkit_core::{Cancellation, Result};
use ndarray::{ArrayView1, ArrayView2};

/// Points of a leaf; each has a lane of the vector registers.
pub(crate) const LANES: usize = 16;

/// Points above which the two halves of a part are split side by side.
const SIDE_BY_SIDE: usize = 1 << 13;

/// A node: some blocks that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Number of the node; the root is 0, a left child follows its parent, and a right child the left one's descendants.
    pub(crate) number: usize,
    /// The first block.
    pub(crate) first: usize,
    /// Behind the last block.
    pub(crate) end: usize,
}

impl Node {
    /// Whether it is one block.
    pub(crate) fn is_leaf(self) -> bool {
        self.end - self.first == 1
    }

    /// The two halves of a node that is no leaf.
    pub(crate) fn children(self) -> [Self; 2] {
        let middle = self.first.midpoint(self.end);
        let left = Self { number: self.number + 1, first: self.first, end: middle };
        // A node of m blocks has 2m - 1 nodes, with itself.
        let right = Self { number: self.number + 2 * (middle - self.first), first: middle, end: self.end };
        [left, right]
    }
}

/// The points, sorted so that the points of each node lie together (Bentley, 1975).
///
/// A position is the place of a point in this order. Each node is divided at the median of the axis on which its points
/// are widest apart. However many points are equal, the tree is balanced.
pub(crate) struct Tree {
    /// The point at each position: [n].
    pub(crate) order: Vec<u32>,
    /// The coordinates by position: [n, dimensions].
    rows: Vec<f32>,
    /// The least and the largest coordinate of each axis in each node: [nodes, dimensions].
    bounds: Vec<[f32; 2]>,
    dimensions: usize,
    /// Whether f32 holds the squares of the coordinates' differences, with all their digits but for tiny ones.
    fits_squares: bool,
}

/// Between these f32 holds squares of differences, and their sums.
const SQUARES: [f32; 2] = [1e-12, 1e15];

impl Tree {
    /// Sorts `points`, [n, dimensions], of which there is at least one, with one coordinate at least.
    pub(crate) fn new(points: ArrayView2<'_, f32>, cancel: Cancellation) -> Result<Self> {
        let (count, dimensions) = points.dim();
        let mut order: Vec<u32> = (0..count as u32).collect();
        split(points, &mut order, cancel)?;
        let rows = order.iter().flat_map(|&point| points.row(point as usize)).copied().collect();
        let mut tree = Self { order, rows, bounds: Vec::new(), dimensions, fits_squares: false };
        let of_block = |block| {
            let mut bounds = vec![[f32::INFINITY, f32::NEG_INFINITY]; dimensions];
            for row in tree.rows_of(block).chunks_exact(dimensions) {
                widen(&mut bounds, row);
            }
            bounds
        };
        let join = |a: &Vec<[f32; 2]>, b: &Vec<[f32; 2]>| {
            a.iter().zip(b).map(|(a, b)| [a[0].min(b[0]), a[1].max(b[1])]).collect()
        };
        let bounds = tree.summaries(of_block, join).concat();
        tree.bounds = bounds;
        let largest = tree.rows.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        tree.fits_squares = (SQUARES[0]..SQUARES[1]).contains(&largest);
        Ok(tree)
    }

    /// Whether squared distances can be bounded in f32: what is lost of tiny ones makes them smaller, never larger.
    pub(crate) fn fits_squares(&self) -> bool {
        self.fits_squares
    }

    /// Number of points.
    pub(crate) fn count(&self) -> usize {
        self.order.len()
    }

    /// Number of coordinates of a point.
    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Number of blocks; all but the last are full.
    pub(crate) fn blocks(&self) -> usize {
        self.count().div_ceil(LANES)
    }

    /// The node of all points.
    pub(crate) fn root(&self) -> Node {
        Node { number: 0, first: 0, end: self.blocks() }
    }

    /// The first position of a block, and the number of its points.
    pub(crate) fn positions(&self, block: usize) -> (usize, usize) {
        let first = block * LANES;
        (first, LANES.min(self.count() - first))
    }

    /// The coordinates of the points of a block: [points, dimensions].
    pub(crate) fn rows_of(&self, block: usize) -> &[f32] {
        let (first, used) = self.positions(block);
        &self.rows[first * self.dimensions..(first + used) * self.dimensions]
    }

    /// The least and the largest coordinate of each axis in a node: [dimensions].
    pub(crate) fn bounds(&self, node: Node) -> &[[f32; 2]] {
        &self.bounds[node.number * self.dimensions..(node.number + 1) * self.dimensions]
    }

    /// Something of each node, by number: of a leaf from its block, of others from their two children.
    pub(crate) fn summaries<T: Clone>(
        &self,
        leaf: impl Fn(usize) -> T,
        join: impl Fn(&T, &T) -> T,
    ) -> Vec<T> {
        let mut found = vec![None; 2 * self.blocks() - 1];
        let mut nodes = Vec::with_capacity(found.len());
        let mut open = vec![self.root()];
        while let Some(node) = open.pop() {
            nodes.push(node);
            if !node.is_leaf() {
                open.extend(node.children());
            }
        }
        // Children come behind their parents.
        for node in nodes.into_iter().rev() {
            let summary = if node.is_leaf() {
                Some(leaf(node.first))
            } else {
                let [left, right] = node.children().map(|child| found[child.number].as_ref());
                left.zip(right).map(|(left, right)| join(left, right))
            };
            found[node.number] = summary;
        }
        found.into_iter().flatten().collect()
    }
}

/// Widens bounds so that they hold a point.
pub(crate) fn widen(bounds: &mut [[f32; 2]], row: &[f32]) {
    for (bounds, &value) in bounds.iter_mut().zip(row) {
        *bounds = [bounds[0].min(value), bounds[1].max(value)];
    }
}

/// Sorts the points of a node so that those of each of its descendants lie together.
fn split(points: ArrayView2<'_, f32>, order: &mut [u32], cancel: Cancellation) -> Result<()> {
    cancel.check()?;
    let blocks = order.len().div_ceil(LANES);
    if blocks == 1 {
        order.sort_unstable();
        return Ok(());
    }
    let mut bounds = vec![[f32::INFINITY, f32::NEG_INFINITY]; points.ncols()];
    for &point in order.iter() {
        // Rows of a slice of another table may not be contiguous.
        match points.row(point as usize).as_slice() {
            Some(row) => widen(&mut bounds, row),
            None => widen(&mut bounds, &points.row(point as usize).to_vec()),
        }
    }
    let range = |axis: usize| f64::from(bounds[axis][1]) - f64::from(bounds[axis][0]);
    let widest = (1..bounds.len()).fold(0, |best, axis| if range(axis) > range(best) { axis } else { best });
    let column: ArrayView1<'_, f32> = points.column(widest);
    let middle = blocks / 2 * LANES;
    order.select_nth_unstable_by(middle, |&a, &b| {
        column[a as usize].total_cmp(&column[b as usize]).then(a.cmp(&b))
    });
    let (left, right) = order.split_at_mut(middle);
    if right.len() > SIDE_BY_SIDE {
        let (left, right) = rayon::join(|| split(points, left, cancel), || split(points, right, cancel));
        left.and(right)
    } else {
        split(points, left, cancel)?;
        split(points, right, cancel)
    }
}
