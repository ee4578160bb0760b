use std::sync::atomic::AtomicBool;

use latentkit_core::ErrorKind;
use ndarray::array;

use super::super::hdbscan::hdbscan_with;
use super::super::hierarchy;
use super::super::neighbours::kth_squares;
use super::super::spanning::{Edge, spanning_tree};
use super::*;
use crate::simd::Simd;
use crate::testing::{permutation, rng, with_threads};
use crate::tree::Tree;

/// The squared core distances, by sorting all distances.
fn core_by_definition(points: &Array2<f32>, min_points: usize) -> Vec<f64> {
    let of_point = |a: usize| {
        let mut squares: Vec<f64> = (0..points.nrows()).map(|b| square(points, a, b)).collect();
        squares.sort_unstable_by(f64::total_cmp);
        squares[min_points - 1]
    };
    (0..points.nrows()).map(of_point).collect()
}

/// A minimum spanning tree of the mutual reachability distances, by Prim's algorithm.
fn prim(points: &Array2<f32>, core: &[f64]) -> Vec<Edge> {
    let count = points.nrows();
    let mut edges = Vec::new();
    let mut outside: Vec<(usize, Edge)> =
        (1..count).map(|point| (point, Edge { square: f64::INFINITY, ends: [0, point as u32] })).collect();
    let mut last = 0;
    while !outside.is_empty() {
        for (point, edge) in &mut outside {
            let reach = square(points, last, *point).max(core[last]).max(core[*point]);
            if reach < edge.square {
                *edge = Edge { square: reach, ends: [last as u32, *point as u32] };
            }
        }
        let nearest =
            (0..outside.len()).min_by(|&a, &b| outside[a].1.square.total_cmp(&outside[b].1.square)).unwrap();
        let (point, edge) = outside.swap_remove(nearest);
        edges.push(edge);
        last = point;
    }
    edges
}

fn lengths(edges: &[Edge]) -> Vec<f64> {
    let mut squares: Vec<f64> = edges.iter().map(|edge| edge.square).collect();
    squares.sort_unstable_by(f64::total_cmp);
    squares
}

fn error(points: &Array2<f32>, min_cluster_size: usize, min_points: usize) -> Error {
    let params = HdbscanParams { min_cluster_size, min_points };
    super::super::hdbscan(points.view(), params, Cancellation::never()).unwrap_err()
}

#[test]
fn core_distances_and_spanning_tree_are_those_of_the_definition() {
    for (index, dimensions) in [1, 2, 5, 18].into_iter().enumerate() {
        let mut rng = rng(200 + index as u64);
        for count in [2, 15, 16, 17, 120, 500] {
            let mut points = scattered(&mut rng, count, dimensions);
            if index == 1 {
                points.mapv_inplace(f32::round); // many equal points and equal distances
            }
            for min_points in [1, 2, 5.min(count), points.nrows()] {
                let tree = Tree::new(points.view(), Cancellation::never()).unwrap();
                let core = core_by_definition(&points, min_points);
                let expected = prim(&points, &core);
                for simd in Simd::available() {
                    let what = format!("{count} x {dimensions}, {min_points}, {}", simd.name());
                    let found = kth_squares(&tree, simd, min_points, Cancellation::never()).unwrap();
                    let by_position: Vec<f64> =
                        tree.order.iter().map(|&point| core[point as usize]).collect();
                    assert_eq!(found, by_position, "{what}");
                    let edges = spanning_tree(&tree, simd, &found, Cancellation::never()).unwrap();
                    assert_eq!(lengths(&edges), lengths(&expected), "{what}");
                    assert!(edges.iter().all(|edge| {
                        let [a, b] = edge.ends.map(|end| end as usize);
                        edge.square.to_bits() == square(&points, a, b).max(core[a]).max(core[b]).to_bits()
                    }));
                    // Whichever minimum spanning tree it is, the clusters are the same.
                    assert_eq!(
                        hierarchy::clusters(points.nrows(), edges, 4),
                        hierarchy::clusters(points.nrows(), expected.clone(), 4),
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_order_of_the_points_does_not_matter() {
    for index in 0..8 {
        let mut rng = rng(220 + index);
        let mut points = scattered(&mut rng, 240, 2);
        if index % 2 == 1 {
            points.mapv_inplace(|value| (value * 2.0).round()); // ties everywhere
        }
        for (min_cluster_size, min_points) in [(5, 5), (12, 3), (8, 1)] {
            let found = hdbscan_of(&points, min_cluster_size, min_points);
            let order = permutation(&mut rng, points.nrows());
            let other = hdbscan_of(&points.select(Axis(0), &order), min_cluster_size, min_points);
            assert_eq!(other, moved(&found, &order));
        }
    }
}

#[test]
fn moving_and_scaling_all_points_changes_nothing() {
    for index in 0..5 {
        let mut rng = rng(230 + index);
        let points = scattered(&mut rng, 240, 3);
        let found = hdbscan_of(&points, 10, 5);
        assert!(found.count >= 2 && found.noise > 0, "{} clusters, {} noise", found.count, found.noise);
        let offset = rng.gen_range(-4000..4000) as f32;
        assert_eq!(hdbscan_of(&(&points + offset), 10, 5), found);
        for power in [-90, -3, 5, 100] {
            assert_eq!(hdbscan_of(&(&points * 2.0_f32.powi(power)), 10, 5), found, "{power}");
        }
    }
}

#[test]
fn duplicating_all_points_with_twice_the_sizes_changes_nothing() {
    let mut rng = rng(240);
    let points = scattered(&mut rng, 240, 3);
    let count = points.nrows();
    let twice: Vec<usize> = (0..2 * count).map(|row| row % count).collect();
    let found = hdbscan_of(&points, 10, 5);
    assert_eq!(hdbscan_of(&points.select(Axis(0), &twice), 20, 10), moved(&found, &twice));
}

#[test]
fn groups_of_equal_points_are_clusters() {
    let of_point = |point: usize| if point < 25_000 { 0.0 } else { 1.0 + (point / 10_000) as f32 };
    let points = Array2::from_shape_fn((60_000, 3), |(point, axis)| of_point(point) + axis as f32);
    let found = hdbscan_of(&points, 5, 5);
    assert_eq!((found.count, found.noise), (5, 0));
    assert!(found.clusters[..25_000].iter().all(|&cluster| cluster == Some(0)));
}

#[test]
fn all_points_equal_do_not_split() {
    let found = hdbscan_of(&Array2::from_elem((1000, 2), 2.5), 5, 5);
    assert_eq!((found.count, found.noise), (0, 1000));
}

#[test]
fn threads_and_instruction_sets_change_nothing() {
    for dimensions in [1, 6, 19] {
        let points = scattered(&mut rng(250), 900, dimensions);
        let params = HdbscanParams { min_cluster_size: 12, min_points: 5 };
        let of = |simd| hdbscan_with(simd, points.view(), params, Cancellation::never()).unwrap();
        let sets = Simd::available();
        let found = with_threads(1, || of(sets[0]));
        for &simd in &sets {
            for threads in 1..=3 {
                assert_eq!(with_threads(threads, || of(simd)), found, "{}, {threads}", simd.name());
            }
        }
    }
}

#[test]
fn few_points_are_noise() {
    assert_eq!(hdbscan_of(&array![[1.0, 2.0]], 2, 1).clusters, [None]);
    assert_eq!(hdbscan_of(&array![[1.0], [2.0], [4.0]], 2, 1).noise, 3);
    assert_eq!(hdbscan_of(&array![[1.0], [2.0], [4.0]], 5, 3).noise, 3);
    let pairs = hdbscan_of(&array![[1.0], [11.0], [2.0], [12.0]], 2, 1);
    assert_eq!(pairs.clusters, [Some(0), Some(1), Some(0), Some(1)]);
}

#[test]
fn wrong_parameters_and_points_are_errors() {
    let points = array![[0.0], [1.0], [2.0]];
    let small = error(&points, 1, 2);
    assert_eq!((small.kind(), small.key()), (ErrorKind::Config, Some("cluster.hdbscan.min-cluster-size")));
    assert_eq!(error(&points, 2, 0).key(), Some("cluster.hdbscan.min-points"));
    let text = error(&points, 2, 4).to_string();
    assert!(text.contains("min-points = 4 is above the 3 points"), "{text}");
    let text = error(&array![[0.0], [1.0], [f32::INFINITY]], 2, 2).to_string();
    assert!(text.contains("coordinate 0 of point 2"), "{text}");
    assert_eq!(error(&Array2::zeros((0, 2)), 2, 1).kind(), ErrorKind::Config);
}

#[test]
fn stops_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    let params = HdbscanParams { min_cluster_size: 2, min_points: 1 };
    let points = array![[0.0], [1.0], [2.0]];
    let error = super::super::hdbscan(points.view(), params, Cancellation::new(&stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
