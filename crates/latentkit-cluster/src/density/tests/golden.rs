//! What scikit-learn finds.

use serde::Deserialize;

use super::super::dbscan::dbscan_with;
use super::super::hdbscan::hdbscan_with;
use super::*;
use crate::simd::Simd;

/// Points with clusterings of them.
#[derive(Deserialize)]
struct Case {
    name: String,
    scale: f32,
    points: Vec<Vec<i64>>,
    dbscan: Vec<DbscanCase>,
    hdbscan: Vec<HdbscanCase>,
}

#[derive(Deserialize)]
struct DbscanCase {
    radius: f64,
    min_points: usize,
    labels: Vec<i64>,
}

#[derive(Deserialize)]
struct HdbscanCase {
    min_cluster_size: usize,
    min_points: usize,
    labels: Vec<i64>,
    /// Points on which scikit-learn's result depends on the order of the points, each with all labels that it had.
    tied: Vec<Vec<i64>>,
}

impl Case {
    fn points(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.points.len(), self.points[0].len()), |(row, column)| {
            self.points[row][column] as f32 / self.scale
        })
    }
}

/// The cases of `tests/fixtures/density.json`, which `density.py` beside it made.
fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/fixtures/density.json")).unwrap()
}

/// The clusters of scikit-learn's labels, where noise is -1.
fn named(labels: &[i64]) -> DensityClustering {
    DensityClustering::named(&labels.iter().map(|&label| u32::try_from(label).ok()).collect::<Vec<_>>())
}

#[test]
fn dbscan_agrees_with_scikit_learn() {
    let mut compared = 0;
    for case in cases() {
        for expected in &case.dbscan {
            let params = DbscanParams { radius: Some(expected.radius), min_points: expected.min_points };
            for simd in Simd::available() {
                let (found, radius) =
                    dbscan_with(simd, case.points().view(), params, Cancellation::never()).unwrap();
                assert_eq!(found, named(&expected.labels), "{}, {params:?}, {}", case.name, simd.name());
                assert_eq!(radius.to_bits(), expected.radius.to_bits());
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 27, "clusterings in the fixture");
}

#[test]
fn hdbscan_agrees_with_scikit_learn() {
    let (mut compared, mut tied) = (0, 0);
    for case in cases() {
        for expected in &case.hdbscan {
            let params = HdbscanParams {
                min_cluster_size: expected.min_cluster_size,
                min_points: expected.min_points,
            };
            for simd in Simd::available() {
                let found = hdbscan_with(simd, case.points().view(), params, Cancellation::never()).unwrap();
                let what = format!("{}, {params:?}, {}", case.name, simd.name());
                // Tied points take the name that they have here, which has to be noise or one that they had there.
                let mut labels = expected.labels.clone();
                let mut names = std::collections::HashMap::from([(None, -1)]);
                for (point, &label) in labels.iter().enumerate() {
                    if !expected.tied.iter().any(|tied| tied[0] == point as i64) {
                        names.entry(found.clusters[point]).or_insert(label);
                    }
                }
                for tied in &expected.tied {
                    let label = names[&found.clusters[tied[0] as usize]];
                    assert!(label == -1 || tied[1..].contains(&label), "{what}: {tied:?}, {label}");
                    labels[tied[0] as usize] = label;
                }
                assert_eq!(found, named(&labels), "{what}");
            }
            compared += 1;
            tied += expected.tied.len();
        }
    }
    assert_eq!((compared, tied), (43, 16), "clusterings and tied points in the fixture");
}
