use std::sync::atomic::AtomicBool;

use latentkit_core::Cancellation;
use linfa_nn::distance::L2Dist;
use linfa_nn::{BallTree, KdTree, NearestNeighbour};
use ndarray::{Array2, Axis, array};
use rand::Rng as _;

use super::all;
use crate::neighbours::{NeighbourIndex, nearest_neighbours};
use crate::simd::Simd;
use crate::testing::{blobs, permutation, rng, with_threads};

/// The neighbours of all points.
fn of_all(points: &Array2<f32>, k: usize) -> Array2<usize> {
    nearest_neighbours(points.view(), &all(points.nrows()), k, Cancellation::never()).unwrap()
}

/// The neighbours of all points, from a sort of all distances.
fn sorted(points: &Array2<f32>, k: usize) -> Array2<usize> {
    let mut found = Array2::zeros((points.nrows(), k));
    for (own, mut found) in found.rows_mut().into_iter().enumerate() {
        let distances = points.rows().into_iter().map(|other| {
            points
                .row(own)
                .iter()
                .zip(other)
                .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
                .sum::<f64>()
        });
        let mut order: Vec<(f64, usize)> = distances.zip(0..).collect();
        order.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let others = order.iter().filter(|&&(_, point)| point != own);
        for (place, &(_, point)) in found.iter_mut().zip(others) {
            *place = point;
        }
    }
    found
}

#[test]
fn neighbours_are_those_of_the_trees_of_linfa() {
    for (index, (count, dimensions)) in [(300, 1), (700, 2), (500, 6), (200, 20)].into_iter().enumerate() {
        let mut rng = rng(20 + index as u64);
        let points = Array2::from_shape_simple_fn((count, dimensions), || rng.r#gen::<f32>());
        let exact = points.mapv(f64::from);
        let trees = [
            KdTree::new().from_batch(&exact, L2Dist).unwrap(),
            BallTree::new().from_batch(&exact, L2Dist).unwrap(),
        ];
        let found = of_all(&points, 12);
        for tree in trees {
            for (own, point) in exact.rows().into_iter().enumerate() {
                let nearest = tree.k_nearest(point, 13).unwrap().into_iter().map(|(_, point)| point);
                let others: Vec<_> = nearest.filter(|&point| point != own).collect();
                assert_eq!(found.row(own).to_vec(), others, "{count} x {dimensions}, point {own}");
            }
        }
    }
}

#[test]
fn every_instruction_set_finds_the_same() {
    for dimensions in [1, 2, 3, 6, 13, 700] {
        let mut rng = rng(40 + dimensions as u64);
        // Small whole numbers have many equal distances.
        let coarse = Array2::from_shape_simple_fn((101, dimensions), || rng.gen_range(0..4) as f32);
        let fine = Array2::from_shape_simple_fn((101, dimensions), || rng.r#gen::<f32>() * 1e3 - 2e4);
        for points in [coarse, fine] {
            let queries: Vec<usize> = (0..101).step_by(3).collect();
            let expected = sorted(&points, 30).select(Axis(0), &queries);
            for simd in Simd::available() {
                let index = NeighbourIndex::with(simd, points.view(), Cancellation::never()).unwrap();
                let found = index.nearest(&queries, 30, Cancellation::never()).unwrap();
                assert_eq!(found, expected, "{} with {dimensions} dimensions", simd.name());
            }
        }
    }
}

#[test]
fn any_number_of_points_and_neighbours_is_found() {
    for count in [2, 3, 7, 8, 9, 16, 17, 65, 130] {
        let points = blobs(&mut rng(count as u64), count, 2, 3);
        for k in [1, count / 2, count - 1].into_iter().filter(|&k| k > 0) {
            assert_eq!(of_all(&points, k), sorted(&points, k), "{k} of {count}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let points = blobs(&mut rng(3), 900, 5, 4);
    let one = with_threads(1, || of_all(&points, 20));
    assert_eq!(with_threads(2, || of_all(&points, 20)), one);
    assert_eq!(with_threads(3, || of_all(&points, 20)), one);
}

#[test]
fn order_offset_scale_and_layout_do_not_matter() {
    let mut rng = rng(4);
    let points = Array2::from_shape_simple_fn((200, 3), || f32::from(rng.r#gen::<i16>()) / 256.0);
    let expected = of_all(&points, 10);
    // Exact in f32.
    assert_eq!(of_all(&(&points + 1024.0), 10), expected);
    assert_eq!(of_all(&(&points * 2_f32.powi(-100)), 10), expected);
    assert_eq!(of_all(&(&points * 2_f32.powi(100)), 10), expected);
    let columns = points.t().as_standard_layout().into_owned();
    assert_eq!(nearest_neighbours(columns.t(), &all(200), 10, Cancellation::never()).unwrap(), expected);

    let order = permutation(&mut rng, 200);
    let found = of_all(&points.select(Axis(0), &order), 10);
    for (place, &point) in order.iter().enumerate() {
        let found: Vec<_> = found.row(place).iter().map(|&place| order[place]).collect();
        assert_eq!(found, expected.row(point).to_vec());
    }
}

#[test]
fn equal_points_are_neighbours_in_their_order() {
    let zeros = Array2::zeros((50, 4));
    let found = of_all(&zeros, 3);
    assert_eq!(found.row(0).to_vec(), [1, 2, 3]);
    assert_eq!(found.row(2).to_vec(), [0, 1, 3]);
    assert_eq!(found.row(49).to_vec(), [0, 1, 2]);
    // 0 and -0 are equal, and a point is nearer than a duplicate of a farther one.
    let points = array![[0.0], [5.0], [-0.0], [5.0], [1.0]];
    assert_eq!(of_all(&points, 4).row(4).to_vec(), [0, 2, 1, 3]);
    assert_eq!(of_all(&points, 2).row(3).to_vec(), [1, 4]);
}

#[test]
fn what_cannot_be_found_is_an_error() {
    let points = array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]];
    let find = |points: &Array2<f32>, queries: &[usize], k| {
        nearest_neighbours(points.view(), queries, k, Cancellation::never())
            .map_err(|error| error.to_string())
    };
    assert!(find(&points, &[0], 3).unwrap_err().contains("expected: 1 to 2 neighbours"));
    assert!(find(&points, &[0], 0).is_err());
    assert!(find(&points, &[0, 3], 1).unwrap_err().contains("point 3 of 3"));
    assert_eq!(find(&points, &[], 1).unwrap().dim(), (0, 1));
    let mut spoilt = points.clone();
    spoilt[[1, 1]] = f32::NAN;
    assert!(find(&spoilt, &[0], 1).unwrap_err().contains("coordinate 1 of point 1"));
    let stop = AtomicBool::new(true);
    assert!(nearest_neighbours(points.view(), &[0], 1, Cancellation::new(&stop)).is_err());
}
