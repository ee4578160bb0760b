//! Every table goes out and comes back the same, and a file that is not what it should be says so.

use std::path::Path;

use latentkit_core::summary::{LabelAgreement, Metrics, NeighbourFigure, Preservation, SilhouetteKind};
use latentkit_core::{Cancellation, Error, ErrorKind};
use latentkit_table::*;
use ndarray::array;
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};
use polars_io::prelude::{ParquetReader, ParquetWriter, SerReader};

fn metadata() -> Metadata {
    Metadata::from([("seed".to_owned(), "42".to_owned())])
}

fn dataset() -> Dataset {
    Dataset {
        height: 2,
        width: 3,
        label_names: vec!["zero".into(), "<one>".into()],
        splits: vec![Split::Train, Split::Validation, Split::Test],
        labels: vec![0, 1, 1],
        images: (0..18).collect(),
    }
}

#[test]
fn a_dataset_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    write_dataset(&path, &dataset(), &metadata()).unwrap();
    assert_eq!(read_dataset(&path).unwrap(), dataset());
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write_dataset(&a, &dataset(), &metadata()).unwrap();
    write_dataset(&b, &dataset(), &metadata()).unwrap();
    assert_eq!(fs_err::read(a).unwrap(), fs_err::read(b).unwrap());
}

#[test]
fn a_history_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.parquet");
    let metrics =
        |start: f64| Metrics { bce: start, mse: start + 0.1, mae: start + 0.2, binary_accuracy: start + 0.3 };
    let row = HistoryRow {
        epoch: 1,
        step: 176,
        learning_rate: 1e-3,
        train: metrics(1.0),
        validation: metrics(2.0),
    };
    let rows = [row, HistoryRow { epoch: 2, step: 352, ..row }];
    write_history(&path, &rows, &metadata()).unwrap();
    assert_eq!(read_history(&path).unwrap(), rows);
}

#[test]
fn cluster_tables_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let sweep = [SweepRow {
        method: "k-means".into(),
        k: 5,
        seed: 42,
        inertia: 12.5,
        silhouette: Some(SilhouetteFigure { mean: 0.25, interval: None }),
        criteria: vec![("calinski_harabasz".into(), Some(2.0))],
        ..SweepRow::default()
    }];
    write_sweep(&path, &sweep, &metadata()).unwrap();
    assert_eq!(read_sweep(&path).unwrap(), sweep);

    let block = |method: &str, k: u32| Assignments {
        method: method.to_owned(),
        k,
        ids: vec![0, 1, 2],
        clusters: vec![Some(k), Some(4), None],
        silhouettes: vec![Some(0.5), None, None],
        distances: vec![Some(1.0), Some(2.0), None],
    };
    let blocks = [block("k-means", 5), block("k-means", 6), block("hdbscan", 5)];
    let names = blocks.each_ref().map(|block| (block.method.clone(), block.k));
    for kind in [SilhouetteKind::Exact, SilhouetteKind::Sampled] {
        write_assignments(&path, &names, kind, &metadata(), Cancellation::never(), |index| {
            Ok(blocks[index].clone())
        })
        .unwrap();
        for block in &blocks {
            assert_eq!(read_assignments(&path, &block.method, block.k).unwrap().as_ref(), Some(block));
        }
        assert_eq!(read_assignments(&path, "dbscan", 5).unwrap(), None);
    }

    let contingency = [ContingencyRow { cluster: 0, label: 7, label_name: "Sneaker".into(), count: 3 }];
    write_contingency(&path, &contingency, &metadata()).unwrap();
    assert_eq!(read_contingency(&path).unwrap(), contingency);
}

#[test]
fn the_external_quality_of_a_sweep_comes_back_when_every_row_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.parquet");
    let external = External {
        accuracy: 0.1,
        nmi: 0.2,
        ari: -0.3,
        ami: 0.4,
        homogeneity: 0.5,
        completeness: 0.6,
        v_measure: 0.7,
        purity: 0.8,
    };
    let row = |k, external| SweepRow {
        method: "k-means".into(),
        k,
        seed: 42,
        inertia: 12.5,
        silhouette: Some(SilhouetteFigure { mean: 0.25, interval: None }),
        external,
        ..SweepRow::default()
    };
    let sweep = [row(2, Some(external)), row(3, Some(External { accuracy: 0.9, purity: 0.95, ..external }))];
    write_sweep(&path, &sweep, &metadata()).unwrap();
    assert_eq!(read_sweep(&path).unwrap(), sweep);

    write_sweep(&path, &[row(2, Some(external)), row(3, None)], &metadata()).unwrap();
    assert_eq!(read_sweep(&path).unwrap(), [row(2, None), row(3, None)]);
}

#[test]
fn sampled_silhouettes_and_missing_criteria_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.parquet");
    let row = |method: &str, silhouette, bic, aic| SweepRow {
        method: method.into(),
        k: 5,
        seed: 42,
        silhouette,
        criteria: vec![("bic".into(), bic), ("aic".into(), aic)],
        ..SweepRow::default()
    };
    let sampled = Some(SilhouetteFigure { mean: 0.25, interval: Some([0.125, 0.5]) });
    let sweep = [row("k-means", sampled, Some(1.0), None), row("gaussian-mixture", None, None, Some(-3.5))];
    write_sweep(&path, &sweep, &metadata()).unwrap();
    assert_eq!(read_sweep(&path).unwrap(), sweep);
    let columns = column_names(&path);
    assert!(columns.contains(&"silhouette_sampled".to_owned()), "{columns:?}");
    assert!(
        !columns.contains(&"silhouette".to_owned()) && !columns.contains(&"davies_bouldin".to_owned()),
        "{columns:?}"
    );
}

/// The names of the columns of a file.
fn column_names(path: &Path) -> Vec<String> {
    let file = fs_err::File::open(path).unwrap().into_file();
    let schema = ParquetReader::new(file).schema().unwrap();
    schema.iter_names().map(ToString::to_string).collect()
}

#[test]
fn centroids_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centroids.parquet");
    let centroids = Centroids {
        k: vec![1, 2, 2],
        clusters: vec![0, 0, 1],
        values: array![[0.1, -2.0, 3.0], [1e-300, 5.0, 6.0], [7.0, 8.0, 9.5]],
    };
    write_centroids(&path, &centroids, &metadata()).unwrap();
    let found = read_centroids(&path).unwrap();
    assert_eq!(found, centroids);
    assert_eq!(found.of(2), array![[1e-300, 5.0, 6.0], [7.0, 8.0, 9.5]]);
    assert_eq!(found.of(3).dim(), (0, 3));
}

#[test]
fn decoded_centroids_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centroid_images.parquet");
    let table = CentroidImages { height: 1, width: 3, images: vec![vec![0, 128, 255], vec![1, 2, 3]] };
    write_centroid_images(&path, &table, &metadata()).unwrap();
    assert_eq!(read_centroid_images(&path).unwrap(), table);
}

#[test]
fn clusters_come_back_with_names_when_every_row_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clusters.parquet");
    let row =
        |cluster, labels| ClusterRow { cluster, size: 12, silhouette: Some(-0.25), distance: 1.5, labels };
    let labels = |name: &str| Some(ClusterLabels { name: name.into(), purity: 0.75 });
    let rows = [row(0, labels("Sneaker + Ankle boot")), row(1, labels("<Bag>"))];
    write_clusters(&path, &rows, SilhouetteKind::Exact, &metadata()).unwrap();
    assert_eq!(read_clusters(&path).unwrap(), rows);

    write_clusters(&path, &[row(0, labels("Bag")), row(1, None)], SilhouetteKind::Sampled, &metadata())
        .unwrap();
    assert_eq!(read_clusters(&path).unwrap(), [row(0, None), row(1, None)]);
}

#[test]
fn examples_come_back_with_names_when_every_row_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let row = |kind, name: Option<&str>| ExampleRow {
        cluster: 3,
        kind,
        rank: 1,
        id: 69_999,
        label_name: name.map(str::to_owned),
        silhouette: Some(-0.5),
        distance: 2.5,
    };
    let rows = [row(ExampleKind::Nearest, Some("Bag")), row(ExampleKind::LowestSilhouette, Some("Coat"))];
    write_examples(&path, &rows, SilhouetteKind::Exact, &metadata()).unwrap();
    assert_eq!(read_examples(&path).unwrap(), rows);

    let mixed = [rows[0].clone(), row(ExampleKind::Nearest, None)];
    write_examples(&path, &mixed, SilhouetteKind::Sampled, &metadata()).unwrap();
    assert_eq!(
        read_examples(&path).unwrap(),
        [row(ExampleKind::Nearest, None), row(ExampleKind::Nearest, None)]
    );
}

#[test]
fn neighbours_come_back_with_what_is_known_of_each_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neighbours.parquet");
    let labels = LabelAgreement { share: 0.9, standard_error: 0.004, knn_accuracy: 0.95 };
    let images = Preservation { trustworthiness: 0.92, continuity: 0.96 };
    let row = |k, labels, images| NeighbourFigure { k, labels, images };
    for rows in [
        vec![row(1, Some(labels), Some(images)), row(10, Some(labels), None)],
        vec![row(1, None, Some(images)), row(20, Some(labels), Some(images))],
        vec![row(1, Some(labels), None)],
        vec![row(5, None, Some(images))],
    ] {
        write_neighbours(&path, &rows, &metadata()).unwrap();
        assert_eq!(read_neighbours(&path).unwrap(), rows);
    }
    // What no row has is no column.
    write_neighbours(&path, &[row(1, Some(labels), None)], &metadata()).unwrap();
    let error = read_sweep(&path).unwrap_err().to_string();
    assert!(error.contains("found: `k`, `label_agreement`, `label_agreement_se`, `knn_accuracy`"), "{error}");
}

#[test]
fn images_are_read_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    write_dataset(&path, &dataset(), &metadata()).unwrap();
    let found = read_images(&path, &[2, 0, 2]).unwrap();
    let last = [12, 13, 14, 15, 16, 17];
    assert_eq!((found.height, found.width), (2, 3));
    assert_eq!(found.pixels, array![last, [0, 1, 2, 3, 4, 5], last]);
    assert_eq!(read_images(&path, &[]).unwrap().pixels.dim(), (0, 6));
    let error = read_images(&path, &[1, 3]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("has no image of id 3\n  expected: ids below 3"), "{error}");
    write_projection(&path, &Projection::default(), &metadata()).unwrap();
    assert_eq!(read_images(&path, &[0]).unwrap_err().kind(), ErrorKind::Input);
}

#[test]
fn images_far_apart_in_a_long_table_are_the_right_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    let count: u32 = 5000;
    let many = Dataset {
        splits: vec![Split::Train; count as usize],
        labels: vec![0; count as usize],
        images: (0..count).flat_map(|id| [0; 2].into_iter().chain(id.to_le_bytes())).collect(),
        ..dataset()
    };
    write_dataset(&path, &many, &metadata()).unwrap();
    let ids = [4999, 0, 1023, 1024, 1025, 2048, 0, 3071];
    let found = read_images(&path, &ids).unwrap().pixels;
    for (row, id) in found.rows().into_iter().zip(ids) {
        assert_eq!(row.to_vec(), many.image(id as usize), "{id}");
    }
}

#[test]
fn an_example_of_an_unknown_kind_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let columns = vec![
        Series::new("cluster".into(), [0_u32]),
        Series::new("kind".into(), ["farthest"]),
        Series::new("rank".into(), [1_u32]),
        Series::new("id".into(), [0_u32]),
        Series::new("silhouette".into(), [0.5_f32]),
        Series::new("distance".into(), [0.5_f32]),
    ];
    write_foreign(&path, columns);
    assert_input_error(&read_examples(&path).unwrap_err(), &["examples.parquet", "unknown kind `farthest`"]);
}

#[test]
fn label_pairs_come_back_also_when_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("label_pairs.parquet");
    let row = LabelPairRow {
        first: 4,
        first_name: "Coat".into(),
        second: 6,
        second_name: "Shirt".into(),
        share: 0.625,
    };
    for rows in
        [&[][..], std::slice::from_ref(&row), &[LabelPairRow { share: 0.5, ..row.clone() }, row.clone()]]
    {
        write_label_pairs(&path, rows, &metadata()).unwrap();
        assert_eq!(read_label_pairs(&path).unwrap(), rows);
    }
}

#[test]
fn a_projection_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("projection.parquet");
    let projection = Projection { ids: vec![7, 3], pc1: vec![-1.5, 2.5], pc2: vec![0.0, 1e-30] };
    write_projection(&path, &projection, &metadata()).unwrap();
    assert_eq!(read_projection(&path).unwrap(), projection);
}

#[test]
fn reconstructions_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reconstructions.parquet");
    let row = |kind| Reconstruction {
        id: 9,
        kind,
        label: 3,
        label_name: "Dress".into(),
        bce: 0.25,
        image: vec![0, 128, 255, 1],
        reconstruction: vec![3, 120, 250, 0],
    };
    let rows = vec![row(ReconstructionKind::Example), row(ReconstructionKind::Worst)];
    let table = Reconstructions { height: 2, width: 2, rows };
    write_reconstructions(&path, &table, &metadata()).unwrap();
    assert_eq!(read_reconstructions(&path).unwrap(), table);
}

#[test]
fn latents_are_read_as_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latents.parquet");
    let latents = Latents {
        splits: vec![Split::Train, Split::Test],
        labels: vec![1, 0],
        label_names: vec!["Bag".into(), "Coat".into()],
        values: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        reconstruction_bce: vec![0.1, 0.2],
        reconstruction_mse: vec![0.3, 0.4],
    };
    write_latents(&path, &latents, &metadata()).unwrap();
    let expected = Embeddings {
        ids: vec![0, 1],
        labels: Some(Labels { codes: vec![1, 0], names: vec!["Bag".into(), "Coat".into()] }),
        values: latents.values,
        origin: vec![0.0; 3],
        warnings: Vec::new(),
    };
    assert_eq!(read_embeddings(&path, None, None).unwrap(), expected);
    assert_eq!(read_embeddings(&path, Some("z"), None).unwrap(), expected);
}

/// The error of reading a table of these columns as embeddings.
fn refusal(columns: Vec<Series>, column: Option<&str>) -> Error {
    read_foreign(columns, column).unwrap_err()
}

fn read_foreign(columns: Vec<Series>, column: Option<&str>) -> Result<Embeddings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.parquet");
    write_foreign(&path, columns);
    read_embeddings(&path, column, None)
}

/// Writes a table as anyone might.
fn write_foreign(path: &Path, columns: Vec<Series>) {
    let height = columns[0].len();
    let mut frame = DataFrame::new(height, columns.into_iter().map(Series::into_column).collect()).unwrap();
    ParquetWriter::new(fs_err::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

#[track_caller]
fn assert_input_error(error: &Error, parts: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Input);
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is not in:\n{error}");
    }
}

#[test]
fn foreign_columns_of_f64_and_texts_are_read() {
    let columns = vec![
        Series::new("z0".into(), [0.5_f64, 1.5]),
        Series::new("z1".into(), [2.5_f64, 3.5]),
        Series::new("label".into(), ["dog", "cat"]),
    ];
    let embeddings = read_foreign(columns, None).unwrap();
    assert_eq!(embeddings.values, array![[0.5, 2.5], [1.5, 3.5]]);
    assert_eq!(embeddings.origin, [0.0, 0.0]);
    assert_eq!(embeddings.ids, [0, 1]);
    assert_eq!(
        embeddings.labels,
        Some(Labels { codes: vec![1, 0], names: vec!["cat".into(), "dog".into()] })
    );
}

#[test]
fn an_offset_costs_columns_of_f64_no_digits() {
    // f32 has steps of 0.001 at 1e4, and holds the second column as it is.
    let rows = [[1e4 + 1e-5, 1.0], [1e4 + 3e-5, 2.0], [1e4 + 8e-5, 3.0]];
    let columns = vec![
        Series::new("z0".into(), rows.map(|row| row[0])),
        Series::new("z1".into(), rows.map(|row| row[1])),
        Series::new("list".into(), rows.map(|row| Series::new("".into(), row))),
    ];
    for column in [None, Some("list")] {
        let embeddings = read_foreign(columns.clone(), column).unwrap();
        assert!((embeddings.origin[0] - (1e4 + 4e-5)).abs() < 1e-11, "{:?}", embeddings.origin);
        for (found, expected) in embeddings.values.column(0).iter().zip([-3e-5, -1e-5, 4e-5]) {
            assert!((f64::from(*found) - expected).abs() < 1e-11, "{found} is not {expected}");
        }
        assert_eq!(embeddings.values.column(1), array![1.0, 2.0, 3.0]);
        assert_eq!(embeddings.origin[1..], [0.0]);
    }
}

#[test]
fn foreign_lists_are_read() {
    let lists = [Series::new("".into(), [1.0_f32, 2.0]), Series::new("".into(), [3.0_f32, 4.0])];
    let columns = vec![Series::new("embedding".into(), lists), Series::new("label".into(), [7_i64, 7])];
    let embeddings = read_foreign(columns, None).unwrap();
    assert_eq!(embeddings.values, array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(embeddings.labels.unwrap().names[7], "7");
}

#[test]
fn no_latent_columns() {
    let error = refusal(vec![Series::new("x".into(), [1.0_f32])], None);
    assert_input_error(&error, &["no latent columns", "`x`", "--column NAME"]);
}

#[test]
fn an_unknown_column_names_those_that_there_are() {
    let error = refusal(vec![Series::new("z0".into(), [1.0_f32])], Some("embedding"));
    assert_input_error(&error, &["no column `embedding`", "`z0`"]);
}

#[test]
fn a_null_is_named_by_column_and_row() {
    let columns =
        vec![Series::new("z0".into(), [1.0_f32, 2.0]), Series::new("z1".into(), [Some(1.0_f32), None])];
    assert_input_error(&refusal(columns, None), &["column `z1`, row 1", "null"]);
}

#[test]
fn nan_and_infinity_are_named_by_column_and_row() {
    let columns = vec![Series::new("z0".into(), [1.0_f32, 2.0, f32::NAN])];
    assert_input_error(&refusal(columns, None), &["column `z0`, row 2", "not finite", "NaN"]);
    let columns = vec![Series::new("z0".into(), [f64::NEG_INFINITY])];
    assert_input_error(&refusal(columns, None), &["column `z0`, row 0", "not finite", "-inf"]);
    let columns = vec![Series::new("z0".into(), [1e300_f64])];
    assert_input_error(&refusal(columns, None), &["column `z0`, row 0", "too large for f32"]);
}

#[test]
fn lists_of_different_lengths_are_named_by_row() {
    let lists = [Series::new("".into(), [1.0_f32, 2.0]), Series::new("".into(), [3.0_f32])];
    let error = refusal(vec![Series::new("z".into(), lists)], None);
    assert_input_error(&error, &["column `z`, row 1", "2 values", "found: 1"]);
}

#[test]
fn whole_numbers_are_no_points() {
    assert_input_error(
        &refusal(vec![Series::new("z0".into(), [1_i64])], None),
        &["column `z0`", "f32 or f64", "i64"],
    );
}

#[test]
fn a_gap_in_the_columns_is_an_error() {
    let columns = |names: &[&str]| names.iter().map(|&name| Series::new(name.into(), [1.0_f32])).collect();
    let error = refusal(columns(&["z0", "z1", "z3"]), None);
    assert_input_error(&error, &["no column `z2`", "`z0` to `z3`"]);
    assert_eq!(read_foreign(columns(&["z1", "z0", "z", "z03", "zoom"]), None).unwrap().values.ncols(), 2);
}

/// Reads one point for each value of this column, which is not one of the points.
fn with_column(column: Series) -> Embeddings {
    let z = Series::new("z0".into(), vec![1.0_f32; column.len()]);
    read_foreign(vec![z, column], None).unwrap()
}

#[test]
fn ids_of_any_whole_numbers_that_fit_are_used() {
    for ids in [Series::new("id".into(), [7_i64, 3]), Series::new("id".into(), [7_u8, 3])] {
        let found = with_column(ids);
        assert_eq!((found.ids.as_slice(), found.warnings.len()), (&[7, 3][..], 0));
    }
}

#[test]
fn ids_that_cannot_be_used_are_the_rows() {
    let column =
        |reason: &str| format!("column `id` is not used, since {reason}; the rows are numbered instead");
    let range = "not a whole number from 0 to 4294967295";
    for (ids, reason) in [
        (Series::new("id".into(), ["a", "b"]), "it holds `str`".to_owned()),
        (Series::new("id".into(), [0.0_f64, 1.0]), "it holds `f64`".to_owned()),
        (Series::new("id".into(), [Some(4_i64), None]), "row 1 (counted from 0) is null".to_owned()),
        (Series::new("id".into(), [4_i64, -1]), format!("row 1 (counted from 0) is `-1`, {range}")),
        (
            Series::new("id".into(), [1_u64 << 32, 1]),
            format!("row 0 (counted from 0) is `4294967296`, {range}"),
        ),
        (
            Series::new("id".into(), [u64::MAX, 1]),
            format!("row 0 (counted from 0) is a larger number, {range}"),
        ),
    ] {
        let found = with_column(ids);
        assert_eq!(found.ids, [0, 1]);
        assert_eq!(found.warnings, [column(&reason)]);
    }
}

#[test]
fn labels_that_cannot_be_used_are_left_out() {
    let column =
        |reason: &str| format!("column `label` is not used, since {reason}; the points have no labels");
    let many: Vec<String> = (0..257).map(|label| label.to_string()).collect();
    for (labels, reason) in [
        (Series::new("label".into(), [0.5_f64]), "it holds `f64`"),
        (Series::new("label".into(), [Some(true), None]), "row 1 (counted from 0) is null"),
        (Series::new("label".into(), [Some("a"), None]), "row 1 (counted from 0) is null"),
        (Series::new("label".into(), [Some(1_u8), None]), "row 1 (counted from 0) is null"),
        (
            Series::new("label".into(), [300_i64]),
            "row 0 (counted from 0) is `300`, not a whole number from 0 to 255",
        ),
        (Series::new("label".into(), many.clone()), "it holds 257 different texts, more than 256"),
    ] {
        let found = with_column(labels);
        assert_eq!(found.labels, None);
        assert_eq!(found.warnings, [column(reason)]);
    }
    let found = with_column(Series::new("label".into(), &many[..256]));
    assert_eq!((found.labels.unwrap().names.len(), found.warnings.len()), (256, 0));
    let truth = with_column(Series::new("label".into(), [true, false])).labels.unwrap();
    assert_eq!((truth.codes, truth.names), (vec![1, 0], vec!["false".to_owned(), "true".to_owned()]));
}

#[test]
fn a_column_of_labels_may_have_any_name_but_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.parquet");
    let columns = vec![
        Series::new("z0".into(), [0.5_f32, 1.5]),
        Series::new("species".into(), ["b", "a"]),
        Series::new("label".into(), [7_u8, 7]),
        Series::new("label_name".into(), ["seven", "seven"]),
    ];
    write_foreign(&path, columns);
    let labels = read_embeddings(&path, None, Some("species")).unwrap().labels.unwrap();
    assert_eq!((labels.codes, labels.names), (vec![1, 0], vec!["a".to_owned(), "b".to_owned()]));
    let labels = read_embeddings(&path, None, None).unwrap().labels.unwrap();
    assert_eq!((labels.codes, labels.names[7].as_str()), (vec![7, 7], "seven"));
    let error = read_embeddings(&path, None, Some("kind")).unwrap_err();
    assert_input_error(&error, &["no column `kind`", "`species`"]);
    let error = read_embeddings(&path, None, Some("z0")).unwrap_err();
    assert_input_error(&error, &["column `z0` cannot be used as labels", "it holds `f32`", "at most 256"]);
}

#[test]
fn names_that_cannot_be_used_leave_the_numbers() {
    let columns = vec![
        Series::new("z0".into(), [1.0_f32, 2.0]),
        Series::new("label".into(), [0_i64, 1]),
        Series::new("label_name".into(), [Some("cat"), None]),
    ];
    let found = read_foreign(columns, None).unwrap();
    assert_eq!(found.labels.unwrap().names, ["0", "1"]);
    assert_eq!(found.warnings.len(), 1);
    assert!(
        found.warnings[0].starts_with("column `label_name` is not used, since row 1"),
        "{:?}",
        found.warnings
    );
}

/// Reads a table of `tests/fixtures/make.py`.
fn read_fixture(name: &str) -> Result<Embeddings, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    read_embeddings(&folder.join(format!("{name}.parquet")), None, None)
}

#[test]
fn types_that_cannot_be_read_are_named() {
    for (table, column, dtype) in [
        ("half_list", "z", "list of 2 f16"),
        ("half_column", "z0", "f16"),
        ("empty_lists", "z", "list of 0 f32"),
        ("nested_lists", "z", "list of list of f32"),
    ] {
        let column = format!("column `{column}` has a type that cannot be read");
        assert_input_error(&read_fixture(table).unwrap_err(), &[&column, &format!("found: `{dtype}`")]);
    }
}

#[test]
fn columns_beside_the_points_may_be_of_any_type() {
    let found = read_fixture("strange_columns").unwrap();
    assert_eq!((found.values, found.ids, found.labels), (array![[1.0], [2.0]], vec![0, 1], None));
    assert_eq!(
        found.warnings,
        [
            "column `id` is not used, since it holds `struct`; the rows are numbered instead",
            "column `label` is not used, since it holds `dictionary of text`; the points have no labels"
        ]
    );
}

#[test]
fn what_is_no_file_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    assert_input_error(
        &read_embeddings(folder.path(), None, None).unwrap_err(),
        &["Parquet file", "a folder"],
    );
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = read_embeddings(&pipe, None, None).unwrap_err();
    assert_input_error(&error, &["pipe", "Parquet file", "neither a file nor a folder"]);
}

#[test]
fn a_file_that_is_no_parquet_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latents.parquet");
    for content in [&b""[..], b"PAR1", b"PAR1 this is some text that only looks like it PAR1"] {
        fs_err::write(&path, content).unwrap();
        assert_input_error(&read_embeddings(&path, None, None).unwrap_err(), &["latents.parquet"]);
    }
    assert_input_error(&read_embeddings(&folder.path().join("none"), None, None).unwrap_err(), &["none"]);
}

#[test]
fn a_truncated_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    write_dataset(&path, &dataset(), &metadata()).unwrap();
    let bytes = fs_err::read(&path).unwrap();
    for length in [4, bytes.len() / 2, bytes.len() - 1] {
        fs_err::write(&path, &bytes[..length]).unwrap();
        assert_input_error(&read_dataset(&path).unwrap_err(), &["dataset.parquet"]);
    }
}

#[test]
fn trials_have_typed_columns_and_nulls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.parquet");
    let row = |trial: u32, rate: serde_json::Value, k: serde_json::Value, bce: Option<f64>| TrialRow {
        trial,
        name: format!("seed={trial}"),
        state: if bce.is_some() { "done" } else { "failed" }.into(),
        overrides: vec![
            ("seed".into(), serde_json::json!(trial)),
            ("train.optimizer.learning-rate".into(), rate),
            ("cluster.k".into(), k),
            ("train.device".into(), serde_json::json!("cpu")),
        ],
        figures: vec![
            ("epochs", TrialFigure::Count(bce.map(|_| 3))),
            ("test_bce", TrialFigure::Number(bce)),
            ("best_k", TrialFigure::Count(Some(9))),
            ("silhouette", TrialFigure::Number(None)),
        ],
    };
    let rows = [
        row(1, serde_json::json!(1), serde_json::json!([2, 3]), Some(0.25)),
        row(2, serde_json::json!(0.5), serde_json::json!(7), None),
    ];
    write_trials(&path, &rows, &metadata()).unwrap();
    let table = ParquetReader::new(fs_err::File::open(&path).unwrap().into_file()).finish().unwrap();
    let types: Vec<_> =
        table.columns().iter().map(|column| format!("{} {}", column.name(), column.dtype())).collect();
    let expected = [
        "trial u32",
        "name str",
        "state str",
        "seed u32",
        "train.optimizer.learning-rate f64",
        "cluster.k str",
        "train.device str",
        "epochs u32",
        "test_bce f64",
        "best_k u32",
        "silhouette f64",
    ];
    assert_eq!(types, expected);
    let column = |name: &str| table.column(name).unwrap().clone();
    assert_eq!(column("test_bce").f64().unwrap().iter().collect::<Vec<_>>(), [Some(0.25), None]);
    assert_eq!(column("cluster.k").str().unwrap().iter().collect::<Vec<_>>(), [Some("[2,3]"), Some("7")]);
    assert_eq!(column("train.device").str().unwrap().iter().collect::<Vec<_>>(), [Some("cpu"), Some("cpu")]);
    assert_eq!(column("silhouette").null_count(), 2);
    write_trials(&path, &[], &metadata()).unwrap();
}
