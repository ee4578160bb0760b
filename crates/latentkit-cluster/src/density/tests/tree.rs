use ndarray::ShapeBuilder as _;

use super::*;
use crate::testing::rng;
use crate::tree::{LANES, Tree};

#[test]
fn every_point_is_in_one_block_and_within_the_bounds_of_its_nodes() {
    for count in [1, LANES - 1, LANES, LANES + 1, 20 * LANES + 3] {
        let points = blobs(&mut rng(count as u64), count, 3, 4);
        let tree = Tree::new(points.view(), Cancellation::never()).unwrap();
        let mut order = tree.order.clone();
        order.sort_unstable();
        assert_eq!(order, (0..count as u32).collect::<Vec<_>>());

        let (mut open, mut leaves, mut numbers) = (vec![tree.root()], Vec::new(), Vec::new());
        while let Some(node) = open.pop() {
            numbers.push(node.number);
            for block in node.first..node.end {
                for row in tree.rows_of(block).chunks_exact(3) {
                    let mut bounds = tree.bounds(node).iter().zip(row);
                    assert!(bounds.all(|(bounds, value)| (bounds[0]..=bounds[1]).contains(value)));
                }
            }
            if node.is_leaf() {
                leaves.push(node.first);
            } else {
                open.extend(node.children());
            }
        }
        leaves.sort_unstable();
        numbers.sort_unstable();
        assert_eq!(leaves, (0..tree.blocks()).collect::<Vec<_>>());
        assert_eq!(numbers, (0..2 * tree.blocks() - 1).collect::<Vec<_>>());
        for block in 0..tree.blocks() {
            let (first, used) = tree.positions(block);
            let rows = tree.order[first..first + used].iter().flat_map(|&point| points.row(point as usize));
            assert!(rows.eq(tree.rows_of(block)));
        }
    }
}

#[test]
fn the_layout_of_the_table_does_not_matter() {
    let points = blobs(&mut rng(1), 100, 3, 4);
    let mut columns = Array2::zeros((100, 3).f());
    columns.assign(&points);
    let [rows, columns] =
        [points, columns].map(|points| Tree::new(points.view(), Cancellation::never()).unwrap());
    assert_eq!(rows.order, columns.order);
    assert!((0..rows.blocks()).all(|block| rows.rows_of(block) == columns.rows_of(block)));
}
