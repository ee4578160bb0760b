mod preservation;
mod search;

use latentkit_core::Cancellation;
use latentkit_core::summary::LabelAgreement;
use ndarray::Array2;
use serde::Deserialize;

use super::{labels, nearest_neighbours};
use crate::testing::{assert_close, permutation, rng};

/// What `tests/fixtures/neighbours.py` wrote.
#[derive(Deserialize)]
struct Fixture {
    labelled: Vec<Labelled>,
    pictured: Vec<Pictured>,
}

#[derive(Deserialize)]
struct Labelled {
    name: String,
    points: Vec<Vec<f64>>,
    labels: Vec<u32>,
    neighbours: Vec<Vec<usize>>,
    chance: f64,
    figures: Vec<LabelFigure>,
}

#[derive(Deserialize)]
struct LabelFigure {
    k: usize,
    share: f64,
    standard_error: f64,
    knn_accuracy: f64,
}

#[derive(Deserialize)]
struct Pictured {
    name: String,
    images: Vec<Vec<u8>>,
    points: Vec<Vec<f64>>,
    figures: Vec<ImageFigure>,
}

#[derive(Deserialize)]
struct ImageFigure {
    k: usize,
    trustworthiness: f64,
    continuity: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/fixtures/neighbours.json")).unwrap()
}

/// Rows of equal length as an array.
fn table<T: Copy, U>(rows: &[Vec<T>], of: impl Fn(T) -> U) -> Array2<U> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| of(rows[row][column]))
}

/// The points of a case, which are values of f32.
fn points(rows: &[Vec<f64>]) -> Array2<f32> {
    table(rows, |value| value as f32)
}

fn all(count: usize) -> Vec<usize> {
    (0..count).collect()
}

#[test]
fn neighbours_and_their_labels_are_those_of_scikit_learn() {
    let cases = fixture().labelled;
    assert!(cases.len() >= 4);
    for case in cases {
        let (points, queries) = (points(&case.points), all(case.labels.len()));
        let most = case.neighbours[0].len();
        let found = nearest_neighbours(points.view(), &queries, most, Cancellation::never()).unwrap();
        assert_eq!(found, table(&case.neighbours, |point| point), "{}", case.name);
        assert_close(labels::chance(&case.labels), case.chance, 1e-12, &case.name);
        for figure in &case.figures {
            let name = format!("{}, k = {}", case.name, figure.k);
            let found = labels::agreement(found.view(), &queries, &case.labels, figure.k);
            assert_close(found.share, figure.share, 1e-12, &name);
            assert_close(found.standard_error, figure.standard_error, 1e-12, &name);
            assert_close(found.knn_accuracy, figure.knn_accuracy, 1e-12, &name);
        }
    }
}

#[test]
fn one_label_agrees_with_itself() {
    let points = Array2::from_shape_fn((30, 2), |(point, axis)| (point * (axis + 1)) as f32);
    let queries = all(30);
    let found = nearest_neighbours(points.view(), &queries, 10, Cancellation::never()).unwrap();
    for k in [1, 10] {
        let found = labels::agreement(found.view(), &queries, &[3; 30], k);
        assert_eq!(found, LabelAgreement { share: 1.0, standard_error: 0.0, knn_accuracy: 1.0 });
    }
    assert_close(labels::chance(&[3; 30]), 1.0, 0.0, "chance");
    let lone = labels::agreement(found.view(), &queries[..1], &[3; 30], 1);
    assert_eq!(lone, LabelAgreement { share: 1.0, standard_error: 0.0, knn_accuracy: 1.0 });
}

#[test]
fn labels_that_the_points_do_not_know_agree_as_chance_says() {
    let mut rng = rng(7);
    let points = Array2::from_shape_simple_fn((3000, 3), || rand::Rng::r#gen::<f32>(&mut rng));
    // Three labels of 1500, 1000 and 500 points, dealt at random.
    let order = permutation(&mut rng, 3000);
    let codes: Vec<u32> = order.iter().map(|&place| [0, 0, 0, 1, 1, 2][place % 6]).collect();
    let chance = labels::chance(&codes);
    assert_close(chance, 1.0 / 4.0 + 1.0 / 9.0 + 1.0 / 36.0, 1e-12, "chance");
    let queries = all(3000);
    let found = nearest_neighbours(points.view(), &queries, 20, Cancellation::never()).unwrap();
    for k in [1, 5, 20] {
        let found = labels::agreement(found.view(), &queries, &codes, k);
        assert_close(found.share, chance, 5.0 * found.standard_error, "share");
        // Neighbours of a point share neighbours, so the error of independent shares is a little off.
        let expected = (chance * (1.0 - chance) / (3000 * k) as f64).sqrt();
        assert!((0.7..1.9).contains(&(found.standard_error / expected)), "{found:?} {expected}");
    }
}
