//! Every table goes out and comes back the same, and a file that is not what it should be says so.

use std::path::Path;

use latentkit_core::summary::{LabelAgreement, Metrics, NeighbourFigure, Preservation, SilhouetteKind};
use latentkit_core::{Cancellation, Error, ErrorKind, ImageShape};
use latentkit_table::Labels;
use latentkit_table::*;
use ndarray::array;
use polars::prelude::{ArrowDataType, ArrowField, DataFrame, DataType, IntoColumn, NamedFrom, Series};
use polars_io::prelude::{KeyValueMetadata, ParquetReader, ParquetWriter, SerReader};

fn metadata() -> Metadata {
    Metadata::from([("seed".to_owned(), "42".to_owned())])
}

fn dataset() -> Dataset {
    Dataset {
        shape: ImageShape::grey(2, 3),
        splits: vec![Split::Train, Split::Validation, Split::Test],
        labels: Labels::complete([0, 1, 1], vec!["zero".into(), "<one>".into()]),
        paths: None,
        images: (0..18).collect(),
    }
}

#[test]
fn a_dataset_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    write_dataset(&path, &dataset(), &metadata(), Cancellation::never()).unwrap();
    assert_eq!(read_dataset(&path, Cancellation::never()).unwrap(), dataset());
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_dataset_of_plain_bytes_tells_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    let columns = vec![Series::new("image".into(), [&b"123456"[..]]).into_column()];
    let pairs = [("height", "2"), ("width", "3"), ("label_names", "[]")];
    let pairs = pairs.map(|(key, value)| (format!("latentkit.{key}"), value.to_owned()));
    ParquetWriter::new(fs_err::File::create(&path).unwrap())
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs.to_vec())))
        .finish(&mut DataFrame::new(1, columns).unwrap())
        .unwrap();
    let error = read_dataset(&path, Cancellation::never()).unwrap_err();
    assert_input_error(
        &error,
        &["dataset.parquet", "column `image` holds no PNG files", "run `latentkit ingest`"],
    );
}

/// The columns of a table that may hold nulls, and the items of lists that may.
fn nullable(path: &Path) -> Vec<String> {
    let mut reader = ParquetReader::new(fs_err::File::open(path).unwrap().into_file());
    let schema = reader.schema().unwrap();
    let item = |field: &ArrowField| match field.dtype() {
        ArrowDataType::FixedSizeList(item, _) => item.is_nullable,
        _ => false,
    };
    let fields = schema.iter_values().filter(|field| field.is_nullable || item(field));
    fields.map(|field| field.name.to_string()).collect()
}

#[test]
fn only_what_may_be_null_is_nullable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    // Hugging Face's `datasets` sees features in such columns alone.
    write_dataset(&path, &dataset(), &metadata(), Cancellation::never()).unwrap();
    assert_eq!(nullable(&path), ["label", "image"]);
    let latents = Latents {
        splits: dataset().splits,
        labels: dataset().labels,
        paths: None,
        values: array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        reconstruction_bce: vec![0.5; 3],
        reconstruction_mse: vec![0.5; 3],
    };
    write_latents(&path, &latents, &metadata()).unwrap();
    assert_eq!(nullable(&path), ["label"]);
    let block = |_| {
        Ok(Assignments {
            method: "dbscan".into(),
            k: 1,
            ids: vec![0, 1].into(),
            clusters: vec![Some(0), None],
            silhouettes: vec![None; 2],
            distances: vec![Some(0.5), None],
        })
    };
    let clusterings = [("dbscan".to_owned(), 1)];
    write_assignments(
        &path,
        &clusterings,
        SilhouetteKind::Exact,
        None,
        &metadata(),
        Cancellation::never(),
        block,
    )
    .unwrap();
    assert_eq!(nullable(&path), ["cluster", "silhouette", "distance"]);
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write_dataset(&a, &dataset(), &metadata(), Cancellation::never()).unwrap();
    write_dataset(&b, &dataset(), &metadata(), Cancellation::never()).unwrap();
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
        ids: Ids::numbered(3),
        clusters: vec![Some(k), Some(4), None],
        silhouettes: vec![Some(0.5), None, None],
        distances: vec![Some(1.0), Some(2.0), None],
    };
    let blocks = [block("k-means", 5), block("k-means", 6), block("hdbscan", 5)];
    let names = blocks.each_ref().map(|block| (block.method.clone(), block.k));
    for kind in [SilhouetteKind::Exact, SilhouetteKind::Sampled] {
        write_assignments(&path, &names, kind, None, &metadata(), Cancellation::never(), |index| {
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
    let table =
        CentroidImages { shape: ImageShape::grey(1, 3), images: vec![vec![0, 128, 255], vec![1, 2, 3]] };
    write_centroid_images(&path, &table, &metadata()).unwrap();
    assert_eq!(read_centroid_images(&path).unwrap(), table);
}

#[test]
fn clusters_come_back_with_the_names_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clusters.parquet");
    let row =
        |cluster, labels| ClusterRow { cluster, size: 12, silhouette: Some(-0.25), distance: 1.5, labels };
    let labels = |name: &str| Some(ClusterLabels { name: name.into(), purity: 0.75 });
    let rows = [row(0, labels("Sneaker + Ankle boot")), row(1, labels("<Bag>"))];
    write_clusters(&path, &rows, SilhouetteKind::Exact, &metadata()).unwrap();
    assert_eq!(read_clusters(&path).unwrap(), rows);

    for rows in [[row(0, labels("Bag")), row(1, None)], [row(0, None), row(1, None)]] {
        write_clusters(&path, &rows, SilhouetteKind::Sampled, &metadata()).unwrap();
        assert_eq!(read_clusters(&path).unwrap(), rows);
    }
}

#[test]
fn examples_come_back_with_the_names_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("examples.parquet");
    let row = |kind, name: Option<&str>| ExampleRow {
        cluster: 3,
        kind,
        rank: 1,
        id: Id::U32(69_999),
        label_name: name.map(str::to_owned),
        path: name.map(|name| format!("{name}/1.png")),
        silhouette: Some(-0.5),
        distance: 2.5,
    };
    let rows = [row(ExampleKind::Nearest, Some("Bag")), row(ExampleKind::LowestSilhouette, Some("Coat"))];
    write_examples(&path, &rows, SilhouetteKind::Exact, &metadata()).unwrap();
    assert_eq!(read_examples(&path).unwrap(), rows);

    let mixed = [rows[0].clone(), row(ExampleKind::Nearest, None)];
    write_examples(&path, &mixed, SilhouetteKind::Sampled, &metadata()).unwrap();
    assert_eq!(read_examples(&path).unwrap(), mixed);
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
    write_dataset(&path, &dataset(), &metadata(), Cancellation::never()).unwrap();
    let found = read_images(&path, &[2, 0, 2]).unwrap();
    let last = [12, 13, 14, 15, 16, 17];
    assert_eq!(found.shape, ImageShape::grey(2, 3));
    assert_eq!(found.pixels, array![last, [0, 1, 2, 3, 4, 5], last]);
    assert_eq!(read_images(&path, &[]).unwrap().pixels.dim(), (0, 6));
    let error = read_images(&path, &[1, 3]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("has no image of id 3\n  expected: ids below 3"), "{error}");
    write_projection(&path, &Projection { ids: Ids::numbered(0), pc1: vec![], pc2: vec![] }, &metadata())
        .unwrap();
    assert_eq!(read_images(&path, &[0]).unwrap_err().kind(), ErrorKind::Input);
}

#[test]
fn images_far_apart_in_a_long_table_are_the_right_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.parquet");
    let count: u32 = 5000;
    let many = Dataset {
        splits: vec![Split::Train; count as usize],
        labels: Labels::complete(std::iter::repeat_n(0, count as usize), dataset().labels.names),
        images: (0..count).flat_map(|id| [0; 2].into_iter().chain(id.to_le_bytes())).collect(),
        ..dataset()
    };
    write_dataset(&path, &many, &metadata(), Cancellation::never()).unwrap();
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
    for ids in [
        Ids::U32(vec![7, 3]),
        Ids::I64(vec![-1, 3]),
        Ids::U64(vec![u64::MAX, 3]),
        Ids::Texts(vec!["a b".into(), String::new()]),
        Ids::Bytes(vec![vec![0, 255], vec![]]),
    ] {
        let projection = Projection { ids, pc1: vec![-1.5, 2.5], pc2: vec![0.0, 1e-30] };
        write_projection(&path, &projection, &metadata()).unwrap();
        assert_eq!(read_projection(&path).unwrap(), projection);
    }
}

#[test]
fn reconstructions_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reconstructions.parquet");
    let row = |kind| Reconstruction {
        id: 9,
        kind,
        label: Some(3),
        label_name: Some("Dress".into()),
        bce: 0.25,
        image: vec![0, 128, 255, 1],
        reconstruction: vec![3, 120, 250, 0],
    };
    let rows = vec![row(ReconstructionKind::Example), row(ReconstructionKind::Worst)];
    let table = Reconstructions { shape: ImageShape::grey(2, 2), rows };
    write_reconstructions(&path, &table, &metadata()).unwrap();
    assert_eq!(read_reconstructions(&path).unwrap(), table);
}

#[test]
fn latents_are_read_as_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latents.parquet");
    let latents = Latents {
        splits: vec![Split::Train, Split::Test],
        labels: Labels::complete([1, 0], vec!["Bag".into(), "Coat".into()]),
        paths: None,
        values: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        reconstruction_bce: vec![0.1, 0.2],
        reconstruction_mse: vec![0.3, 0.4],
    };
    write_latents(&path, &latents, &metadata()).unwrap();
    let expected = Embeddings {
        ids: Ids::numbered(2),
        labels: Some(Labels { codes: vec![Some(1), Some(0)], names: vec!["Bag".into(), "Coat".into()] }),
        paths: None,
        values: Values::Single(latents.values),
        warnings: Vec::new(),
    };
    assert_eq!(read_embeddings(&path, None, None).unwrap(), expected);
    assert_eq!(read_embeddings(&path, Some("z"), None).unwrap(), expected);
}

/// Reads a file alone.
fn read_embeddings(
    path: &Path,
    column: Option<&str>,
    label_column: Option<&str>,
) -> Result<Embeddings, Error> {
    let columns = Columns {
        column: column.map(str::to_owned),
        label_column: label_column.map(str::to_owned),
        ..Columns::default()
    };
    latentkit_table::read_embeddings(&[Part::file(path)], &columns)
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
    assert_eq!(embeddings.values, Values::Single(array![[0.5, 2.5], [1.5, 3.5]]));
    assert_eq!(embeddings.ids, Ids::numbered(2));
    assert_eq!(
        embeddings.labels,
        Some(Labels { codes: vec![Some(1), Some(0)], names: vec!["cat".into(), "dog".into()] })
    );
}

#[test]
fn numbers_that_f32_does_not_hold_stay_f64() {
    let rows = [[1e4 + 1e-5, 1.0], [1e4 + 3e-5, 2.0], [1e300, 3.0]];
    let columns = vec![
        Series::new("z0".into(), rows.map(|row| row[0])),
        Series::new("z1".into(), rows.map(|row| row[1])),
        Series::new("list".into(), rows.map(|row| Series::new("".into(), row))),
    ];
    for column in [None, Some("list"), Some("z*"), Some("z0, z1")] {
        let expected = Values::Double(array![[rows[0][0], 1.0], [rows[1][0], 2.0], [1e300, 3.0]]);
        assert_eq!(read_foreign(columns.clone(), column).unwrap().values, expected);
    }
    let found = read_foreign(columns, Some("z1")).unwrap().values;
    assert_eq!(found, Values::Single(array![[1.0], [2.0], [3.0]]));
}

#[test]
fn foreign_lists_are_read() {
    let lists = [Series::new("".into(), [1.0_f32, 2.0]), Series::new("".into(), [3.0_f32, 4.0])];
    let columns = vec![Series::new("embedding".into(), lists), Series::new("label".into(), [7_i64, 7])];
    let embeddings = read_foreign(columns, None).unwrap();
    assert_eq!(embeddings.values, Values::Single(array![[1.0, 2.0], [3.0, 4.0]]));
    assert_eq!(embeddings.labels.unwrap().names[7], "7");
}

#[test]
fn no_columns_that_hold_points() {
    let columns = || ["x", "y"].map(|name| Series::new(name.into(), [1.0_f32])).to_vec();
    let error = refusal(columns(), None);
    assert_input_error(&error, &["no columns that are known to hold points", "`x`, `y`", "--column NAME"]);
    assert_eq!(read_foreign(columns(), Some("y,x")).unwrap().values, Values::Single(array![[1.0, 1.0]]));
    assert_input_error(&refusal(columns(), Some("y,z")), &["no column `z`", "`x`, `y`"]);
    assert_input_error(&refusal(columns(), Some("z*")), &["no column like `z*`", "`x`, `y`"]);
}

#[test]
fn numbered_columns_of_any_name_are_read_in_their_order() {
    let columns = |names: &[&str]| -> Vec<Series> {
        let column = |(value, name): (u8, &&str)| Series::new((*name).into(), [value]);
        (0..).zip(names).map(column).collect()
    };
    for names in [["0", "1"], ["x_0", "x_1"], ["embedding0", "embedding1"]] {
        let found = read_foreign(columns(&[names[1], names[0], "y", "label"]), None).unwrap();
        assert_eq!(found.values, Values::Single(array![[1.0, 0.0]]), "{names:?}");
    }
    let many: Vec<String> = (0..12).map(|index| format!("e_{index}_v")).collect();
    let shuffled: Vec<&str> = many.iter().rev().map(String::as_str).collect();
    let found = read_foreign(columns(&shuffled), Some("e_*_v")).unwrap();
    assert_eq!(
        found.values.rounded().row(0).to_vec(),
        (0..12).rev().map(|value| value as f32).collect::<Vec<_>>()
    );
    let error = refusal(columns(&["a0", "a1", "b0", "b1"]), None);
    assert_input_error(&error, &["several of its columns", "`a0` to `a1`, `b0` to `b1`", "--column"]);
    let error = refusal(columns(&["x_0", "x_2"]), None);
    assert_input_error(&error, &["no column `x_1`", "`x_0` to `x_2`"]);
}

#[test]
fn points_of_any_type_of_number_are_read() {
    let expected = Values::Single(array![[1.0, 0.0], [0.0, 1.0]]);
    for dtype in [
        DataType::Boolean,
        DataType::Int8,
        DataType::UInt16,
        DataType::Int32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float64,
        DataType::Decimal(10, 2),
    ] {
        let cast = |values: [i32; 2]| Series::new("".into(), values).cast(&dtype).unwrap();
        let columns = vec![cast([1, 0]).with_name("z0".into()), cast([0, 1]).with_name("z1".into())];
        assert_eq!(read_foreign(columns, None).unwrap().values, expected, "{dtype}");
        let lists = vec![Series::new("e".into(), [cast([1, 0]), cast([0, 1])])];
        assert_eq!(read_foreign(lists, None).unwrap().values, expected, "list of {dtype}");
    }
    let wide = vec![Series::new("z0".into(), [(1_i64 << 40) + 1])];
    assert_eq!(read_foreign(wide, None).unwrap().values, Values::Double(array![[1_099_511_627_777.0]]));
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
    let lists = [[1.0_f64, 2.0], [3.0, f64::NAN]].map(|list| Series::new("".into(), list));
    let error = refusal(vec![Series::new("e".into(), lists)], None);
    assert_input_error(&error, &["column `e`, row 1", "not finite"]);
}

#[test]
fn lists_of_different_lengths_are_named_by_row() {
    let lists = [Series::new("".into(), [1.0_f32, 2.0]), Series::new("".into(), [3.0_f32])];
    let error = refusal(vec![Series::new("z".into(), lists)], None);
    assert_input_error(&error, &["column `z`, row 1", "2 values", "found: 1"]);
}

#[test]
fn a_gap_in_the_columns_is_an_error() {
    let columns = |names: &[&str]| names.iter().map(|&name| Series::new(name.into(), [1.0_f32])).collect();
    let error = refusal(columns(&["z0", "z1", "z3"]), None);
    assert_input_error(&error, &["no column `z2`", "`z0` to `z3`"]);
    assert_eq!(read_foreign(columns(&["z1", "z0", "z", "z03", "zoom"]), None).unwrap().values.dim().1, 2);
}

/// Reads one point for each value of this column, which is not one of the points.
fn with_column(column: Series) -> Embeddings {
    let z = Series::new("z0".into(), vec![1.0_f32; column.len()]);
    read_foreign(vec![z, column], None).unwrap()
}

#[test]
fn ids_are_kept_as_they_are() {
    let texts = |ids: [&str; 2]| Ids::Texts(ids.map(str::to_owned).to_vec());
    for (column, expected) in [
        (Series::new("id".into(), [7_i64, 3]), Ids::U32(vec![7, 3])),
        (Series::new("id".into(), [7_u8, 3]), Ids::U32(vec![7, 3])),
        (Series::new("id".into(), [7.0_f64, -3.0]), Ids::I64(vec![7, -3])),
        (Series::new("id".into(), [4_i64, -1]), Ids::I64(vec![4, -1])),
        (Series::new("id".into(), [1_u64 << 32, 1]), Ids::I64(vec![1 << 32, 1])),
        (Series::new("id".into(), [u64::MAX, 1]), Ids::U64(vec![u64::MAX, 1])),
        (Series::new("id".into(), ["b", "a"]), texts(["b", "a"])),
    ] {
        let found = with_column(column);
        assert_eq!((found.ids, found.warnings.len()), (expected, 0));
    }
}

#[test]
fn ids_that_cannot_be_used_are_the_rows() {
    for (ids, reason) in [
        (Series::new("id".into(), [0.5_f64, 1.0]), "row 0 (counted from 0) is `0.5`, not a whole number"),
        (Series::new("id".into(), [f64::NAN, 1.0]), "row 0 (counted from 0) is NaN"),
        (Series::new("id".into(), [Some(4_i64), None]), "row 1 (counted from 0) is null"),
        (Series::new("id".into(), [true, false]), "it holds `bool`"),
    ] {
        let found = with_column(ids);
        assert_eq!(found.ids, Ids::numbered(2));
        let expected = format!("column `id` is not used, since {reason}; the rows are numbered instead");
        assert_eq!(found.warnings, [expected]);
    }
}

#[test]
fn labels_that_cannot_be_used_are_left_out() {
    let column =
        |reason: &str| format!("column `label` is not used, since {reason}; the points have no labels");
    for (labels, reason) in [
        (Series::new("label".into(), [0.5_f64]), "row 0 (counted from 0) is `0.5`, not a whole number"),
        (Series::new("label".into(), [u64::MAX]), "it holds numbers of more than 63 bits"),
    ] {
        let found = with_column(labels);
        assert_eq!(found.labels, None);
        assert_eq!(found.warnings, [column(reason)]);
    }
    let found = with_column(Series::new("label".into(), [None::<i64>]));
    assert_eq!(found.labels, None);
    assert_eq!(found.warnings, ["column `label` has no values; the points have no labels"]);
}

#[test]
fn labels_of_any_kind_and_number_are_used() {
    let labels = |column: Series| {
        let found = with_column(column);
        assert!(found.warnings.len() < 2, "{:?}", found.warnings);
        let labels = found.labels.unwrap();
        let name = |code: &Option<u32>| code.map(|code| labels.names[code as usize].clone());
        labels.codes.iter().map(name).collect::<Vec<_>>()
    };
    let some = |names: &[&str]| names.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>();
    assert_eq!(labels(Series::new("label".into(), [true, false])), some(&["true", "false"]));
    assert_eq!(labels(Series::new("label".into(), [-1_i64, 7, -1])), some(&["-1", "7", "-1"]));
    assert_eq!(labels(Series::new("label".into(), [300_i64, 3_000_000_000])), some(&["300", "3000000000"]));
    assert_eq!(labels(Series::new("label".into(), [2.0_f64, f64::NAN])), [Some("2".to_owned()), None]);
    assert_eq!(labels(Series::new("label".into(), [Some("b"), None])), [Some("b".to_owned()), None]);
    let many: Vec<String> = (0..70_000).map(|label| format!("label {label}")).collect();
    assert_eq!(labels(Series::new("label".into(), &many)).len(), 70_000);
    let found = with_column(Series::new("label".into(), [Some(1_i64), None, None]));
    assert_eq!(found.labels.unwrap().codes, [Some(1), None, None]);
    assert!(found.warnings[0].starts_with("2 of the 3 points have no label"), "{:?}", found.warnings);
}

#[test]
fn parts_are_read_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, columns: Vec<Series>| {
        write_foreign(&folder.path().join(name), columns);
        Part::file(folder.path().join(name))
    };
    let z = |values: &[f32]| Series::new("z0".into(), values);
    let label = |names: &[&str]| Series::new("label".into(), names);
    let first = write("a", vec![z(&[1.0, 2.0]), label(&["dog", "cat"])]);
    let second = write("b", vec![z(&[3.0]), label(&["eel"])]);
    let read = |parts: &[Part]| latentkit_table::read_embeddings(parts, &Columns::default());
    let found = read(&[first.clone(), second.clone()]).unwrap();
    assert_eq!(found.values, Values::Single(array![[1.0], [2.0], [3.0]]));
    assert_eq!(found.ids, Ids::numbered(3));
    let labels = found.labels.unwrap();
    assert_eq!(
        (labels.codes, labels.names.join(" ")),
        (vec![Some(1), Some(0), Some(2)], "cat dog eel".to_owned())
    );

    let precise = write("c", vec![Series::new("z0".into(), [0.1_f64]), label(&["cat"])]);
    assert_eq!(read(&[first.clone(), precise]).unwrap().values, Values::Double(array![[1.0], [2.0], [0.1]]));
    let other = write("d", vec![z(&[1.0]), Series::new("z1".into(), [2.0_f32]), label(&["cat"])]);
    assert_input_error(
        &read(&[first.clone(), other]).unwrap_err(),
        &["`z0`", "1 dimensions", "2 dimensions"],
    );
    let unlabelled = write("e", vec![z(&[1.0])]);
    assert_input_error(&read(&[first.clone(), unlabelled.clone()]).unwrap_err(), &["some parts have labels"]);
    let numbered = write("f", vec![z(&[1.0]), Series::new("label".into(), [1_i64])]);
    assert_input_error(&read(&[first, numbered]).unwrap_err(), &["labels are of another type"]);

    let of =
        |species: &str| Part { partitions: vec![("species".into(), species.into())], ..unlabelled.clone() };
    let species = Columns { label_column: Some("species".into()), ..Columns::default() };
    let found = latentkit_table::read_embeddings(&[of("x"), of("y")], &species).unwrap();
    assert_eq!(found.labels.unwrap().names, ["x", "y"]);
}

#[test]
fn repeated_ids_are_told() {
    let found = with_column(Series::new("id".into(), [5_i64, 7, 5, 7, 1]));
    assert_eq!(found.warnings, ["2 ids stand for several points each, such as 5, 7"]);
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
    assert_eq!((labels.codes, labels.names), (vec![Some(1), Some(0)], vec!["a".to_owned(), "b".to_owned()]));
    let labels = read_embeddings(&path, None, None).unwrap().labels.unwrap();
    assert_eq!((labels.codes, labels.names[7].as_str()), (vec![Some(7), Some(7)], "seven"));
    let error = read_embeddings(&path, None, Some("kind")).unwrap_err();
    assert_input_error(&error, &["no column `kind`", "`species`"]);
    let error = read_embeddings(&path, None, Some("z0")).unwrap_err();
    assert_input_error(
        &error,
        &["column `z0` cannot be used as labels", "is `0.5`, not a whole number", "texts, whole numbers"],
    );
}

#[test]
fn names_that_are_missing_leave_the_numbers() {
    let columns = vec![
        Series::new("z0".into(), [1.0_f32, 2.0]),
        Series::new("label".into(), [0_i64, 1]),
        Series::new("label_name".into(), [Some("cat"), None]),
    ];
    let found = read_foreign(columns, None).unwrap();
    assert_eq!(
        (found.labels.unwrap().names, found.warnings.len()),
        (vec!["cat".to_owned(), "1".to_owned()], 0)
    );
}

/// Reads a table of `tests/fixtures/make.py`.
fn read_fixture(name: &str) -> Result<Embeddings, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    read_embeddings(&folder.join(format!("{name}.parquet")), None, None)
}

#[test]
fn half_precision_and_lists_of_lists_are_read() {
    for table in ["half_list", "half_column", "nested_lists"] {
        let found = read_fixture(table).unwrap();
        assert!(matches!(found.values, Values::Single(_)), "{table}");
    }
}

#[test]
fn types_that_cannot_be_read_are_named() {
    let error = read_fixture("empty_lists").unwrap_err();
    assert_input_error(&error, &["column `z` has a type that cannot be read", "found: `list of 0 f32`"]);
}

#[test]
fn columns_beside_the_points_may_be_of_any_type() {
    let found = read_fixture("strange_columns").unwrap();
    assert_eq!((found.values, found.ids), (Values::Single(array![[1.0], [2.0]]), Ids::numbered(2)));
    assert!(found.labels.is_some());
    assert_eq!(
        found.warnings,
        ["column `id` is not used, since it holds `struct[1]`; the rows are numbered instead"]
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
    write_dataset(&path, &dataset(), &metadata(), Cancellation::never()).unwrap();
    let bytes = fs_err::read(&path).unwrap();
    for length in [4, bytes.len() / 2, bytes.len() - 1] {
        fs_err::write(&path, &bytes[..length]).unwrap();
        assert_input_error(&read_dataset(&path, Cancellation::never()).unwrap_err(), &["dataset.parquet"]);
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
