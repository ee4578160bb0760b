//! The stage from file to files.

#![expect(clippy::float_cmp, reason = "figures of one run are the same wherever they are written")]

use std::path::Path;
use std::sync::atomic::AtomicBool;

use latentkit_cluster::config::{ClusterConfig, ClusterEngine, Criteria, KSweep, Method, Methods, Scaling};
use latentkit_cluster::{Source, external_quality, nearest_neighbours, preservation, run, silhouette};
use latentkit_core::capture::{self, Level, Reported};
use latentkit_core::config::{AtLeastTwo, Count, NonNegativeInt, Positive};
use latentkit_core::layout::{
    ASSIGNMENTS, CENTROIDS, CLUSTERS, CONTINGENCY, DENSITY, EXAMPLES, LABEL_PAIRS, NEIGHBOURS, PROJECTION,
    SWEEP,
};
use latentkit_core::rng::generator;
use latentkit_core::summary::ClusterSummary;
use latentkit_core::{Cancellation, ErrorKind, ImageShape, Result};
use latentkit_table::{
    Centroids, ClusterLabels, Columns, Dataset, ExampleKind, Ids, Labels, Latents, Metadata, Part, Split,
    SweepRow, read_assignments, read_centroids, read_clusters, read_contingency, read_examples,
    read_label_pairs, read_neighbours, read_projection, read_sweep, write_centroids, write_dataset,
    write_latents,
};
use ndarray::{Array2, ArrayView1, array};
use rand::Rng as _;
use toml::Table;

const POINTS: usize = 120;

/// Every table of labelled points.
const TABLES: [&str; 9] =
    [SWEEP, ASSIGNMENTS, CENTROIDS, CLUSTERS, EXAMPLES, CONTINGENCY, LABEL_PAIRS, NEIGHBOURS, PROJECTION];

/// Three blobs, the label of each point that of its blob.
fn latents() -> Latents {
    let mut rng = generator(1, "test", 0);
    Latents {
        splits: vec![Split::Train; POINTS],
        labels: Labels::complete(
            (0..POINTS).map(|point| (point % 3) as u32),
            vec!["zero".into(), "one".into(), "two".into()],
        ),
        paths: None,
        values: Array2::from_shape_fn((POINTS, 2), |(point, axis)| {
            (point % 3) as f32 * [5.0, -9.0][axis] + rng.r#gen::<f32>()
        }),
        reconstruction_bce: vec![0.1; POINTS],
        reconstruction_mse: vec![0.01; POINTS],
    }
}

fn config(ks: &[u32]) -> ClusterConfig {
    ClusterConfig {
        seeds: Count::new(2).unwrap(),
        restarts: Count::new(5).unwrap(),
        max_iterations: Count::new(100).unwrap(),
        tolerance: Positive::new(1e-4).unwrap(),
        ..ClusterConfig::with_k(KSweep::new(ks.to_vec()).unwrap())
    }
}

fn methods_of(names: &[&str]) -> Methods {
    Methods::new(names.iter().map(|name| Method::named(name).unwrap()).collect()).unwrap()
}

/// Columns of the usual names.
const USUAL: Columns = Columns { column: None, label_column: None, id_column: None, noise_label: None };

fn source(file: &Path) -> Source<'static> {
    let parts = Box::leak(Box::new([Part::file(file)])); // a test is short
    Source { parts, columns: &USUAL, images: None }
}

fn mean_silhouette(row: &SweepRow) -> f64 {
    row.silhouette.unwrap().mean
}

/// The rows of every k of K-Means, those of one after those of the one before.
#[derive(Clone, Debug, Default, PartialEq)]
struct AllAssignments {
    ids: Vec<u32>,
    k: Vec<u32>,
    clusters: Vec<u32>,
    silhouettes: Vec<f32>,
    distances: Vec<f32>,
}

fn all_assignments(folder: &Path) -> AllAssignments {
    let mut all = AllAssignments::default();
    let mut ks: Vec<u32> = read_sweep(&folder.join(SWEEP)).unwrap().iter().map(|row| row.k).collect();
    ks.sort_unstable();
    ks.dedup();
    for k in ks {
        let found = read_assignments(&folder.join(ASSIGNMENTS), "k-means", k).unwrap().unwrap();
        all.k.extend(std::iter::repeat_n(k, found.ids.len()));
        all.ids.extend(found.ids.numbers().unwrap());
        all.clusters.extend(found.clusters.into_iter().map(Option::unwrap));
        all.silhouettes.extend(found.silhouettes.into_iter().map(Option::unwrap));
        all.distances.extend(found.distances.into_iter().map(Option::unwrap));
    }
    all
}

/// Writes the latents and clusters them; returns also what was reported.
fn cluster(folder: &Path, ks: &[u32]) -> (Result<ClusterSummary>, Vec<Reported>) {
    cluster_latents(folder, ks, &latents())
}

fn cluster_latents(folder: &Path, ks: &[u32], latents: &Latents) -> (Result<ClusterSummary>, Vec<Reported>) {
    let file = folder.join("latents.parquet");
    write_latents(&file, latents, &Metadata::new()).unwrap();
    capture::events(|| run(&config(ks), &Table::new(), 42, source(&file), folder, Cancellation::never()))
}

#[test]
fn writes_tables_that_agree_with_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, events) = cluster(folder.path(), &[2, 3, 4, 5]);
    let summary = summary.unwrap();
    assert_eq!((summary.points, summary.dimensions), (POINTS, 2));
    assert_eq!((summary.best_k, summary.best_at_edge), (3, false));
    assert!(summary.best_silhouette() > 0.9);

    let mut sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    let found: Vec<_> = sweep.iter().map(|row| (row.seed, row.k)).collect();
    assert_eq!(found, [(42, 2), (42, 3), (42, 4), (42, 5), (43, 2), (43, 3), (43, 4), (43, 5)]);
    assert!(sweep.iter().all(|row| row.method == "k-means"));
    let clustered = events.iter().map(|event| &event.fields).filter(|fields| fields.contains_key("k"));
    let clustered: Vec<_> =
        clustered.map(|fields| ["k", "done", "total", "inertia"].map(|key| fields[key].clone())).collect();
    let expected: Vec<[serde_json::Value; 4]> = (1..)
        .zip(&sweep)
        .map(|(done, row)| [row.k.into(), done.into(), 8.into(), row.inertia.into()])
        .collect();
    assert_eq!(clustered, expected);
    let other = sweep.split_off(4);
    assert_eq!(summary.seeds, [42, 43]);
    for ((figure, row), other) in summary.sweep.iter().zip(&sweep).zip(&other) {
        assert_eq!(figure.inertia, row.inertia);
        let (own, other) = (mean_silhouette(row), mean_silhouette(other));
        assert_eq!(figure.silhouette.low(), own.min(other));
        assert_eq!(figure.silhouette.high(), own.max(other));
        assert!((figure.silhouette.mean() - f64::midpoint(own, other)).abs() < 1e-12);
    }
    assert!(sweep.is_sorted_by(|a, b| a.inertia > b.inertia));

    let assignments = all_assignments(folder.path());
    assert_eq!(assignments.ids.len(), 4 * POINTS);
    let values = latents().values;
    for (index, row) in sweep.iter().enumerate() {
        let rows = index * POINTS..(index + 1) * POINTS;
        assert!(assignments.ids[rows.clone()].iter().copied().eq(0..POINTS as u32));
        assert!(assignments.k[rows.clone()].iter().all(|&k| k == row.k));
        let clusters = &assignments.clusters[rows.clone()];
        let found = silhouette(values.view(), &[clusters], Cancellation::never()).unwrap().remove(0);
        assert!((found.mean - mean_silhouette(row)).abs() < 1e-6);
        for (found, &written) in found.points.iter().zip(&assignments.silhouettes[rows.clone()]) {
            assert!((*found as f32 - written).abs() < 1e-6);
        }
        let inertia: f64 = assignments.distances[rows].iter().map(|&value| f64::from(value).powi(2)).sum();
        assert!((inertia - row.inertia).abs() < 1e-5 * row.inertia);
    }

    let contingency = read_contingency(&folder.path().join(CONTINGENCY)).unwrap();
    let found: Vec<_> = contingency.iter().map(|row| (row.cluster, row.label, row.count)).collect();
    let expected: Vec<_> = (0..3)
        .flat_map(|cluster| (0..3).map(move |label| (cluster, label, 40 * u32::from(cluster == label))))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(contingency[1].label_name, "one");

    let plain: Vec<_> = events.iter().filter(|event| event.fields.is_empty()).cloned().collect();
    let messages = capture::texts(Level::INFO, &plain);
    assert!(matches!(&messages[..], [time, verdict, neighbours]
            if time.starts_with("120 points of 2 dimensions: k-means for 4 values of k and 2 seeds")
            && *verdict == summary.verdict.sentence
            && neighbours.starts_with("neighbours of 120 points in ")));
    assert_eq!(summary.verdict.k, Some(3), "{}", summary.verdict.sentence);
    let suggested: Vec<_> =
        summary.criteria.iter().map(|figure| (figure.criterion.as_str(), figure.k)).collect();
    let all = ["silhouette", "calinski_harabasz", "davies_bouldin", "gap", "bic", "stability"];
    assert_eq!(suggested, all.map(|name| (name, Some(3))));
    assert_eq!(capture::texts(Level::WARN, &events), [""; 0]);
}

/// The Euclidean distance between a point and a centroid.
fn distance(point: ArrayView1<'_, f32>, centroid: ArrayView1<'_, f64>) -> f64 {
    point.iter().zip(centroid).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn the_centroids_are_those_of_every_assignment() {
    let folder = tempfile::tempdir().unwrap();
    cluster(folder.path(), &[2, 3, 5]).0.unwrap();
    let centroids = read_centroids(&folder.path().join(CENTROIDS)).unwrap();
    assert_eq!(centroids.k, [2, 2, 3, 3, 3, 5, 5, 5, 5, 5]);
    assert_eq!(centroids.clusters, [0, 1, 0, 1, 2, 0, 1, 2, 3, 4]);
    let assignments = all_assignments(folder.path());
    let values = latents().values;
    for row in 0..assignments.ids.len() {
        let centroids = centroids.of(assignments.k[row]);
        let point = values.row(assignments.ids[row] as usize);
        let found = distance(point, centroids.row(assignments.clusters[row] as usize));
        assert!((found - f64::from(assignments.distances[row])).abs() < 1e-6);
    }
}

#[test]
fn the_clusters_of_the_best_k_are_diagnosed() {
    let folder = tempfile::tempdir().unwrap();
    let mut latents = latents();
    latents.labels.codes[0] = Some(1); // of blob 0
    let summary = cluster_latents(folder.path(), &[2, 3, 4, 5], &latents).0.unwrap();
    assert_eq!((summary.best_k, summary.ties.len(), summary.flat), (3, 0, false));
    let assignments = all_assignments(folder.path());
    let best = POINTS..2 * POINTS; // k = 3
    let (of, silhouettes, distances) = (
        &assignments.clusters[best.clone()],
        &assignments.silhouettes[best.clone()],
        &assignments.distances[best],
    );

    let clusters = read_clusters(&folder.path().join(CLUSTERS)).unwrap();
    let labels = [("zero", 39.0 / 40.0), ("one", 1.0), ("two", 1.0)];
    for (cluster, (row, (name, purity))) in (0..).zip(clusters.iter().zip(labels)) {
        let mean = |values: &[f32]| {
            let own = values.iter().zip(of).filter(|&(_, &of)| of == cluster);
            own.map(|(&value, _)| f64::from(value)).sum::<f64>() / 40.0
        };
        assert_eq!((row.cluster, row.size), (cluster, 40));
        assert!((row.silhouette.unwrap() - mean(silhouettes)).abs() < 1e-6);
        assert!((row.distance - mean(distances)).abs() < 1e-6);
        assert_eq!(row.labels, Some(ClusterLabels { name: name.into(), purity }));
    }

    let examples = read_examples(&folder.path().join(EXAMPLES)).unwrap();
    assert_eq!(examples.len(), 3 * 2 * 10);
    for (index, row) in examples.iter().enumerate() {
        let kind = [ExampleKind::Nearest, ExampleKind::LowestSilhouette][index / 10 % 2];
        assert_eq!((row.cluster as usize, row.kind, row.rank as usize), (index / 20, kind, index % 10 + 1));
        let point = row.id.number().unwrap() as usize;
        assert_eq!((of[point], distances[point]), (row.cluster, row.distance));
        assert_eq!(Some(silhouettes[point]), row.silhouette);
        assert_eq!(row.label_name.as_deref(), latents.labels.name(point));
        // As many points of the cluster come before it as its rank says.
        let before = (0..POINTS).filter(|&other| match (of[other] == row.cluster, kind) {
            (false, _) => false,
            (_, ExampleKind::Nearest) => (distances[other], other) < (row.distance, point),
            (_, ExampleKind::LowestSilhouette) => {
                (silhouettes[other], other) < (row.silhouette.unwrap(), point)
            }
        });
        assert_eq!(before.count() + 1, row.rank as usize);
    }
}

#[test]
fn the_label_pairs_are_in_the_table_and_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let mut latents = latents();
    latents.labels.codes[0] = Some(1); // of blob 0
    let summary = cluster_latents(folder.path(), &[3], &latents).0.unwrap();
    let pairs = read_label_pairs(&folder.path().join(LABEL_PAIRS)).unwrap();
    let found: Vec<_> = pairs.iter().map(|row| (row.first, row.second, row.share)).collect();
    assert_eq!(found, [(0, 1, 39.0 / (39.0 * 41.0)), (0, 2, 0.0), (1, 2, 0.0)]);
    for (pair, row) in summary.label_pairs.iter().zip(&pairs) {
        assert_eq!(
            (&pair.labels, pair.share),
            (&[row.first_name.clone(), row.second_name.clone()], row.share)
        );
    }
    assert_eq!(summary.label_pairs.len(), 3);

    let names = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec();
    latents.labels = Labels::complete((0..POINTS).map(|point| (point % 6) as u32), names);
    let summary = cluster_latents(folder.path(), &[3], &latents).0.unwrap();
    let pairs = read_label_pairs(&folder.path().join(LABEL_PAIRS)).unwrap();
    assert_eq!((pairs.len(), summary.label_pairs.len()), (15, 10));
    assert_eq!(summary.label_pairs[2].labels, ["c", "f"]);

    latents.labels.codes.fill(Some(4));
    let summary = cluster_latents(folder.path(), &[3], &latents).0.unwrap();
    assert_eq!(read_label_pairs(&folder.path().join(LABEL_PAIRS)).unwrap(), []);
    assert_eq!(summary.label_pairs, []);
}

#[test]
fn points_without_labels_have_no_table_of_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.parquet");
    // A table of centroids is one of points without ids and labels.
    let values = array![[1.0], [2.0], [3.0], [10.0], [11.0], [12.0]];
    write_centroids(&file, &Centroids { k: vec![6; 6], clusters: vec![0; 6], values }, &Metadata::new())
        .unwrap();
    let summary =
        run(&config(&[2]), &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
    assert_eq!(summary.label_pairs, []);
    for table in TABLES {
        assert_eq!(
            folder.path().join(table).exists(),
            ![CONTINGENCY, LABEL_PAIRS, NEIGHBOURS].contains(&table),
            "{table}"
        );
    }
    assert!(read_clusters(&folder.path().join(CLUSTERS)).unwrap().iter().all(|row| row.labels.is_none()));
    let examples = read_examples(&folder.path().join(EXAMPLES)).unwrap();
    assert!(examples.iter().all(|row| row.label_name.is_none()));
    assert!(read_sweep(&folder.path().join(SWEEP)).unwrap().iter().all(|row| row.external.is_none()));
    let projection = read_projection(&folder.path().join(PROJECTION)).unwrap();
    assert_eq!(projection.ids, Ids::numbered(6));
    assert_eq!(projection.pc1, [-5.5, -4.5, -3.5, 3.5, 4.5, 5.5]);
    assert_eq!(projection.pc2, [0.0; 6]);
    assert_eq!(summary.explained_variance, [1.0, 0.0]);
    assert_eq!(read_centroids(&folder.path().join(CENTROIDS)).unwrap().values, array![[2.0], [11.0]]);
}

#[test]
fn an_offset_of_columns_of_f64_changes_nothing_but_the_centroids() {
    let mut rng = generator(2, "test", 0);
    let points = Array2::from_shape_fn((60, 2), |(point, axis)| {
        ((point % 3) as f64 * [4.0, -3.0][axis] + rng.r#gen::<f64>()) * 1e-3
    });
    // f32 would hold one or two different numbers in each of these columns.
    let offset = array![1e4, -1e4];
    let cluster = |values: Array2<f64>| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("points.parquet");
        let table = Centroids { k: vec![60; 60], clusters: vec![0; 60], values };
        write_centroids(&file, &table, &Metadata::new()).unwrap();
        let summary =
            run(&config(&[2, 3, 4]), &Table::new(), 42, source(&file), folder.path(), Cancellation::never())
                .unwrap();
        (summary, read_centroids(&folder.path().join(CENTROIDS)).unwrap().values)
    };
    let (near, near_centroids) = cluster(points.clone());
    let (far, far_centroids) = cluster(&points + &offset);
    assert_eq!(far.best_k, 3);
    for (near, far) in near.sweep.iter().zip(&far.sweep) {
        assert!((near.silhouette.mean() - far.silhouette.mean()).abs() < 1e-6, "{near:?} {far:?}");
        assert!((near.inertia - far.inertia).abs() < 1e-6 * near.inertia, "{near:?} {far:?}");
    }
    for (near, far) in near_centroids.rows().into_iter().zip(far_centroids.rows()) {
        assert!((&far - &offset - near).iter().all(|difference| difference.abs() < 1e-9), "{near} {far}");
    }
}

/// The mean silhouette by its definition, in f64.
fn defined_silhouette(points: &Array2<f64>, clusters: &[u32]) -> f64 {
    let k = clusters.iter().max().unwrap() + 1;
    let size = |cluster: u32| clusters.iter().filter(|&&other| other == cluster).count() as f64;
    let distance = |a: usize, b: usize| {
        let apart = &points.row(a) - &points.row(b);
        let largest = apart.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if largest > 0.0 { largest * apart.mapv(|value| (value / largest).powi(2)).sum().sqrt() } else { 0.0 }
    };
    let of = |point: usize| {
        let own = clusters[point];
        if size(own) < 2.0 {
            return 0.0;
        }
        let total = |cluster: u32| {
            (0..clusters.len()).filter(|&b| clusters[b] == cluster).map(|b| distance(point, b)).sum::<f64>()
        };
        let a = total(own) / (size(own) - 1.0);
        let others = (0..k).filter(|&cluster| cluster != own).map(|cluster| total(cluster) / size(cluster));
        let b = others.fold(f64::INFINITY, f64::min);
        (b - a) / a.max(b)
    };
    (0..clusters.len()).map(of).sum::<f64>() / clusters.len() as f64
}

#[test]
fn the_size_of_the_numbers_and_where_they_lie_change_nothing() {
    let mut rng = generator(2, "test", 1);
    let near = Array2::from_shape_fn((60, 2), |(point, axis)| {
        (point % 3) as f64 * [4.0, -3.0][axis] + rng.r#gen::<f64>()
    });
    let mut outlier = near.clone();
    outlier[[0, 0]] = 1e10;
    let mut norms = near.mapv(|value| value + 1.0);
    for (row, mut point) in norms.rows_mut().into_iter().enumerate() {
        point *= 10.0_f64.powi(row as i32 % 12 - 9);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.parquet");
    let cluster = |values: &Array2<f64>, scaling: Scaling| {
        let table = Centroids { k: vec![60; 60], clusters: vec![0; 60], values: values.clone() };
        write_centroids(&file, &table, &Metadata::new()).unwrap();
        let config = ClusterConfig { scaling, ..config(&[2, 3, 4]) };
        run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap()
    };
    let expected = cluster(&near, Scaling::None);
    for (name, values, scale) in [
        ("as f32", near.mapv(|value| f64::from(value as f32)), 1.0),
        ("shifted", near.mapv(|value| value + 1e6), 1.0),
        ("small", near.mapv(|value| value * 1e-30), 1e-30),
        ("large", near.mapv(|value| value * 1e30), 1e30),
    ] {
        let found = cluster(&values, Scaling::None);
        for (found, expected) in found.sweep.iter().zip(&expected.sweep) {
            let apart = found.silhouette.mean() - expected.silhouette.mean();
            assert!(apart.abs() < 1e-6, "{name}: {found:?} {expected:?}");
            let ratio = found.inertia / scale / scale / expected.inertia;
            assert!((ratio - 1.0).abs() < 1e-5, "{name}: {found:?} {expected:?}");
        }
        assert_eq!((found.best_k, &found.verdict), (expected.best_k, &expected.verdict), "{name}");
        assert_eq!(found.neighbours.unwrap().duplicates, 0, "{name}");
    }
    for (name, values, scaling) in
        [("an outlier", &outlier, Scaling::None), ("norms of all sizes", &norms, Scaling::UnitLength)]
    {
        let found = cluster(values, scaling);
        let scaled = match scaling {
            Scaling::UnitLength => {
                let mut scaled = values.clone();
                for mut point in scaled.rows_mut() {
                    let norm = point.dot(&point).sqrt();
                    point /= norm;
                }
                scaled
            }
            _ => values.clone(),
        };
        for row in &found.sweep {
            let path = folder.path().join(ASSIGNMENTS);
            let table = latentkit_table::read_assignments(&path, "k-means", row.k as u32).unwrap().unwrap();
            let clusters: Vec<u32> = table.clusters.into_iter().map(Option::unwrap).collect();
            let by_definition = defined_silhouette(&scaled, &clusters);
            assert!(
                (row.silhouette.mean() - by_definition).abs() < 1e-6,
                "{name}: {row:?}, not {by_definition}"
            );
        }
    }
}

#[test]
fn sampled_silhouettes_go_by_another_name_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let exact =
        run(&config(&[2, 3, 4]), &Table::new(), 42, source(&file), folder.path(), Cancellation::never())
            .unwrap();
    let config = ClusterConfig {
        exact_silhouette_points: NonNegativeInt::new(POINTS as u32 - 1).unwrap(),
        sample_size: AtLeastTwo::new(40).unwrap(),
        ..config(&[2, 3, 4])
    };
    let summary =
        run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
    assert_eq!((summary.silhouette_sample, summary.best_k), (Some(40), 3));
    assert_eq!(summary.criteria[0].criterion, "silhouette_sampled");
    let json = serde_json::to_string(&summary).unwrap();
    assert!(json.contains("\"silhouette_sampled\":") && !json.contains("\"silhouette\""), "{json}");
    assert_eq!(serde_json::from_str::<ClusterSummary>(&json).unwrap(), summary);
    for (sampled, exact) in summary.sweep.iter().zip(&exact.sweep) {
        let (low, high) = (sampled.silhouette.low(), sampled.silhouette.high());
        let room = 0.05;
        assert!((low - room..high + room).contains(&exact.silhouette.mean()), "{sampled:?} {exact:?}");
        assert!(low < sampled.silhouette.mean() && sampled.silhouette.mean() < high);
    }
    let rows = read_sweep(&folder.path().join(SWEEP)).unwrap();
    assert!(rows.iter().all(|row| row.silhouette.unwrap().interval.is_some()));
    for table in [SWEEP, ASSIGNMENTS, CLUSTERS, EXAMPLES] {
        let bytes = fs_err::read(folder.path().join(table)).unwrap();
        let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        assert!(holds(b"silhouette_sampled"), "{table}");
    }
    let assigned = read_assignments(&folder.path().join(ASSIGNMENTS), "k-means", 3).unwrap().unwrap();
    assert_eq!(assigned.silhouettes.iter().flatten().count(), 40);
    let lowest = read_examples(&folder.path().join(EXAMPLES)).unwrap();
    let mut lowest = lowest.iter().filter(|row| row.kind == ExampleKind::LowestSilhouette);
    assert!(lowest.all(|row| row.silhouette.is_some()));
}

#[test]
fn centroids_are_in_the_coordinates_of_the_table_however_points_were_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let values = latents().values;
    for scaling in [Scaling::None, Scaling::Standardize, Scaling::UnitLength] {
        let config = ClusterConfig { scaling, ..config(&[3]) };
        let summary =
            run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
        assert_eq!(summary.scaling, scaling.name());
        let assignments = all_assignments(folder.path());
        let centroids = read_centroids(&folder.path().join(CENTROIDS)).unwrap().values;
        for (cluster, centroid) in centroids.rows().into_iter().enumerate() {
            let members: Vec<usize> =
                (0..POINTS).filter(|&point| assignments.clusters[point] as usize == cluster).collect();
            for (axis, &found) in centroid.iter().enumerate() {
                let sum: f64 = members.iter().map(|&point| f64::from(values[[point, axis]])).sum();
                let mean = sum / members.len() as f64;
                assert!((found - mean).abs() < 1e-5, "{scaling:?}: {found} {mean}");
            }
        }
    }
}

#[test]
fn scaling_decides_which_column_counts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.parquet");
    // The first column holds two groups, the second is wide noise.
    let values = Array2::from_shape_fn((60, 2), |(point, axis)| {
        if axis == 0 {
            (point % 2) as f64 + 0.001 * (point % 7) as f64
        } else {
            (point * 37 % 60) as f64 * 10.0
        }
    });
    let table = Centroids { k: vec![60; 60], clusters: vec![0; 60], values };
    write_centroids(&file, &table, &Metadata::new()).unwrap();
    let groups = |scaling| {
        let config = ClusterConfig { scaling, ..config(&[2]) };
        run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
        let clusters = all_assignments(folder.path()).clusters;
        (0..60).all(|point| clusters[point] == clusters[point % 2]) && clusters[0] != clusters[1]
    };
    assert!(!groups(Scaling::None));
    assert!(groups(Scaling::Standardize));
}

/// What this config makes of the three blobs, in `folder`.
fn cluster_with(folder: &Path, config: &ClusterConfig) -> Result<ClusterSummary> {
    cluster_with_tables(folder, config, &Table::new())
}

/// The same where methods have keys of their own.
fn cluster_with_tables(folder: &Path, config: &ClusterConfig, tables: &Table) -> Result<ClusterSummary> {
    let file = folder.join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    run(config, tables, 42, source(&file), folder, Cancellation::never())
}

#[test]
fn every_method_finds_the_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let methods = ["gaussian-mixture", "k-means", "dbscan", "hdbscan"];
    // The blobs have sides of 1 and lie 10 apart.
    let tables: Table = toml::from_str("dbscan = { radius = 1.0 }").unwrap();
    let config = ClusterConfig { method: methods_of(&methods), ..config(&[2, 3, 4]) };
    let summary = cluster_with_tables(folder.path(), &config, &tables).unwrap();
    assert_eq!(summary.density[0].radius, Some(1.0));
    assert_eq!((summary.method.as_str(), summary.best_k), ("gaussian-mixture", 3));
    let rows = read_sweep(&folder.path().join(SWEEP)).unwrap();
    assert_eq!(rows.len(), 2 * 2 * 3, "methods, seeds and k");
    let of = |method: &str| rows.iter().filter(move |row| row.method == method).collect::<Vec<_>>();
    let (mixture, kmeans) = (of("gaussian-mixture"), of("k-means"));
    assert!(mixture.iter().all(|row| row.criterion("aic").is_some() && row.criterion("bic").is_some()));
    assert!(kmeans.iter().all(|row| row.criterion("aic").is_none() && row.criterion("bic").is_some()));
    let ari = |rows: &[&SweepRow]| rows.iter().find(|row| row.k == 3).unwrap().external.unwrap().ari;
    assert_eq!((ari(&mixture), ari(&kmeans)), (1.0, 1.0));

    let suggested: Vec<_> = summary.criteria.iter().map(|figure| figure.method.as_str()).collect();
    assert_eq!(suggested[..5], ["gaussian-mixture"; 5]);
    assert_eq!(suggested[5..], ["k-means"; 6]);
    assert_eq!(summary.verdict.asked, 4, "the verdict is about the first method, and AIC has no vote");
    // What is defined for one cluster has a value for it, too.
    for figure in &summary.criteria {
        let one = ["gap", "bic", "aic"].contains(&figure.criterion.as_str());
        let first = figure.values[0].k;
        assert_eq!(first, if one { 1 } else { 2 }, "{} of {}", figure.criterion, figure.method);
    }

    let found: Vec<_> = summary.density.iter().map(|found| (found.method.as_str(), found.clusters)).collect();
    assert_eq!(found, [("dbscan", 3), ("hdbscan", 3)]);
    for figure in &summary.density {
        let path = folder.path().join(ASSIGNMENTS);
        let table = read_assignments(&path, &figure.method, figure.clusters as u32).unwrap().unwrap();
        let noise = table.clusters.iter().filter(|cluster| cluster.is_none()).count();
        assert_eq!(noise, figure.noise, "{}", figure.method);
        for point in 0..POINTS {
            // A point and the next one of the same blob.
            let pair = [table.clusters[point], table.clusters[(point + 3) % POINTS]];
            assert!(pair[0] == pair[1] || pair.contains(&None), "{}: point {point}", figure.method);
            let known = [table.silhouettes[point].is_some(), table.distances[point].is_some()];
            assert_eq!(known, [pair[0].is_some(); 2]);
        }
    }
    assert!(folder.path().join(DENSITY).exists());
}

/// Two Gaussians, the second much wider and around the first, so that the points of a component are not all its own.
fn nested() -> Latents {
    let mut rng = generator(8, "test", 0);
    let mut values = Array2::zeros((POINTS, 2));
    for (point, mut row) in values.rows_mut().into_iter().enumerate() {
        let wide = if point % 3 == 0 { 12.0 } else { 1.0 };
        row.mapv_inplace(|_: f32| wide * ((0..12).map(|_| rng.r#gen::<f32>()).sum::<f32>() - 6.0));
        row[0] += wide;
    }
    Latents { values, ..latents() }
}

#[test]
fn the_criteria_of_mixtures_are_about_the_means_of_their_clusters() {
    let folder = tempfile::tempdir().unwrap();
    let (file, latents) = (folder.path().join("latents.parquet"), nested());
    write_latents(&file, &latents, &Metadata::new()).unwrap();
    let method = methods_of(&["gaussian-mixture"]);
    let config = ClusterConfig { method, ..config(&[2, 3]) };
    run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
    let centroids = read_centroids(&folder.path().join(CENTROIDS)).unwrap();
    let points = latents.values.mapv(f64::from);
    for row in read_sweep(&folder.path().join(SWEEP)).unwrap().iter().filter(|row| row.seed == 42) {
        let (path, k) = (folder.path().join(ASSIGNMENTS), row.k as usize);
        let clusters = read_assignments(&path, "gaussian-mixture", row.k).unwrap().unwrap().clusters;
        let members: Vec<Vec<usize>> = (0..row.k)
            .map(|cluster| (0..POINTS).filter(|&point| clusters[point] == Some(cluster)).collect())
            .collect();
        let means: Vec<Vec<f64>> = members
            .iter()
            .map(|own| {
                let mean =
                    |axis| own.iter().map(|&point| points[[point, axis]]).sum::<f64>() / own.len() as f64;
                (0..2).map(mean).collect()
            })
            .collect();
        let square =
            |a: ArrayView1<'_, f64>, b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let squares = |cluster: usize| {
            members[cluster]
                .iter()
                .map(|&point| square(points.row(point), &means[cluster]))
                .collect::<Vec<_>>()
        };
        let within: f64 = (0..k).flat_map(squares).sum();
        let middle: Vec<f64> = (0..2).map(|axis| points.column(axis).mean().unwrap()).collect();
        let total: f64 = points.rows().into_iter().map(|point| square(point, &middle)).sum();
        let between = (total - within) / (k - 1) as f64;
        let spread: Vec<f64> = (0..k)
            .map(|cluster| {
                squares(cluster).iter().map(|square| square.sqrt()).sum::<f64>()
                    / members[cluster].len() as f64
            })
            .collect();
        let likeness = |i: usize, j: usize| {
            (spread[i] + spread[j]) / square(ArrayView1::from(&means[i]), &means[j]).sqrt()
        };
        let worst = |i: usize| (0..k).filter(|&j| j != i).map(|j| likeness(i, j)).fold(0.0, f64::max);
        let davies_bouldin = (0..k).map(worst).sum::<f64>() / k as f64;
        let close = |found: f64, expected: f64, what: &str| {
            assert!((found / expected - 1.0).abs() < 1e-9, "k = {k}, {what}: {found}, not {expected}");
        };
        close(row.inertia, within, "inertia");
        close(
            row.criterion("calinski_harabasz").unwrap(),
            between / (within / (POINTS - k) as f64),
            "Calinski-Harabasz",
        );
        close(row.criterion("davies_bouldin").unwrap(), davies_bouldin, "Davies-Bouldin");
        for (written, mean) in centroids.of(row.k).rows().into_iter().zip(&means) {
            assert!(square(written, mean) < 1e-12, "{written} {mean:?}");
        }
    }
}

/// What the stage says of these points.
fn summary_of(values: Array2<f32>, config: &ClusterConfig) -> ClusterSummary {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    let count = values.nrows();
    let latents = Latents {
        splits: vec![Split::Train; count],
        labels: Labels::complete(std::iter::repeat_n(0, count), vec!["none".into()]),
        paths: None,
        reconstruction_bce: vec![0.1; count],
        reconstruction_mse: vec![0.01; count],
        values,
    };
    write_latents(&file, &latents, &Metadata::new()).unwrap();
    run(config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap()
}

#[test]
fn points_without_clusters_are_said_to_be_one() {
    let mut rng = generator(9, "test", 0);
    let gaussian =
        Array2::from_shape_simple_fn((300, 2), || (0..12).map(|_| rng.r#gen::<f32>()).sum::<f32>() - 6.0);
    for (method, agreeing) in [("k-means", &["gap", "bic"][..]), ("gaussian-mixture", &["bic"])] {
        for ks in [&[2, 3, 4, 5][..], &[5, 6, 7, 8]] {
            let config = ClusterConfig { method: methods_of(&[method]), ..config(ks) };
            let summary = summary_of(gaussian.clone(), &config);
            assert_eq!(summary.verdict.k, Some(1), "{}", summary.verdict.sentence);
            assert_eq!(summary.verdict.agreeing, agreeing);
            assert_eq!(summary.verdict.asked, agreeing.len());
            // What tables show is still of the highest silhouette.
            assert!(ks.contains(&(summary.best_k as u32)));
        }
    }
}

#[test]
fn two_clusters_are_found_where_those_that_know_one_cluster_find_several() {
    let values = latents().values;
    let two: Vec<usize> = (0..POINTS).filter(|point| point % 3 < 2).collect();
    let values = values.select(ndarray::Axis(0), &two);
    let summary = summary_of(values.clone(), &config(&[2, 3, 4, 5]));
    assert_eq!((summary.best_k, summary.best_at_edge), (2, false));
    assert_eq!(
        (summary.verdict.k, summary.verdict.agreeing.len()),
        (Some(2), 6),
        "{}",
        summary.verdict.sentence
    );
    // The silhouette alone cannot tell.
    let config = ClusterConfig { criteria: Criteria::new(&[]).unwrap(), ..config(&[2, 3, 4, 5]) };
    let alone = summary_of(values, &config);
    assert_eq!((alone.best_k, alone.best_at_edge, alone.verdict.k), (2, true, None));
}

#[test]
fn clusters_found_by_density_do_not_choose_k() {
    let folder = tempfile::tempdir().unwrap();
    let alone = cluster_with(folder.path(), &config(&[2, 3, 4])).unwrap();
    assert!(!folder.path().join(DENSITY).exists());
    let methods = methods_of(&["k-means", "hdbscan"]);
    let tables: Table = toml::from_str("hdbscan = { min-cluster-size = 70 }").unwrap();
    let config = ClusterConfig { method: methods, ..config(&[2, 3, 4]) };
    let both = cluster_with_tables(folder.path(), &config, &tables).unwrap();
    // Nothing falls apart into two parts of seventy points.
    assert_eq!((both.density[0].clusters, both.density[0].noise), (0, POINTS));
    let methods = alone.methods.clone();
    assert_eq!(ClusterSummary { density: Vec::new(), methods, ..both }, alone);
}

#[test]
fn the_silhouette_alone_may_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let config = ClusterConfig { criteria: Criteria::new(&[]).unwrap(), ..config(&[2, 3, 4]) };
    let summary =
        run(&config, &Table::new(), 42, source(&file), folder.path(), Cancellation::never()).unwrap();
    assert_eq!((summary.criteria.len(), summary.verdict.asked, summary.verdict.k), (1, 1, Some(3)));
    let row = &read_sweep(&folder.path().join(SWEEP)).unwrap()[0];
    assert!(row.criteria.iter().all(|(_, value)| value.is_none()), "{row:?}");
}

#[test]
fn the_projection_keeps_the_variance_that_the_summary_tells() {
    let folder = tempfile::tempdir().unwrap();
    let summary = cluster(folder.path(), &[3]).0.unwrap();
    let projection = read_projection(&folder.path().join(PROJECTION)).unwrap();
    assert_eq!(projection.ids, Ids::numbered(POINTS));
    let square = |values: &[f32]| values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
    let [first, second] = [square(&projection.pc1), square(&projection.pc2)];
    // Two components of two dimensions hold all of the variance.
    assert!((summary.explained_variance[0] - first / (first + second)).abs() < 1e-6);
    assert!((summary.explained_variance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(first > second);
}

#[test]
fn the_seeds_go_on_from_that_of_the_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let seed = |seed| {
        run(&config(&[7]), &Table::new(), seed, source(&file), folder.path(), Cancellation::never()).unwrap()
    };
    let rows = |seed| {
        let rows = read_sweep(&folder.path().join(SWEEP)).unwrap().into_iter();
        let [row] = rows.filter(|row| row.seed == seed).collect::<Vec<_>>().try_into().unwrap();
        (row.inertia, row.silhouette.unwrap().mean)
    };
    seed(42);
    let second = rows(43);
    seed(43);
    // Seeds share sums of distances, whose rounding depends on which seeds they are.
    let again = rows(43);
    assert_eq!(again.0, second.0);
    assert!((again.1 - second.1).abs() < 1e-8, "{} is not {}", again.1, second.1);
    assert_ne!(rows(44).0, second.0, "seven clusters of three blobs have many local optima");
    assert_eq!(seed(u32::MAX).seeds, [u32::MAX, 0]);
}

#[test]
fn the_number_of_threads_changes_no_table() {
    let tables = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let summary = pool.install(|| cluster(folder.path(), &[2, 3, 7]).0.unwrap());
        let bytes = TABLES.iter();
        (summary, bytes.map(|table| fs_err::read(folder.path().join(table)).unwrap()).collect::<Vec<_>>())
    };
    let one = tables(1);
    assert_eq!(tables(2), one);
    assert_eq!(tables(3), one);
}

#[test]
fn the_sweep_says_how_well_the_clusters_agree_with_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    cluster(folder.path(), &[2, 3, 4]).0.unwrap();
    let sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    let assignments = all_assignments(folder.path());
    let labels: Vec<u32> = latents().labels.codes.into_iter().flatten().collect();
    assert!(sweep.iter().all(|row| row.external.is_some()));
    for (clusters, row) in assignments.clusters.chunks(POINTS).zip(&sweep) {
        assert_eq!(row.external, Some(external_quality(clusters, &labels).unwrap()));
    }
    let of = |index: usize| sweep[index].external.unwrap();
    let three = of(1);
    assert_eq!((three.accuracy, three.nmi, three.ari, three.purity), (1.0, 1.0, 1.0, 1.0));
    assert!(of(0).accuracy < 1.0 && of(2).accuracy < 1.0);
}

#[test]
fn the_labels_do_not_choose_k() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, _) = cluster(folder.path(), &[2, 3, 4, 5]);
    let assignments = all_assignments(folder.path());
    let mut shuffled = latents();
    let mut rng = generator(2, "test", 0);
    for last in (1..POINTS).rev() {
        shuffled.labels.codes.swap(last, rng.gen_range(0..=last));
    }
    let (other, _) = cluster_latents(folder.path(), &[2, 3, 4, 5], &shuffled);
    let (mut other, mut summary) = (other.unwrap(), summary.unwrap());
    assert_ne!(std::mem::take(&mut other.label_pairs), std::mem::take(&mut summary.label_pairs));
    assert_ne!(other.neighbours.take(), summary.neighbours.take());
    assert_eq!(other, summary);
    assert_eq!(all_assignments(folder.path()), assignments);
    let sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    assert!(sweep.iter().all(|row| row.external.unwrap().ami.abs() < 0.1), "{sweep:?}");
}

#[test]
fn a_column_that_cannot_be_used_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../latentkit-table/tests/fixtures/strange_columns.parquet");
    // Of two points no k has a silhouette; the warnings come before.
    let (summary, events) = capture::events(|| {
        run(&config(&[2]), &Table::new(), 42, source(&file), folder.path(), Cancellation::never())
    });
    summary.unwrap_err();
    let warnings = capture::texts(Level::WARN, &events);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("column `id` is not used"), "{warnings:?}");
}

/// Images of `latents`, their latents as bytes among noise.
fn images(latents: &Latents) -> Dataset {
    let mut rng = generator(5, "test", 0);
    let count = latents.values.nrows();
    let images = latents.values.rows().into_iter().flat_map(|point| {
        let noise: [u8; 4] = rng.r#gen();
        [(128.0 + 6.0 * point[0]) as u8, (128.0 + 6.0 * point[1]) as u8]
            .into_iter()
            .chain(noise.map(|byte| byte / 32))
    });
    Dataset {
        shape: ImageShape::grey(2, 3),
        splits: vec![Split::Train; count],
        labels: latents.labels.clone(),
        paths: None,
        images: images.collect(),
    }
}

#[test]
fn the_neighbours_are_in_the_table_and_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let (file, pictures) = (folder.path().join("latents.parquet"), folder.path().join("dataset.parquet"));
    let (latents, table) = (latents(), folder.path().join(NEIGHBOURS));
    write_latents(&file, &latents, &Metadata::new()).unwrap();
    write_dataset(&pictures, &images(&latents), &Metadata::new(), Cancellation::never()).unwrap();
    let of = |images: Option<&Path>| {
        let source = Source { images, ..source(&file) };
        let summary =
            run(&config(&[3]), &Table::new(), 42, source, folder.path(), Cancellation::never()).unwrap();
        summary.neighbours.unwrap()
    };
    let found = of(Some(&pictures));
    assert_eq!((found.label_sample, found.image_sample), (POINTS, POINTS));
    assert_eq!((found.duplicates, found.largest_group), (0, 1));
    assert!((found.chance.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(read_neighbours(&table).unwrap(), found.figures);
    assert!(found.figures.iter().map(|figure| figure.k).eq([1, 5, 10, 20]));

    let points = latents.values.view();
    let pixels = Array2::from_shape_vec((POINTS, 6), images(&latents).images).unwrap();
    let preserved = preservation(pixels.view(), points, &[1, 5, 10, 20], Cancellation::never()).unwrap();
    let neighbours =
        nearest_neighbours(points, &(0..POINTS).collect::<Vec<_>>(), 20, Cancellation::never()).unwrap();
    for (figure, preserved) in found.figures.iter().zip(preserved) {
        assert_eq!(figure.images, Some(preserved));
        assert!(preserved.trustworthiness > 0.8 && preserved.trustworthiness < 1.0, "{preserved:?}");
        let labels = figure.labels.unwrap();
        let same = neighbours.columns().into_iter().take(figure.k).flat_map(|column| {
            column.into_iter().enumerate().map(|(point, &other)| point % 3 == other % 3).collect::<Vec<_>>()
        });
        let same = same.filter(|&same| same).count();
        assert!((labels.share - same as f64 / (figure.k * POINTS) as f64).abs() < 1e-12);
        // The blobs are far apart.
        assert_eq!((labels.share, labels.standard_error, labels.knn_accuracy), (1.0, 0.0, 1.0));
    }

    let without = of(None);
    assert_eq!(without.image_sample, 0);
    for (without, with) in without.figures.iter().zip(&found.figures) {
        assert_eq!((without.images, without.labels), (None, with.labels));
    }
    assert_eq!(read_neighbours(&table).unwrap(), without.figures);
}

#[test]
fn more_points_than_a_sample_are_drawn_from_by_the_seed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    let mut rng = generator(6, "test", 0);
    let count = 6000;
    let mut latents = Latents {
        splits: vec![Split::Test; count],
        labels: Labels::complete(
            (0..count).map(|_| rng.gen_range(0..4)),
            (0..4).map(|label| label.to_string()).collect(),
        ),
        paths: None,
        values: Array2::from_shape_simple_fn((count, 2), || rng.r#gen()),
        reconstruction_bce: vec![0.1; count],
        reconstruction_mse: vec![0.01; count],
    };
    let pictures = folder.path().join("dataset.parquet");
    write_dataset(&pictures, &images(&latents), &Metadata::new(), Cancellation::never()).unwrap();
    write_latents(&file, &latents, &Metadata::new()).unwrap();
    let of = |seed| {
        let config = ClusterConfig {
            seeds: Count::new(1).unwrap(),
            exact_silhouette_points: NonNegativeInt::new(5999).unwrap(),
            ..config(&[2])
        };
        run(
            &config,
            &Table::new(),
            seed,
            Source { images: Some(&pictures), ..source(&file) },
            folder.path(),
            Cancellation::never(),
        )
        .unwrap()
        .neighbours
        .unwrap()
    };
    let (found, other) = (of(1), of(2));
    assert_eq!((found.label_sample, found.image_sample), (5000, 2000));
    assert_eq!(found, of(1));
    for (found, other) in found.figures.iter().zip(&other.figures) {
        let (labels, others) = (found.labels.unwrap(), other.labels.unwrap());
        assert_ne!(labels, others);
        assert!((labels.share - others.share).abs() < 5.0 * labels.standard_error);
        assert!((labels.share - 0.25).abs() < 5.0 * labels.standard_error, "the labels mean nothing");
        assert_ne!(found.images, other.images);
    }

    // A dataset without an image for each point is one of other points.
    latents.values = latents.values.slice(ndarray::s![..10, ..]).to_owned();
    latents.labels.codes.truncate(10);
    write_dataset(&pictures, &images(&latents), &Metadata::new(), Cancellation::never()).unwrap();
    let error = run(
        &config(&[2]),
        &Table::new(),
        1,
        Source { images: Some(&pictures), ..source(&file) },
        folder.path(),
        Cancellation::never(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("has no image of id"), "{error}");
}

#[test]
fn few_points_have_fewer_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let mut latents = latents();
    latents.values = latents.values.slice(ndarray::s![..9, ..]).to_owned();
    latents.labels.codes.truncate(9);
    latents.splits.truncate(9);
    latents.reconstruction_bce.truncate(9);
    latents.reconstruction_mse.truncate(9);
    let (file, pictures) = (folder.path().join("latents.parquet"), folder.path().join("dataset.parquet"));
    write_latents(&file, &latents, &Metadata::new()).unwrap();
    write_dataset(&pictures, &images(&latents), &Metadata::new(), Cancellation::never()).unwrap();
    let summary = run(
        &config(&[3]),
        &Table::new(),
        42,
        Source { images: Some(&pictures), ..source(&file) },
        folder.path(),
        Cancellation::never(),
    )
    .unwrap();
    let figures = summary.neighbours.unwrap().figures;
    let known: Vec<_> =
        figures.iter().map(|figure| (figure.k, figure.labels.is_some(), figure.images.is_some())).collect();
    // 5 is below 9, but not below half of it.
    assert_eq!(known, [(1, true, true), (5, true, false)]);
    assert_eq!(read_neighbours(&folder.path().join(NEIGHBOURS)).unwrap(), figures);
}

#[test]
fn points_that_have_collapsed_are_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut latents = latents();
    let warnings = |latents: &Latents| {
        let (summary, events) = cluster_latents(folder.path(), &[2, 3, 4], latents);
        let warnings = capture::texts(Level::WARN, &events).into_iter().map(str::to_owned);
        (summary.unwrap().neighbours.unwrap(), warnings.collect::<Vec<_>>())
    };
    let row = latents.values.row(0).to_owned();
    for copy in 1..4 {
        latents.values.row_mut(3 * copy).assign(&row);
    }
    let (found, warned) = warnings(&latents);
    assert_eq!((found.duplicates, found.largest_group), (4, 4));
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].starts_with("4 of the 120 points are equal to another one, up to 4 to each other"),
        "{warned:?}"
    );
}

#[test]
fn every_table_carries_its_provenance() {
    let folder = tempfile::tempdir().unwrap();
    cluster(folder.path(), &[3]).0.unwrap();
    let hash =
        latentkit_core::hash::FileRecord::of(&folder.path().join("latents.parquet"), "").unwrap().blake3;
    for table in TABLES {
        let bytes = fs_err::read(folder.path().join(table)).unwrap();
        let text: String = bytes.into_iter().map(char::from).collect();
        for key in [
            "method",
            "engine",
            "seed",
            "seeds",
            "restarts",
            "batch_size",
            "best_k",
            "points",
            "dimensions",
            "latents_blake3",
        ] {
            assert!(text.contains(&format!("latentkit.{key}")), "{table} has no {key}");
        }
        assert!(text.contains(&hash), "{table} does not name the latents");
    }
}

#[test]
fn the_same_seed_gives_the_same_clusters() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(cluster(one.path(), &[2, 7]).0.unwrap(), cluster(other.path(), &[2, 7]).0.unwrap());
    let read = |folder: &Path| all_assignments(folder);
    assert_eq!(read(one.path()), read(other.path()));
}

#[test]
fn linfa_and_mini_batches_find_the_same_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let (native, _) = cluster(folder.path(), &[3]);
    let file = folder.path().join("latents.parquet");
    let native = (native.unwrap(), all_assignments(folder.path()));
    for other in [
        ClusterConfig { engine: ClusterEngine::Linfa, ..config(&[3]) },
        ClusterConfig { batch_size: Count::new(30), ..config(&[3]) },
    ] {
        let (summary, events) = capture::events(|| {
            run(&other, &Table::new(), 42, source(&file), folder.path(), Cancellation::never())
        });
        let summary = summary.unwrap();
        // Mini-batches are not said to need more iterations.
        assert_eq!(capture::texts(Level::WARN, &events), [""; 0]);
        assert_eq!((summary, all_assignments(folder.path())), native);
        let bytes = fs_err::read(folder.path().join(SWEEP)).unwrap();
        let text: String = bytes.into_iter().map(char::from).collect();
        assert!(text.contains(other.engine.name()), "the table names the engine");
    }
}

#[test]
fn a_list_column_holds_the_same_points() {
    let folder = tempfile::tempdir().unwrap();
    let (columns, _) = cluster(folder.path(), &[3]);
    let file = folder.path().join("latents.parquet");
    let list = run(
        &config(&[3]),
        &Table::new(),
        42,
        Source { columns: &Columns { column: Some("z".to_owned()), ..USUAL }, ..source(&file) },
        folder.path(),
        Cancellation::never(),
    );
    assert_eq!(list.unwrap(), columns.unwrap());
}

#[test]
fn a_best_k_at_the_edge_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, events) = cluster(folder.path(), &[3, 4, 6]);
    let summary = summary.unwrap();
    assert_eq!((summary.best_k, summary.best_at_edge), (3, true));
    assert_eq!(
        capture::texts(Level::WARN, &events),
        ["the best k, 3, is at the edge of the sweep from 3 to 6: a better one may lie outside"]
    );
}

#[test]
fn k_must_be_below_the_number_of_points() {
    let folder = tempfile::tempdir().unwrap();
    let (above, _) = cluster(folder.path(), &[3, 121]);
    let above = above.unwrap_err();
    assert_eq!((above.kind(), above.key()), (ErrorKind::Config, Some("cluster.k")));
    assert_eq!(above.to_string(), "k = 121 is above the 120 points");
    let (equal, _) = cluster(folder.path(), &[120]);
    let equal = equal.unwrap_err();
    assert_eq!((equal.kind(), equal.key()), (ErrorKind::Config, Some("cluster.k")));
    assert!(equal.to_string().starts_with("k = 120 is the number of points"), "{equal}");
    assert!(!folder.path().join(SWEEP).exists());
}

#[test]
fn a_missing_file_is_an_input_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nowhere.parquet");
    let error = run(&config(&[3]), &Table::new(), 42, source(&file), folder.path(), Cancellation::never())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("nowhere.parquet"), "{error}");
}

#[test]
fn an_interrupt_leaves_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let stop = AtomicBool::new(true);
    let error = run(&config(&[3]), &Table::new(), 42, source(&file), folder.path(), Cancellation::new(&stop))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!folder.path().join(SWEEP).exists());
}
