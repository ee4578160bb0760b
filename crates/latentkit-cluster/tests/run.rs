//! The stage from file to files.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use latentkit_cluster::{external_quality, run, silhouette};
use latentkit_core::config::{ClusterConfig, Count, KSweep, Positive};
use latentkit_core::rng::generator;
use latentkit_core::stage::{ASSIGNMENTS, CONTINGENCY, SWEEP};
use latentkit_core::summary::ClusterSummary;
use latentkit_core::{ErrorKind, Event, Observer, Result};
use latentkit_table::{
    Latents, Metadata, Split, read_assignments, read_contingency, read_sweep, write_latents,
};
use ndarray::Array2;
use rand::Rng as _;

const POINTS: usize = 120;

/// Three blobs, the label of each point that of its blob.
fn latents() -> Latents {
    let mut rng = generator(1, "test", 0);
    Latents {
        splits: vec![Split::Train; POINTS],
        labels: (0..POINTS).map(|point| (point % 3) as u8).collect(),
        label_names: vec!["zero".into(), "one".into(), "two".into()],
        values: Array2::from_shape_fn((POINTS, 2), |(point, axis)| {
            (point % 3) as f32 * [5.0, -9.0][axis] + rng.r#gen::<f32>()
        }),
        reconstruction_bce: vec![0.1; POINTS],
        reconstruction_mse: vec![0.01; POINTS],
    }
}

fn config(ks: &[u32]) -> ClusterConfig {
    ClusterConfig {
        k: KSweep::new(ks.to_vec()).unwrap(),
        restarts: Count::new(5).unwrap(),
        max_iterations: Count::new(100).unwrap(),
        tolerance: Positive::new(1e-4).unwrap(),
    }
}

/// Writes the latents and clusters them; returns also what was reported.
fn cluster(folder: &Path, ks: &[u32]) -> (Result<ClusterSummary>, Vec<Event>) {
    cluster_latents(folder, ks, &latents())
}

fn cluster_latents(folder: &Path, ks: &[u32], latents: &Latents) -> (Result<ClusterSummary>, Vec<Event>) {
    let file = folder.join("latents.parquet");
    write_latents(&file, latents, &Metadata::new()).unwrap();
    let (events, never) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let sink = |event| events.lock().unwrap().push(event);
    let summary = run(&config(ks), 42, &file, None, folder, Observer::new(&sink, &never));
    (summary, events.into_inner().unwrap())
}

#[test]
fn writes_tables_that_agree_with_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, events) = cluster(folder.path(), &[2, 3, 4, 5]);
    let summary = summary.unwrap();
    assert_eq!((summary.points, summary.dimensions), (POINTS, 2));
    assert_eq!((summary.best_k, summary.best_at_edge), (3, false));
    assert!(summary.best_silhouette() > 0.9);

    let sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    assert_eq!(sweep.iter().map(|row| row.k).collect::<Vec<_>>(), [2, 3, 4, 5]);
    for (row, figure) in sweep.iter().zip(&summary.sweep) {
        assert_eq!((row.method.as_str(), row.seed), ("k-means", 42));
        assert_eq!((row.inertia, row.silhouette), (figure.inertia, figure.silhouette));
        assert!(row.seconds > 0.0);
    }
    assert!(sweep.is_sorted_by(|a, b| a.inertia > b.inertia));

    let assignments = read_assignments(&folder.path().join(ASSIGNMENTS)).unwrap();
    assert_eq!(assignments.ids.len(), 4 * POINTS);
    let values = latents().values;
    for (index, row) in sweep.iter().enumerate() {
        let rows = index * POINTS..(index + 1) * POINTS;
        assert!(assignments.ids[rows.clone()].iter().copied().eq(0..POINTS as u32));
        assert!(assignments.k[rows.clone()].iter().all(|&k| k == row.k));
        let clusters = &assignments.clusters[rows.clone()];
        let found = silhouette(values.view(), &[clusters], Observer::silent()).unwrap().remove(0);
        assert!((found.mean - row.silhouette).abs() < 1e-6);
        for (found, &written) in found.points.iter().zip(&assignments.silhouettes[rows.clone()]) {
            assert!((*found as f32 - written).abs() < 1e-6);
        }
        let inertia: f64 = assignments.distances[rows].iter().map(|&value| f64::from(value).powi(2)).sum();
        assert!((inertia - row.inertia).abs() < 1e-5 * row.inertia);
    }

    let contingency = read_contingency(&folder.path().join(CONTINGENCY)).unwrap();
    let found: Vec<_> = contingency.iter().map(|row| (row.cluster, row.label, row.count)).collect();
    let expected: Vec<_> = (0..3)
        .flat_map(|cluster| {
            (0..3).map(move |label| (cluster, label, 40 * u32::from(cluster == u32::from(label))))
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(contingency[1].label_name, "one");

    let clustered = events.iter().filter_map(|event| match event {
        Event::Clustered { k, done, total, inertia } => Some((*k, *done, *total, *inertia)),
        _ => None,
    });
    let figures =
        summary.sweep.iter().enumerate().map(|(index, figure)| (figure.k, index + 1, 4, figure.inertia));
    assert!(clustered.eq(figures));
    let messages: Vec<_> = events.iter().filter(|event| matches!(event, Event::Message(_))).collect();
    assert!(matches!(&messages[..], [Event::Message(text)] if text.contains("120 points of 2 dimensions")));
    assert!(!events.iter().any(|event| matches!(event, Event::Warning(_))));
}

#[test]
fn the_sweep_says_how_well_the_clusters_agree_with_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    cluster(folder.path(), &[2, 3, 4]).0.unwrap();
    let sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    let assignments = read_assignments(&folder.path().join(ASSIGNMENTS)).unwrap();
    for (clusters, row) in assignments.clusters.chunks(POINTS).zip(&sweep) {
        assert_eq!(row.external, Some(external_quality(clusters, &latents().labels).unwrap()));
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
    let assignments = read_assignments(&folder.path().join(ASSIGNMENTS)).unwrap();
    let mut shuffled = latents();
    let mut rng = generator(2, "test", 0);
    for last in (1..POINTS).rev() {
        shuffled.labels.swap(last, rng.gen_range(0..=last));
    }
    let (other, _) = cluster_latents(folder.path(), &[2, 3, 4, 5], &shuffled);
    assert_eq!(other.unwrap(), summary.unwrap());
    assert_eq!(read_assignments(&folder.path().join(ASSIGNMENTS)).unwrap(), assignments);
    let sweep = read_sweep(&folder.path().join(SWEEP)).unwrap();
    assert!(sweep.iter().all(|row| row.external.unwrap().ami.abs() < 0.1), "{sweep:?}");
}

#[test]
fn a_column_that_cannot_be_used_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../latentkit-table/tests/fixtures/strange_columns.parquet");
    let (warnings, never) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let sink = |event| {
        if let Event::Warning(text) = event {
            warnings.lock().unwrap().push(text);
        }
    };
    // Of two points no k has a silhouette; the warnings come before.
    run(&config(&[2]), 42, &file, None, folder.path(), Observer::new(&sink, &never)).unwrap_err();
    let warnings = warnings.into_inner().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("column `id` is not used"), "{warnings:?}");
    assert!(warnings[1].starts_with("column `label` is not used"), "{warnings:?}");
}

#[test]
fn every_table_carries_its_provenance() {
    let folder = tempfile::tempdir().unwrap();
    cluster(folder.path(), &[3]).0.unwrap();
    let hash =
        latentkit_core::hash::FileRecord::of(&folder.path().join("latents.parquet"), "").unwrap().blake3;
    for table in [SWEEP, ASSIGNMENTS, CONTINGENCY] {
        let bytes = fs_err::read(folder.path().join(table)).unwrap();
        let text: String = bytes.into_iter().map(char::from).collect();
        for key in ["method", "seed", "restarts", "best_k", "points", "dimensions", "latents_blake3"] {
            assert!(text.contains(&format!("latentkit.{key}")), "{table} has no {key}");
        }
        assert!(text.contains(&hash), "{table} does not name the latents");
    }
}

#[test]
fn the_same_seed_gives_the_same_clusters() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(cluster(one.path(), &[2, 7]).0.unwrap(), cluster(other.path(), &[2, 7]).0.unwrap());
    let read = |folder: &Path| read_assignments(&folder.join(ASSIGNMENTS)).unwrap();
    assert_eq!(read(one.path()), read(other.path()));
}

#[test]
fn a_list_column_holds_the_same_points() {
    let folder = tempfile::tempdir().unwrap();
    let (columns, _) = cluster(folder.path(), &[3]);
    let file = folder.path().join("latents.parquet");
    let list = run(&config(&[3]), 42, &file, Some("z"), folder.path(), Observer::silent());
    assert_eq!(list.unwrap(), columns.unwrap());
}

#[test]
fn a_best_k_at_the_edge_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, events) = cluster(folder.path(), &[3, 4, 6]);
    let summary = summary.unwrap();
    assert_eq!((summary.best_k, summary.best_at_edge), (3, true));
    let warnings: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Warning(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(
        warnings,
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
    let error = run(&config(&[3]), 42, &file, None, folder.path(), Observer::silent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("nowhere.parquet"), "{error}");
}

#[test]
fn an_interrupt_leaves_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("latents.parquet");
    write_latents(&file, &latents(), &Metadata::new()).unwrap();
    let stop = AtomicBool::new(true);
    let error =
        run(&config(&[3]), 42, &file, None, folder.path(), Observer::new(&|_| {}, &stop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(!folder.path().join(SWEEP).exists());
}
