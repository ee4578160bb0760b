//! The first centroids.

use super::*;
use crate::kmeans::seeding::draw;

fn drawn(points: &Array2<f32>, k: usize, index: u64) -> Array2<f64> {
    let prepared = Prepared::new(points.view());
    draw(Simd::best(), &prepared, k, &mut rng(index), false, Cancellation::never()).unwrap()
        + ArrayView1::from(prepared.mean())
}

#[test]
fn the_first_centroids_are_distinct_points() {
    let points = blobs(&mut rng(70), 50, 2, 5);
    let twice: Vec<usize> = (0..50).chain(0..50).collect();
    let points = points.select(Axis(0), &twice);
    for index in 0..20 {
        let centroids = drawn(&points, 50, index);
        let mut numbers: Vec<usize> = centroids
            .rows()
            .into_iter()
            .map(|centroid| {
                let same = |point: &ArrayView1<'_, f32>| {
                    point.iter().zip(centroid).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-12)
                };
                points.rows().into_iter().position(|point| same(&point)).expect("a centroid is a point")
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 50);
    }
}

#[test]
fn far_groups_have_a_first_centroid_each() {
    let points = blobs(&mut rng(71), 4000, 2, 8) * array![1.0, 0.001];
    let in_all = (0..50).filter(|&index| {
        let centroids = drawn(&points, 8, index);
        let mut groups: Vec<i64> = centroids.column(0).iter().map(|x| (x / 8.0).round() as i64).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.len() == 8
    });
    // Eight uniform draws are in eight different groups once in 416 times.
    assert!(in_all.count() > 40);
}

#[test]
fn a_point_is_drawn_as_often_as_its_square_says() {
    // From 0, the squares are 1, 4 and 9; from the others no less than 1, too.
    let points = array![[0.0_f32], [1.0], [2.0], [3.0]];
    // With one trial k-means++ draws by the squares; with two it takes the better of two draws.
    let mut seconds = [[0.0; 4]; 4];
    let draws = 20_000;
    let prepared = Prepared::new(points.view());
    let mut source = rng(72);
    for _ in 0..draws {
        let centroids = draw(Simd::best(), &prepared, 2, &mut source, false, Cancellation::never()).unwrap()
            + prepared.mean()[0];
        seconds[centroids[[0, 0]].round() as usize][centroids[[1, 0]].round() as usize] += 1.0;
    }
    let square = |a: usize, b: usize| (a as f64 - b as f64).powi(2);
    for (first, seconds) in seconds.iter().enumerate() {
        let total: f64 = (0..4).map(|point| square(first, point)).sum();
        let left =
            |second: usize| (0..4).map(|point| square(first, point).min(square(second, point))).sum::<f64>();
        for second in 0..4 {
            // Drawn, and the other draw leaves more, or as much and comes second.
            let chance = |of: usize| square(first, of) / total;
            let better: f64 = (0..4).filter(|&other| left(other) > left(second)).map(chance).sum();
            let equal: f64 = (0..4).filter(|&other| left(other) == left(second)).map(chance).sum();
            let expected = chance(second) * (2.0 * better + equal);
            let found = seconds[second] / seconds.iter().sum::<f64>();
            assert_close(found, expected, 0.02, &format!("{second} after {first}"));
        }
    }
}
