#![expect(clippy::float_cmp, reason = "some results are exact")]

use rand::Rng as _;
use serde::Deserialize;

use super::*;
use crate::testing::{assert_close, permutation, random_clusters, rng};

/// The figures of scikit-learn.
#[derive(Deserialize)]
struct Figures {
    accuracy: f64,
    nmi: f64,
    ari: f64,
    ami: f64,
    homogeneity: f64,
    completeness: f64,
    v_measure: f64,
    purity: f64,
}

/// Clusters and labels with their figures.
#[derive(Deserialize)]
struct Case {
    name: String,
    clusters: Vec<u32>,
    labels: Vec<u8>,
    figures: Figures,
}

/// What `tests/fixtures/external.py` wrote.
#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    /// Of the points of [`recurrence`].
    recurrence: Figures,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/external.json")).unwrap()
}

/// The clusters and labels that `recurrence` of `external.py` makes.
fn recurrence(count: usize) -> (Vec<u32>, Vec<u8>) {
    let mut state = 1_u64;
    let mut draw = |below: u64| {
        state = (1_103_515_245 * state + 12_345) % (1 << 31);
        (state >> 16) % below
    };
    (0..count)
        .map(|_| {
            let (cluster, own, other) = (draw(14), draw(3), draw(10));
            (cluster as u32, if own > 0 { (cluster % 10) as u8 } else { other as u8 })
        })
        .unzip()
}

fn of(clusters: &[u32], labels: &[u8]) -> External {
    external_quality(clusters, labels).unwrap()
}

#[track_caller]
fn assert_agrees(found: External, expected: &Figures, name: &str) {
    for (measure, found, expected, tolerance) in [
        ("accuracy", found.accuracy, expected.accuracy, 1e-10),
        ("NMI", found.nmi, expected.nmi, 1e-10),
        ("ARI", found.ari, expected.ari, 1e-10),
        ("AMI", found.ami, expected.ami, 1e-9),
        ("homogeneity", found.homogeneity, expected.homogeneity, 1e-10),
        ("completeness", found.completeness, expected.completeness, 1e-10),
        ("V-measure", found.v_measure, expected.v_measure, 1e-10),
        ("purity", found.purity, expected.purity, 1e-10),
    ] {
        assert_close(found, expected, tolerance, &format!("{name}: {measure}"));
    }
}

/// Equal up to the order of the sums; what is counted in whole numbers is equal.
#[track_caller]
fn assert_same(found: External, expected: External) {
    assert_eq!((found.accuracy, found.ari, found.purity), (expected.accuracy, expected.ari, expected.purity));
    assert_close(found.nmi, expected.nmi, 1e-12, "NMI");
    assert_close(found.ami, expected.ami, 1e-12, "AMI");
    assert_close(found.homogeneity, expected.homogeneity, 1e-12, "homogeneity");
    assert_close(found.completeness, expected.completeness, 1e-12, "completeness");
    assert_close(found.v_measure, expected.v_measure, 1e-12, "V-measure");
}

/// Clusters and labels of random numbers of points and names, every other time with labels that follow the clusters.
fn random_case(index: u64) -> (Vec<u32>, Vec<u8>) {
    let mut rng = rng(index);
    let count = rng.gen_range(2..300);
    let k = rng.gen_range(1..=20_u32.min(count as u32));
    let clusters = random_clusters(&mut rng, count, k);
    let names = rng.gen_range(1..=12);
    let noise = if index.is_multiple_of(2) { 1.0 } else { 0.2 };
    let labels = clusters
        .iter()
        .map(|&cluster| if rng.gen_bool(noise) { rng.gen_range(0..names) } else { cluster as u8 % names })
        .collect();
    (clusters, labels)
}

#[test]
fn agrees_with_scikit_learn() {
    let cases = fixture().cases;
    assert!(cases.len() >= 20);
    for case in cases {
        assert_agrees(of(&case.clusters, &case.labels), &case.figures, &case.name);
    }
}

#[test]
fn agrees_with_scikit_learn_on_many_points() {
    let (clusters, labels) = recurrence(20_000);
    assert_agrees(of(&clusters, &labels), &fixture().recurrence, "recurrence");
}

#[test]
fn the_labels_under_other_names_are_perfect() {
    let one_for_each: Vec<u32> = (0..256).collect();
    let reversed: Vec<u8> = (0..=255).rev().collect();
    for (clusters, labels) in [
        (&[5][..], &[9][..]),
        (&[0, 1], &[1, 0]),
        (&[3, 3, 3], &[0, 0, 0]),
        (&[0, 7, 7, u32::MAX, 0], &[2, 0, 0, 255, 2]),
        (&one_for_each, &reversed),
    ] {
        assert_eq!(of(clusters, labels), PERFECT);
    }
}

#[test]
fn one_cluster_tells_nothing_of_the_labels() {
    let found = of(&[4, 4, 4, 4], &[0, 1, 1, 2]);
    assert_eq!((found.accuracy, found.purity), (0.5, 0.5));
    assert_eq!((found.homogeneity, found.completeness, found.v_measure), (0.0, 1.0, 0.0));
    assert_eq!((found.nmi, found.ari, found.ami), (0.0, 0.0, 0.0));
}

#[test]
fn one_label_is_in_every_cluster() {
    let found = of(&[0, 1, 1, 2], &[4, 4, 4, 4]);
    assert_eq!((found.accuracy, found.purity), (0.5, 1.0));
    assert_eq!((found.homogeneity, found.completeness, found.v_measure), (1.0, 0.0, 0.0));
    assert_eq!((found.nmi, found.ari, found.ami), (0.0, 0.0, 0.0));
}

#[test]
fn clusters_of_one_point_are_pure_and_no_better_than_chance() {
    let clusters: Vec<u32> = (0..40).collect();
    let labels: Vec<u8> = (0..40).map(|point| point % 4).collect();
    let found = of(&clusters, &labels);
    assert_eq!((found.accuracy, found.purity, found.homogeneity), (0.1, 1.0, 1.0));
    assert_eq!(found.ari, 0.0);
    assert_close(found.ami, 0.0, 1e-12, "AMI");
}

#[test]
fn disagreement_is_worse_than_chance() {
    let found = of(&[0, 0, 1, 1], &[0, 1, 0, 1]);
    assert_eq!((found.ari, found.nmi), (-0.5, 0.0));
    assert!(found.ami < 0.0, "found {}", found.ami);
}

#[test]
fn the_rand_index_keeps_its_digits_at_five_million_points() {
    // Two halves each, of which one point in five million has changed sides.
    let count = 5_000_000;
    let clusters: Vec<u32> = (0..count).map(|point| u32::from(point >= count / 2)).collect();
    let labels: Vec<u8> = (0..count).map(|point| u8::from(point > count / 2)).collect();
    let found = of(&clusters, &labels);
    // The point of n leaves h - 1 others and meets h, so that M - R = (2h - 1) / 2.
    let (n, h) = (f64::from(count), f64::from(count / 2));
    let pairs = n * (n - 1.0) / 2.0;
    let in_clusters = h * (h - 1.0);
    let in_labels = h * (h + 1.0) / 2.0 + (h - 1.0) * (h - 2.0) / 2.0;
    let lost = (2.0 * h - 1.0) / (in_clusters + in_labels - 2.0 * in_clusters * in_labels / pairs);
    assert_close(found.ari, 1.0 - lost, 1e-15, "ARI");
    assert_eq!(found.accuracy, 1.0 - 1.0 / n);
    assert!(found.ami > 0.999_99 && found.ami < 1.0, "found {}", found.ami);
}

#[test]
fn other_names_change_nothing() {
    for index in 0..60 {
        let (clusters, labels) = random_case(index);
        let mut rng = rng(1000 + index);
        let (of_clusters, of_labels) = (permutation(&mut rng, 20), permutation(&mut rng, 256));
        let renamed: Vec<u32> =
            clusters.iter().map(|&cluster| of_clusters[cluster as usize] as u32 * 1000).collect();
        let relabelled: Vec<u8> = labels.iter().map(|&label| of_labels[label as usize] as u8).collect();
        assert_same(of(&renamed, &relabelled), of(&clusters, &labels));
    }
}

#[test]
fn another_order_of_the_points_changes_nothing() {
    for index in 0..60 {
        let (clusters, labels) = random_case(index);
        let order = permutation(&mut rng(2000 + index), clusters.len());
        let moved: Vec<u32> = order.iter().map(|&point| clusters[point]).collect();
        let moved_labels: Vec<u8> = order.iter().map(|&point| labels[point]).collect();
        assert_same(of(&moved, &moved_labels), of(&clusters, &labels));
    }
}

#[test]
fn exchanging_clusters_and_labels_exchanges_homogeneity_and_completeness() {
    for index in 0..60 {
        let (clusters, labels) = random_case(index);
        let found = of(&clusters, &labels);
        let as_labels: Vec<u8> = clusters.iter().map(|&cluster| cluster as u8).collect();
        let as_clusters: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
        let exchanged = of(&as_clusters, &as_labels);
        let expected = External {
            homogeneity: found.completeness,
            completeness: found.homogeneity,
            purity: exchanged.purity,
            ..found
        };
        assert_same(exchanged, expected);
    }
}

#[test]
fn every_measure_is_in_its_range() {
    for index in 0..200 {
        let (clusters, labels) = random_case(index);
        let found = of(&clusters, &labels);
        for value in [found.nmi, found.homogeneity, found.completeness, found.v_measure] {
            assert!((0.0..=1.0).contains(&value), "{found:?}");
        }
        assert!(found.accuracy > 0.0 && found.accuracy <= found.purity && found.purity <= 1.0, "{found:?}");
        assert!((-0.5..=1.0).contains(&found.ari), "{found:?}");
        assert!((-1.0..=1.0).contains(&found.ami), "{found:?}");
        assert_close(found.nmi, found.v_measure, 1e-12, "NMI and V-measure");
    }
}

#[test]
fn chance_alone_scores_about_zero_when_adjusted() {
    let mut rng = rng(3000);
    let (mut ari, mut ami) = (0.0, 0.0);
    for _ in 0..200 {
        let clusters = random_clusters(&mut rng, 100, 10);
        let labels: Vec<u8> = (0..100).map(|_| rng.gen_range(0..10)).collect();
        let found = of(&clusters, &labels);
        assert!(found.nmi > 0.1, "{found:?}");
        (ari, ami) = (ari + found.ari / 200.0, ami + found.ami / 200.0);
    }
    assert_close(ari, 0.0, 0.01, "mean ARI");
    assert_close(ami, 0.0, 0.01, "mean AMI");
}

#[test]
fn the_points_of_both_must_be_the_same() {
    let error = external_quality(&[0, 1, 1], &[0, 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot compare clusters with the labels of other points\n  expected: the labels of 3 points\n  \
         found: those of 2"
    );
    let error = external_quality::<u32>(&[], &[]).unwrap_err();
    assert_eq!(error.to_string(), "cannot compare the clusters and the labels of no points");
}
