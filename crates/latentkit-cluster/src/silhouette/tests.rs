#![expect(clippy::float_cmp, reason = "some results are exact")]

use std::sync::atomic::AtomicBool;

use latentkit_core::ErrorKind;
use ndarray::{Array2, Axis, array, concatenate, s};
use rand::Rng as _;

use super::*;
use crate::testing::{
    assert_close, blobs, permutation, random_clusters, rng, scaled_cases, silhouette_cases, with_threads,
};

/// The length of the longest block of points.
const LANES: usize = 64;

/// The silhouettes of one clustering.
fn of(points: &Array2<f32>, clusters: &[u32]) -> Silhouette {
    silhouette(points.view(), &[clusters], Cancellation::never()).unwrap().remove(0)
}

fn error(points: &Array2<f32>, clusters: &[u32]) -> String {
    silhouette(points.view(), &[clusters], Cancellation::never()).unwrap_err().to_string()
}

#[track_caller]
fn assert_all_close(found: &Silhouette, expected: &Silhouette, tolerance: f64, what: &str) {
    assert_close(found.mean, expected.mean, tolerance, &format!("{what}: mean"));
    for (point, (&found, &expected)) in found.points.iter().zip(&expected.points).enumerate() {
        assert_close(found, expected, tolerance, &format!("{what}: point {point}"));
    }
}

/// The definition, word by word, in f64.
fn by_definition(points: &Array2<f32>, clusters: &[u32]) -> Silhouette {
    by_definition_of(&points.mapv(f64::from), clusters)
}

/// The same of points in f64.
fn by_definition_of(points: &Array2<f64>, clusters: &[u32]) -> Silhouette {
    let count = points.nrows();
    let k = clusters.iter().max().unwrap() + 1;
    let distance = |i: usize, j: usize| {
        let squares = points.row(i).into_iter().zip(points.row(j)).map(|(&a, &b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let mean_distance = |i: usize, cluster: u32| {
        let others: Vec<f64> =
            (0..count).filter(|&j| j != i && clusters[j] == cluster).map(|j| distance(i, j)).collect();
        others.iter().sum::<f64>() / others.len() as f64
    };
    let points: Vec<f64> = (0..count)
        .map(|i| {
            let a = mean_distance(i, clusters[i]);
            let others = (0..k).filter(|&cluster| cluster != clusters[i]);
            let b = others.map(|cluster| mean_distance(i, cluster)).fold(f64::INFINITY, f64::min);
            if a.is_nan() || (a == 0.0 && b == 0.0) { 0.0 } else { (b - a) / a.max(b) }
        })
        .collect();
    Silhouette { mean: points.iter().sum::<f64>() / count as f64, points }
}

/// For each point, a, b and the size of its cluster, in f64; no cluster has only one point.
fn by_parts(points: &Array2<f32>, clusters: &[u32]) -> Vec<(f64, f64, f64)> {
    let k = clusters.iter().max().unwrap() + 1;
    let of_point = |i: usize| {
        let sums: Vec<(f64, f64)> = (0..k)
            .map(|cluster| {
                let members = (0..clusters.len()).filter(|&j| clusters[j] == cluster);
                let distances = members.map(|j| {
                    let squares = points.row(i).into_iter().zip(points.row(j));
                    squares.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
                });
                distances.fold((0.0, 0.0), |(sum, size), distance| (sum + distance, size + 1.0))
            })
            .collect();
        let (own, size) = sums[clusters[i] as usize];
        let others = sums.iter().enumerate().filter(|&(cluster, _)| cluster != clusters[i] as usize);
        let least = others.map(|(_, (sum, size))| sum / size).fold(f64::INFINITY, f64::min);
        (own / (size - 1.0), least, size)
    };
    (0..clusters.len()).map(of_point).collect()
}

#[test]
fn agrees_with_scikit_learn() {
    for case in silhouette_cases() {
        let clusterings: Vec<&[u32]> = case.clusterings.iter().map(|case| case.labels.as_slice()).collect();
        for simd in Simd::available() {
            let found =
                silhouette_with(simd, case.points().view(), &clusterings, Cancellation::never()).unwrap();
            for (found, expected) in found.iter().zip(&case.clusterings) {
                let expected = Silhouette { mean: expected.mean, points: expected.points.clone() };
                assert_all_close(found, &expected, 1e-6, &format!("{}, {}", case.name, simd.name()));
            }
        }
    }
}

#[test]
fn agrees_with_float64_whatever_the_offsets_and_scales() {
    let mut far_from_scalar_products = Vec::new();
    for case in scaled_cases() {
        let expected = Silhouette { mean: case.mean, points: case.silhouettes.clone() };
        for simd in Simd::available() {
            let found =
                silhouette_with(simd, case.points().view(), &[&case.labels], Cancellation::never()).unwrap();
            let what = format!("{}, {}", case.name, simd.name());
            assert_close(found[0].mean, expected.mean, 2e-7, &what);
            assert_all_close(&found[0], &expected, 2e-6, &what);
        }
        if (case.own_mean - case.mean).abs() > 1e-6 {
            far_from_scalar_products.push(case.name);
        }
    }
    // Elsewhere the figures are those of scikit-learn as anyone calls it.
    assert_eq!(far_from_scalar_products, ["offset 10000, scale 0.001", "every point six times, offset 1e4"]);
}

#[test]
fn equal_columns_and_equal_points_are_rounded_no_further_than_others() {
    // Adding the same number again and again is rounded the same way each time; summed one by one in f32, the squares
    // of 4096 equal columns or the distances to 4096 equal points would be wrong by 1e-5 or more.
    let (a, b, c) = (1.0, 1.1, 1.7);
    let columns = Array2::from_shape_fn((4, 4096), |(row, _)| [0.0, a, b, c][row]);
    let line = array![[0.0], [a], [b], [c]];
    let clusters = [0, 0, 1, 1];
    assert_all_close(&of(&columns, &clusters), &of(&line, &clusters), 1e-6, "columns");

    let count = 4096;
    let copies: Vec<usize> = (0..4 * count).map(|row| row / count).collect();
    let found =
        of(&line.select(Axis(0), &copies), &copies.iter().map(|&copy| clusters[copy]).collect::<Vec<_>>());
    // Of each point of the line there are m copies: a = m d / (2m - 1), with d the distance within the pair.
    let share = count as f64 / (2 * count - 1) as f64;
    let expected = by_definition(&line, &clusters);
    for (copy, point) in [(0, 0), (count, 1), (2 * count, 2), (3 * count, 3)] {
        let distance = |j: usize| (f64::from(line[[point, 0]]) - f64::from(line[[j, 0]])).abs();
        let within = share * distance(point ^ 1);
        let between = f64::midpoint(distance((point + 2) % 4), distance(((point + 2) % 4) ^ 1));
        assert_close(found.points[copy], (between - within) / between.max(within), 1e-6, "copies");
        assert!((found.points[copy] - expected.points[point]).abs() > 1e-3, "the copies count");
    }
}

#[test]
fn a_column_without_spread_changes_nothing() {
    let mut rng = rng(60);
    let points = blobs(&mut rng, 90, 3, 4);
    let clusters = random_clusters(&mut rng, 90, 5);
    let found = of(&points, &clusters);
    for constant in [0.0, -3e38, 1e-40] {
        let column = Array2::from_elem((90, 1), constant);
        let wider =
            concatenate![Axis(1), column, points.slice(s![.., ..1]), column, points.slice(s![.., 1..])];
        assert_eq!(of(&wider, &clusters), found, "{constant}");
    }
}

#[test]
fn duplicating_all_points_follows_the_formula() {
    let mut rng = rng(61);
    let points = blobs(&mut rng, 90, 3, 4);
    let clusters = random_clusters(&mut rng, 90, 5);
    let twice: Vec<usize> = (0..180).map(|row| row % 90).collect();
    let found = of(&points.select(Axis(0), &twice), &[clusters.clone(), clusters.clone()].concat());
    let single = by_parts(&points, &clusters);
    for (row, value) in found.points.iter().enumerate() {
        // The copy of a point lies at 0 from it: a is the same sum twice, of 2m - 1 points instead of m - 1.
        let (within, between, size) = single[row % 90];
        let a = 2.0 * within * (size - 1.0) / (2.0 * size - 1.0);
        assert_close(*value, (between - a) / between.max(a), 1e-6, "twice");
    }
}

#[test]
fn two_points_have_no_silhouette_and_three_have_one() {
    let two = array![[0.0], [1.0]];
    assert!(error(&two, &[0, 1]).contains("2 clusters of 2 points"));
    assert!(error(&two, &[0, 0]).contains("1 clusters of 2 points"));
    let three = of(&array![[0.0], [1.0], [3.0]], &[0, 0, 1]);
    assert_eq!(three.points[2], 0.0);
    assert_close(three.points[0], 2.0 / 3.0, 1e-7, "a = 1, b = 3");
    assert_close(three.points[1], 0.5, 1e-7, "a = 1, b = 2");
}

#[test]
fn agrees_with_a_computation_by_hand() {
    let points = array![[0.0], [2.0], [3.0], [9.0], [20.0], [24.0]];
    let found = of(&points, &[0, 0, 0, 1, 2, 2]);
    let expected = [
        (9.0 - 2.5) / 9.0, // a = (2 + 3) / 2; b = 9 to the second cluster, (20 + 24) / 2 to the third
        (7.0 - 1.5) / 7.0, // a = (2 + 1) / 2; b = 7
        (6.0 - 2.0) / 6.0, // a = (3 + 1) / 2; b = 6
        0.0,               // alone in its cluster
        (11.0 - 4.0) / 11.0, // a = 4; b = 11 to the second cluster, (20 + 18 + 17) / 3 to the first
        (15.0 - 4.0) / 15.0, // a = 4; b = 15
    ];
    for (found, expected) in found.points.iter().zip(expected) {
        assert_close(*found, expected, 1e-6, "by hand");
    }
    assert_close(found.mean, expected.iter().sum::<f64>() / 6.0, 1e-6, "mean by hand");
}

#[test]
fn agrees_with_the_definition_for_every_size_of_the_last_block() {
    for (index, count) in
        [3, LANES / 2, LANES / 2 + 1, LANES - 1, LANES, LANES + 1, 3 * LANES + 5].into_iter().enumerate()
    {
        let mut rng = rng(index as u64);
        let points = blobs(&mut rng, count, 1 + index, 3);
        for k in [2, count as u32 - 1] {
            let clusters = random_clusters(&mut rng, count, k);
            assert_all_close(
                &of(&points, &clusters),
                &by_definition(&points, &clusters),
                1e-6,
                &format!("{count} points"),
            );
        }
    }
}

#[test]
fn many_clusterings_at_once_are_as_each_alone() {
    let mut rng = rng(1);
    let points = blobs(&mut rng, 120, 2, 4);
    // More clusters than one pass holds.
    let clusterings: Vec<Vec<u32>> =
        (0..102).map(|index| random_clusters(&mut rng, 120, if index % 2 == 0 { 100 } else { 99 })).collect();
    let all: Vec<&[u32]> = clusterings.iter().map(Vec::as_slice).collect();
    let found = silhouette(points.view(), &all, Cancellation::never()).unwrap();
    assert_eq!(found.len(), clusterings.len());
    for index in [0, 1, clusterings.len() / 2, clusterings.len() - 1] {
        assert_all_close(&found[index], &of(&points, &clusterings[index]), 1e-6, "alone");
    }
    assert_eq!(silhouette(points.view(), &[], Cancellation::never()).unwrap(), []);
}

#[test]
fn a_point_alone_in_its_cluster_has_0() {
    let found = of(&array![[0.0], [100.0], [101.0]], &[7, 3, 3]);
    assert_eq!(found.points[0], 0.0);
    assert!(found.points[1] > 0.9);
}

#[test]
fn equal_points_have_0_and_no_nan() {
    let found = of(&Array2::from_elem((6, 2), 3.5), &[0, 0, 0, 1, 1, 1]);
    assert_eq!(found, Silhouette { mean: 0.0, points: vec![0.0; 6] });
    let found = of(&Array2::zeros((3, 1)), &[0, 1, 1]);
    assert_eq!(found.points, [0.0; 3]);
}

#[test]
fn one_cluster_and_as_many_clusters_as_points_are_errors() {
    let points = array![[0.0], [1.0], [2.0]];
    let one = error(&points, &[4, 4, 4]);
    assert!(one.contains("1 clusters of 3 points") && one.contains("expected: 2 to 2 clusters"), "{one}");
    let three = error(&points, &[0, 1, 2]);
    assert!(three.contains("3 clusters of 3 points"), "{three}");
    assert!(error(&array![[0.0]], &[0]).contains("undefined"));
    assert!(error(&Array2::zeros((0, 2)), &[]).contains("undefined"));
}

#[test]
fn clusterings_of_other_points_and_infinite_points_are_errors() {
    let other = error(&array![[0.0], [1.0], [2.0]], &[0, 1]);
    assert!(other.contains("clusters of 3 points"), "{other}");
    let infinite = error(&array![[0.0], [f32::INFINITY], [2.0]], &[0, 1, 1]);
    assert!(infinite.contains("point 1"), "{infinite}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut rng = rng(2);
    let points = blobs(&mut rng, 501, 6, 5);
    let clusterings: Vec<_> = (2..9).map(|k| random_clusters(&mut rng, 501, k)).collect();
    let clusterings: Vec<&[u32]> = clusterings.iter().map(Vec::as_slice).collect();
    let compute = || silhouette(points.view(), &clusterings, Cancellation::never()).unwrap();
    let one = with_threads(1, compute);
    assert_eq!(with_threads(2, compute), one);
    assert_eq!(with_threads(3, compute), one);
}

#[test]
fn every_instruction_set_agrees() {
    let mut rng = rng(3);
    for dimensions in [1, 3, 6, 17] {
        let points = blobs(&mut rng, 205, dimensions, 4);
        let clusters = random_clusters(&mut rng, 205, 4);
        let compute =
            |simd| silhouette_with(simd, points.view(), &[&clusters], Cancellation::never()).unwrap();
        let sets = Simd::available();
        let portable = compute(sets[0]);
        for &simd in &sets[1..] {
            assert_all_close(&compute(simd)[0], &portable[0], 1e-6, simd.name());
        }
    }
}

#[test]
fn the_order_of_the_points_and_the_names_of_the_clusters_do_not_matter() {
    for index in 0..5 {
        let mut rng = rng(10 + index);
        let points = blobs(&mut rng, 90, 3, 4);
        let clusters = random_clusters(&mut rng, 90, 5);
        let found = of(&points, &clusters);

        let names: Vec<u32> =
            permutation(&mut rng, 5).into_iter().map(|name| name as u32 * 1000 + 7).collect();
        let renamed: Vec<u32> = clusters.iter().map(|&cluster| names[cluster as usize]).collect();
        assert_eq!(of(&points, &renamed), found);

        let order = permutation(&mut rng, 90);
        let moved = of(
            &points.select(Axis(0), &order),
            &order.iter().map(|&point| clusters[point]).collect::<Vec<_>>(),
        );
        let expected =
            Silhouette { mean: found.mean, points: order.iter().map(|&point| found.points[point]).collect() };
        assert_all_close(&moved, &expected, 1e-6, "another order");
    }
}

#[test]
fn moving_and_scaling_all_points_changes_nothing() {
    for index in 0..5 {
        let mut rng = rng(20 + index);
        let points = blobs(&mut rng, 90, 3, 4);
        let clusters = random_clusters(&mut rng, 90, 5);
        let found = of(&points, &clusters);
        let offset = rng.gen_range(-10_000..10_000) as f32;
        // Exact in f32, and so are the differences. Only the power of two in front of them may be another.
        assert_all_close(&of(&(&points + offset), &clusters), &found, 1e-12, "moved");
        for scale in [-1.0, 1e-30, 1e-3, 3.0, 1e30] {
            assert_all_close(&of(&(&points * scale), &clusters), &found, 1e-6, &format!("times {scale}"));
        }
    }
}

#[test]
fn values_lie_between_minus_1_and_1() {
    for index in 0..20 {
        let mut rng = rng(40 + index);
        let count = rng.gen_range(4..60);
        let scale = 10.0_f32.powi(rng.gen_range(-6..6));
        let points = Array2::from_shape_fn((count, 2), |_| rng.gen_range(-3_i16..3) as f32 * scale);
        let k = rng.gen_range(2..count as u32);
        let found = of(&points, &random_clusters(&mut rng, count, k));
        assert!(found.points.iter().all(|value| (-1.0..=1.0).contains(value)), "{:?}", found.points);
        assert!((-1.0..=1.0).contains(&found.mean));
    }
}

#[test]
fn stops_when_the_user_interrupts() {
    let stop = AtomicBool::new(true);
    let points = array![[0.0], [1.0], [2.0]];
    let error = silhouette(points.view(), &[&[0, 1, 1]], Cancellation::new(&stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn a_sample_of_all_points_gives_the_exact_silhouettes() {
    for case in silhouette_cases() {
        let points = case.points();
        let clusterings: Vec<&[u32]> =
            case.clusterings.iter().map(|clustering| clustering.labels.as_slice()).collect();
        let exact = silhouette(points.view(), &clusterings, Cancellation::never()).unwrap();
        let order: Vec<u32> =
            permutation(&mut rng(31), points.nrows()).into_iter().map(|i| i as u32).collect();
        let sampled = silhouette_sampled(points.view(), &clusterings, &order, Cancellation::never()).unwrap();
        for (exact, sampled) in exact.iter().zip(&sampled) {
            assert_close(sampled.mean, exact.mean, 1e-12, &case.name);
            assert_eq!(sampled.interval, [sampled.mean; 2], "nothing is left to estimate");
            for (&point, &value) in order.iter().zip(&sampled.points) {
                assert_eq!(value, exact.points[point as usize], "{}: point {point}", case.name);
            }
        }
    }
}

#[test]
fn the_confidence_interval_holds_the_mean_as_often_as_it_says() {
    let points = blobs(&mut rng(32), 1200, 3, 4);
    let clusters = random_clusters(&mut rng(33), 1200, 5);
    let truth = silhouette(points.view(), &[&clusters], Cancellation::never()).unwrap()[0].mean;
    let held = (0..300).filter(|&draw| {
        let mut sample: Vec<u32> =
            permutation(&mut rng(1000 + draw), 1200).into_iter().map(|i| i as u32).collect();
        sample.truncate(150);
        let found = silhouette_sampled(points.view(), &[&clusters], &sample, Cancellation::never()).unwrap();
        (found[0].interval[0]..=found[0].interval[1]).contains(&truth)
    });
    // 285 expected; five standard deviations of 300 draws are 19.
    let held = held.count();
    assert!((266..=300).contains(&held), "{held} of 300");
}

#[test]
fn a_sampled_silhouette_needs_two_points_and_does_not_depend_on_threads() {
    let points = blobs(&mut rng(34), 500, 2, 3);
    let clusters = random_clusters(&mut rng(35), 500, 4);
    let of = |sample: &[u32]| silhouette_sampled(points.view(), &[&clusters], sample, Cancellation::never());
    assert!(of(&[3]).unwrap_err().to_string().contains("two points"), "one point");
    let sample: Vec<u32> = (0..500).step_by(3).collect();
    let one = with_threads(1, || of(&sample).unwrap());
    assert_eq!(with_threads(2, || of(&sample).unwrap()), one);
    assert_eq!(with_threads(3, || of(&sample).unwrap()), one);
}

#[test]
fn many_dimensions_lose_nothing_to_norms() {
    for dimensions in [25, 130, 700] {
        let mut source = rng(80 + dimensions as u64);
        let mut noise = |spread: f32| {
            Array2::from_shape_simple_fn((150, dimensions), || spread * (source.r#gen::<f32>() - 0.5))
        };
        let clusters: Vec<u32> = (0..150).map(|point| point % 3).collect();
        let apart = Array2::from_shape_fn(
            (150, dimensions),
            |(point, axis)| {
                if axis % 3 == point % 3 { 1.0 } else { 0.0 }
            },
        );
        for (what, points) in [
            ("noise", noise(1.0)),
            ("blobs", &apart + noise(1.0)),
            ("tight blobs", &apart + noise(1e-4)),
            ("an offset", &apart + noise(1e-2) + 4096.0),
            ("offsets", (&apart + noise(1e-2)) * 8.0 + 1e3 * noise(1.0).row(0).to_owned()),
            ("scaled", (&apart + noise(1e-2)) * 2.0_f32.powi(60)),
        ] {
            let expected = by_definition(&points, &clusters);
            assert_all_close(&of(&points, &clusters), &expected, 2e-6, &format!("{what}, {dimensions}"));
            assert_close(of(&points, &clusters).mean, expected.mean, 1e-6, what);
        }
    }
}

#[test]
fn wide_points_of_several_panels_are_as_the_definition_says() {
    let points = blobs(&mut rng(90), 700, 30, 4);
    let clusterings = [3, 9, 200].map(|k| random_clusters(&mut rng(91), 700, k));
    let clusterings: Vec<&[u32]> = clusterings.iter().map(Vec::as_slice).collect();
    let compute = || silhouette(points.view(), &clusterings, Cancellation::never()).unwrap();
    let found = with_threads(1, compute);
    for (found, clusters) in found.iter().zip(&clusterings) {
        assert_all_close(found, &by_definition(&points, clusters), 2e-6, "several panels");
    }
    assert_eq!(with_threads(3, compute), found);
    let sample: Vec<u32> = (0..700).step_by(2).collect();
    let sampled = silhouette_sampled(points.view(), &clusterings, &sample, Cancellation::never()).unwrap();
    for (sampled, all) in sampled.iter().zip(&found) {
        for (&point, value) in sample.iter().zip(&sampled.points) {
            assert_close(*value, all.points[point as usize], 1e-6, "sampled");
        }
    }
    for simd in Simd::available() {
        let found = silhouette_with(simd, points.view(), &clusterings, Cancellation::never()).unwrap();
        for (found, expected) in found.iter().zip(with_threads(2, compute)) {
            assert_all_close(found, &expected, 1e-6, simd.name());
        }
    }
}

#[test]
fn equal_clusterings_have_equal_silhouettes() {
    let points = blobs(&mut rng(92), 90, 3, 4);
    let (a, b) = (random_clusters(&mut rng(93), 90, 4), random_clusters(&mut rng(94), 90, 4));
    let renamed: Vec<u32> = a.iter().map(|cluster| 7 - cluster).collect();
    let found = silhouette(points.view(), &[&a, &b, &renamed, &b], Cancellation::never()).unwrap();
    assert_eq!((&found[0], &found[1]), (&found[2], &found[3]));
    assert_all_close(&found[0], &of(&points, &a), 1e-6, "alone");
    assert_all_close(&found[1], &of(&points, &b), 1e-6, "alone");
}

#[test]
fn clusters_within_tiny_clusters_far_apart_need_what_f32_leaves() {
    for dimensions in [1, 2, 6, 40, 300] {
        let mut source = rng(95);
        let (count, k) = (200, 6);
        let clusters: Vec<u32> = (0..count).map(|point| point as u32 % k).collect();
        // Three places, far apart, and at each of them two clusters that f32 cannot tell apart.
        let points = Array2::from_shape_fn((count, dimensions), |(point, axis)| {
            let place = f64::from(clusters[point] / 2) * if axis % 2 == 0 { 10.0 } else { -7.0 };
            place + 1e-6 * f64::from(clusters[point] % 2) + 1e-7 * source.gen_range(-1.0..1.0)
        });
        let values = points.mapv(|value| value as f32);
        let rests = (&points - &values.mapv(f64::from)).mapv(|rest| rest as f32);
        let exact = Points::with_rests(values.view(), Some(rests.view()));
        let found = silhouette(exact, &[&clusters], Cancellation::never()).unwrap().remove(0);
        let expected = by_definition_of(&points, &clusters);
        assert_all_close(&found, &expected, 1e-6, &format!("{dimensions} dimensions"));
        let rounded = of(&values, &clusters);
        assert!((rounded.mean - expected.mean).abs() > 1e-3, "f32 alone is enough");
    }
}
