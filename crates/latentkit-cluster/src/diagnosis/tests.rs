use latentkit_table::{ClusterLabels, ExampleKind, Ids, Labels};
use ndarray::Array2;
use serde::Deserialize;

use super::*;
use crate::points::OwnedPoints;
use crate::testing::assert_close;

/// The contingency table of clusters whose points have these counts by label; the labels are named a, b, ...
#[track_caller]
fn with_counts<T>(counts: &[&[u32]], of: impl FnOnce(&Contingency) -> T) -> T {
    let names = (b'a'..=b'z').map(|name| char::from(name).to_string()).collect();
    let mut labels = Labels { codes: Vec::new(), names };
    let mut clusters = Vec::new();
    for (cluster, counts) in (0..).zip(counts) {
        for (label, &count) in (0..).zip(*counts) {
            labels.codes.extend((0..count).map(|_| Some(label)));
            clusters.extend((0..count).map(|_| cluster));
        }
    }
    of(&Contingency::new(&clusters, counts.len(), &labels))
}

fn name(counts: &[u32]) -> String {
    with_counts(&[counts], |counts| cluster_labels(counts, 0).unwrap().name)
}

#[test]
fn a_cluster_is_named_after_its_dominant_labels() {
    assert_eq!(name(&[3, 40, 30, 27]), "b + c + d");
    assert_eq!(name(&[60, 29, 11]), "a", "29 is less than half of 60");
    assert_eq!(name(&[60, 30, 10]), "a + b", "30 is half of 60");
    assert_eq!(name(&[30, 40, 30]), "b + a + c", "of equals the lower label comes first");
    assert_eq!(name(&[0, 7, 0]), "b");
}

#[test]
fn a_name_has_four_labels_at_most_each_of_a_tenth() {
    assert_eq!(name(&[20, 20, 20, 20, 20]), "a + b + c + d");
    assert_eq!(name(&[19, 10, 9, 10, 9, 9, 9, 9, 8, 8]), "a + b + d");
    assert_eq!(name(&[5; 20]), "a + b + c + d", "the most frequent labels always count");
    assert_eq!(name(&[&[6][..], &[5; 19]].concat()), "a");
}

#[test]
fn purity_is_the_share_of_the_most_frequent_label() {
    let found =
        with_counts(&[&[3, 1], &[0, 2]], |counts| [0, 1].map(|cluster| cluster_labels(counts, cluster)));
    let expected =
        [("a", 0.75), ("b", 1.0)].map(|(name, purity)| ClusterLabels { name: name.into(), purity });
    assert_eq!(found.map(Option::unwrap), expected);
}

/// The labels of each pair with its share.
fn pairs(counts: &[&[u32]]) -> Vec<(String, f64)> {
    with_counts(counts, |counts| {
        label_pairs(counts).into_iter().map(|row| (row.first_name + &row.second_name, row.share)).collect()
    })
}

#[test]
fn a_share_is_the_probability_of_one_cluster() {
    // a: 2 and 2, b: 4 and 0, c: 1 and 3 points in the two clusters.
    let found = pairs(&[&[2, 4, 1], &[2, 0, 3]]);
    let expected = [("ab", 8.0 / 16.0), ("ac", 8.0 / 16.0), ("bc", 4.0 / 16.0)];
    assert_eq!(found, expected.map(|(labels, share)| (labels.to_owned(), share)));
}

#[test]
fn the_highest_share_comes_first_and_labels_of_no_point_have_none() {
    let found = pairs(&[&[4, 0, 0, 4], &[0, 0, 5, 0]]);
    let expected = [("ad", 1.0), ("ac", 0.0), ("cd", 0.0)];
    assert_eq!(found, expected.map(|(labels, share)| (labels.to_owned(), share)));
    assert_eq!(pairs(&[&[3], &[4]]), [], "one label makes no pair");
}

/// A clustering of points with ids 90, 80, ... whose distances and silhouettes are these.
fn example_rows(clusters: &[u32], distances: &[f64], silhouettes: &[f32]) -> Vec<ExampleRow> {
    let ids = Ids::U32((0..clusters.len() as u32).map(|point| 1000 - 10 * point).collect());
    let k = clusters.iter().max().unwrap() + 1;
    let silhouettes: Vec<_> = silhouettes.iter().map(|&value| Some(value)).collect();
    examples(
        &ids,
        &Subject { k: k as usize, clusters, distances, silhouettes: &silhouettes },
        None,
        None,
        Cancellation::never(),
    )
    .unwrap()
}

#[test]
fn examples_are_ranked_and_of_equals_the_lower_id_comes_first() {
    let rows = example_rows(&[1, 0, 0, 0], &[0.0, 0.5, 0.25, 0.5], &[0.0, -0.5, 0.75, 0.25]);
    let found: Vec<_> =
        rows.iter().map(|row| (row.cluster, row.kind, row.rank, row.id.number().unwrap())).collect();
    let (near, low) = (ExampleKind::Nearest, ExampleKind::LowestSilhouette);
    let expected = [
        (0, near, 1, 980),
        (0, near, 2, 970),
        (0, near, 3, 990),
        (0, low, 1, 990),
        (0, low, 2, 970),
        (0, low, 3, 980),
        (1, near, 1, 1000),
        (1, low, 1, 1000),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        (rows[0].distance, rows[0].silhouette, rows[0].label_name.as_deref()),
        (0.25, Some(0.75), None)
    );
}

#[test]
fn only_points_of_the_sample_have_a_silhouette() {
    let subject = Subject {
        k: 2,
        clusters: &[0, 0, 1],
        distances: &[0.5, 0.25, 1.0],
        silhouettes: &[None, Some(0.75), None],
    };
    let rows = examples(&Ids::U32(vec![7, 8, 9]), &subject, None, None, Cancellation::never()).unwrap();
    let found: Vec<_> =
        rows.iter().map(|row| (row.cluster, row.kind, row.id.number().unwrap(), row.silhouette)).collect();
    let (near, low) = (ExampleKind::Nearest, ExampleKind::LowestSilhouette);
    let expected =
        [(0, near, 8, Some(0.75)), (0, near, 7, None), (0, low, 8, Some(0.75)), (1, near, 9, None)];
    assert_eq!(found, expected);
    let silhouettes: Vec<_> = clusters(&subject, None).iter().map(|row| row.silhouette).collect();
    assert_eq!(silhouettes, [Some(0.75), None]);
}

#[test]
fn a_cluster_shows_ten_examples_of_a_kind() {
    let values: Vec<f64> = (0..30).map(f64::from).collect();
    let silhouettes: Vec<f32> = (0..30_u8).map(f32::from).collect();
    let rows = example_rows(&[0; 30], &values, &silhouettes);
    assert_eq!(rows.len(), 20);
    assert!(rows.chunks(10).all(|rows| rows.iter().map(|row| row.rank).eq(1..=10)));
}

/// What `tests/fixtures/diagnosis.py` wrote.
#[derive(Deserialize)]
struct Fixture {
    ids: Vec<u32>,
    points: Vec<[f64; 2]>,
    names: Vec<String>,
    labels: Vec<u32>,
    assigned: Vec<u32>,
    silhouettes: Vec<f32>,
    distances: Vec<f64>,
    clusters: Vec<ClusterCase>,
    pairs: Vec<PairCase>,
}

/// What pandas says of a cluster.
#[derive(Deserialize)]
struct ClusterCase {
    size: u32,
    silhouette: f64,
    distance: f64,
    name: String,
    purity: f64,
    nearest: Vec<u32>,
    lowest_silhouette: Vec<u32>,
}

/// The share of a pair of labels, counted point by point.
#[derive(Deserialize)]
struct PairCase {
    labels: [u32; 2],
    share: f64,
}

#[test]
fn everything_agrees_with_pandas_and_scikit_learn() {
    let fixture: Fixture = serde_json::from_str(include_str!("../../tests/fixtures/diagnosis.json")).unwrap();
    let embeddings = Embeddings {
        ids: fixture.ids.into(),
        labels: Some(Labels {
            codes: fixture.labels.into_iter().map(Some).collect(),
            names: fixture.names.clone(),
        }),
        paths: None,
        points: OwnedPoints::from(Array2::from_shape_fn((fixture.points.len(), 2), |(row, axis)| {
            fixture.points[row][axis] as f32
        })),
    };
    let subject = Subject {
        k: fixture.clusters.len(),
        clusters: &fixture.assigned,
        distances: &fixture.distances,
        silhouettes: &fixture.silhouettes.into_iter().map(Some).collect::<Vec<_>>(),
    };
    let found = diagnose(&embeddings, &subject, Cancellation::never()).unwrap();

    assert_eq!(found.clusters.len(), fixture.clusters.len());
    for (row, expected) in found.clusters.iter().zip(&fixture.clusters) {
        assert_eq!(row.size, expected.size);
        assert_close(row.silhouette.unwrap(), expected.silhouette, 1e-7, "silhouette");
        assert_close(row.distance, expected.distance, 1e-12, "distance");
        let labels = row.labels.as_ref().unwrap();
        assert_eq!(labels.name, expected.name);
        assert_close(labels.purity, expected.purity, 1e-12, "purity");
        let ids = |kind| {
            let rows = found.examples.iter().filter(move |example| example.cluster == row.cluster);
            rows.filter(move |example| example.kind == kind)
                .filter_map(|example| example.id.number())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(ExampleKind::Nearest), expected.nearest);
        assert_eq!(ids(ExampleKind::LowestSilhouette), expected.lowest_silhouette);
    }

    let pairs = found.labels.unwrap().pairs;
    assert!(pairs.is_sorted_by(|a, b| a.share >= b.share));
    assert_eq!(pairs.len(), fixture.pairs.len());
    for expected in &fixture.pairs {
        let row = pairs.iter().find(|row| [row.first, row.second] == expected.labels).unwrap();
        assert_close(row.share, expected.share, 1e-12, &format!("{:?}", expected.labels));
        assert_eq!(row.first_name, fixture.names[row.first as usize]);
    }
}
