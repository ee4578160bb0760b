use std::sync::atomic::AtomicBool;

use latentkit_core::ErrorKind;
use linfa::traits::Transformer as _;
use ndarray::array;

use super::super::dbscan::dbscan_with;
use super::*;
use crate::simd::Simd;
use crate::testing::{permutation, rng, with_threads};

/// The definition, word by word.
fn by_definition(points: &Array2<f32>, radius: f64, min_points: usize) -> DensityClustering {
    let count = points.nrows();
    let near = |a: usize, b: usize| square(points, a, b) <= radius * radius;
    let core: Vec<bool> =
        (0..count).map(|a| (0..count).filter(|&b| near(a, b)).count() >= min_points).collect();
    let mut clusters = vec![None; count];
    for start in 0..count {
        if !core[start] || clusters[start].is_some() {
            continue;
        }
        let mut open = vec![start];
        while let Some(point) = open.pop() {
            if clusters[point].is_none() {
                clusters[point] = Some(start as u32);
                if core[point] {
                    open.extend((0..count).filter(|&other| near(point, other)));
                }
            }
        }
    }
    DensityClustering::named(&clusters)
}

fn error(points: &Array2<f32>, radius: Option<f64>, min_points: usize) -> Error {
    super::super::dbscan(points.view(), DbscanParams { radius, min_points }, Cancellation::never())
        .unwrap_err()
}

#[test]
fn agrees_with_the_definition() {
    for (index, dimensions) in [1, 2, 3, 6, 17].into_iter().enumerate() {
        let mut rng = rng(100 + index as u64);
        for count in [1, 2, 15, 16, 17, 33, 150, 400] {
            let points = scattered(&mut rng, count, dimensions);
            for (radius, min_points) in [(0.25, 3), (1.0, 4), (1.0, 1), (3.0, 12), (100.0, 5)] {
                assert_eq!(
                    dbscan_of(&points, radius, min_points),
                    by_definition(&points, radius, min_points),
                    "{count} x {dimensions}, {radius}, {min_points}"
                );
            }
        }
    }
}

#[test]
fn agrees_with_linfa() {
    for (index, dimensions) in [2, 4].into_iter().enumerate() {
        let mut rng = rng(110 + index as u64);
        let points = scattered(&mut rng, 600, dimensions);
        let wide = points.mapv(f64::from);
        // No distance is a whole number of units of the grid and this.
        for radius in [0.450_001, 0.900_001, 1.700_001] {
            let expected =
                linfa_clustering::Dbscan::params(6).tolerance(radius).transform(&wide).unwrap().to_vec();
            let expected: Vec<_> =
                expected.iter().map(|cluster| cluster.map(|cluster| cluster as u32)).collect();
            assert_eq!(dbscan_of(&points, radius, 6), DensityClustering::named(&expected), "{radius}");
        }
    }
}

#[test]
fn the_order_of_the_points_does_not_matter() {
    for index in 0..5 {
        let mut rng = rng(120 + index);
        let points = scattered(&mut rng, 240, 2);
        let found = dbscan_of(&points, 0.8, 5);
        let order = permutation(&mut rng, points.nrows());
        // Blobs lie farther apart than twice the radius, so that no point is at the border of two.
        assert_eq!(dbscan_of(&points.select(Axis(0), &order), 0.8, 5), moved(&found, &order));
        assert!(found.count >= 2 && found.noise > 0, "{} clusters, {} noise", found.count, found.noise);
    }
}

#[test]
fn a_point_at_the_border_of_two_clusters_is_in_that_of_the_first_core_point() {
    let gap = array![[5.0_f32], [8.0], [7.5], [7.0], [6.0], [2.0], [2.5], [3.0], [4.0]];
    let found = dbscan_of(&gap, 1.0, 4).clusters;
    assert_eq!(found[0], None, "no core point is near");
    let near = array![[5.0_f32], [7.0], [6.5], [6.0], [3.0], [3.5], [4.0], [7.5], [2.5]];
    let found = dbscan_of(&near, 1.0, 4).clusters;
    assert!(found[0] == found[3] && found[0] != found[6] && found[6].is_some(), "{found:?}");
    let order = [0, 4, 5, 6, 1, 2, 3, 7, 8];
    let found = dbscan_of(&near.select(Axis(0), &order), 1.0, 4).clusters;
    assert!(found[0] == found[3] && found[0] != found[6] && found[6].is_some(), "{found:?}");
}

#[test]
fn moving_and_scaling_all_points_changes_nothing() {
    for index in 0..5 {
        let mut rng = rng(130 + index);
        let points = scattered(&mut rng, 240, 3);
        let params = |radius| DbscanParams { radius, min_points: 5 };
        let of = |points: &Array2<f32>, radius| {
            super::super::dbscan(points.view(), params(radius), Cancellation::never()).unwrap()
        };
        let (found, radius) = of(&points, None);
        assert_eq!(of(&points, Some(radius)).0, found);
        let offset = rng.gen_range(-4000..4000) as f32;
        assert_eq!(of(&(&points + offset), None), (found.clone(), radius));
        for power in [-90, -3, 5, 100] {
            let scale = 2.0_f64.powi(power);
            assert_eq!(of(&(&points * scale as f32), None), (found.clone(), radius * scale), "{power}");
        }
    }
}

#[test]
fn duplicating_all_points_with_twice_the_neighbours_changes_nothing() {
    let mut rng = rng(140);
    let points = scattered(&mut rng, 240, 3);
    let count = points.nrows();
    let twice: Vec<usize> = (0..2 * count).map(|row| row % count).collect();
    let found = dbscan_of(&points, 0.9, 5);
    assert_eq!(dbscan_of(&points.select(Axis(0), &twice), 0.9, 10), moved(&found, &twice));
}

#[test]
fn equal_points_are_one_cluster_and_cost_no_lists() {
    let mut points = Array2::from_elem((60_000, 3), -1.5);
    points.slice_mut(ndarray::s![..100, 0]).fill(7.0);
    let found = dbscan_of(&points, 1.0, 5);
    assert_eq!((found.count, found.noise), (2, 0));
    assert!(found.clusters[..100].iter().all(|&cluster| cluster == Some(1)));
    let params = DbscanParams { radius: None, min_points: 5 };
    let chosen = super::super::dbscan(points.view(), params, Cancellation::never()).unwrap();
    assert_eq!(chosen, (found, 0.0));
}

#[test]
fn the_chosen_radius_separates_blobs_from_noise() {
    let points = scattered(&mut rng(150), 600, 3);
    let params = DbscanParams { radius: None, min_points: 6 };
    let (found, radius) = super::super::dbscan(points.view(), params, Cancellation::never()).unwrap();
    // Of the 200 scattered points, few lie in a blob.
    let noise = found.noise;
    assert!(found.count == 4 && (180..=200).contains(&noise), "{radius}, {} clusters, {noise}", found.count);
    for blob in 0..4 {
        let first = found.clusters[blob];
        let same = (blob..600).step_by(4).filter(|&point| found.clusters[point] == first).count();
        assert!(first.is_some() && same > 140, "{same} of blob {blob}");
    }
}

#[test]
fn threads_and_instruction_sets_change_nothing() {
    for dimensions in [1, 6, 19] {
        let points = scattered(&mut rng(160), 900, dimensions);
        for radius in [None, Some(0.7)] {
            let params = DbscanParams { radius, min_points: 5 };
            let of = |simd| dbscan_with(simd, points.view(), params, Cancellation::never()).unwrap();
            let sets = Simd::available();
            let found = with_threads(1, || of(sets[0]));
            for &simd in &sets {
                for threads in 1..=3 {
                    assert_eq!(with_threads(threads, || of(simd)), found, "{}, {threads}", simd.name());
                }
            }
        }
    }
}

#[test]
fn few_points_are_noise() {
    assert_eq!(dbscan_of(&array![[1.0, 2.0]], 1.0, 2).clusters, [None]);
    assert_eq!(dbscan_of(&array![[1.0, 2.0]], 1.0, 1).clusters, [Some(0)]);
    assert_eq!(dbscan_of(&array![[1.0], [1.0]], 1.0, 3).noise, 2);
    assert_eq!(dbscan_of(&Array2::zeros((0, 2)), 1.0, 3).count, 0);
}

#[test]
fn wrong_parameters_and_points_are_errors() {
    let points = array![[0.0], [1.0], [2.0]];
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = error(&points, Some(radius), 2);
        assert_eq!((error.kind(), error.key()), (ErrorKind::Config, Some("cluster.dbscan.radius")));
    }
    let text = error(&points, None, 4).to_string();
    assert!(text.contains("min-points = 4 is above the 3 points"), "{text}");
    assert_eq!(error(&points, Some(1.0), 0).key(), Some("cluster.dbscan.min-points"));
    let text = error(&array![[0.0], [f32::NAN], [2.0]], Some(1.0), 2).to_string();
    assert!(text.contains("coordinate 0 of point 1"), "{text}");
    assert_eq!(error(&Array2::zeros((3, 0)), Some(1.0), 2).kind(), ErrorKind::Input);
}

#[test]
fn stops_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    let params = DbscanParams { radius: Some(1.0), min_points: 2 };
    let points = array![[0.0], [1.0], [2.0]];
    let error = super::super::dbscan(points.view(), params, Cancellation::new(&stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
