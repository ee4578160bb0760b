//! Points from files of every format, as `tests/fixtures/formats.py` wrote them, and from what is left of damaged ones.

use std::path::{Path, PathBuf};

use latentkit_core::{Error, ErrorKind};
use latentkit_table::*;
use ndarray::{Array2, array};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn named(column: &str, label_column: &str, id_column: &str) -> Columns {
    let some = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Columns {
        column: some(column),
        label_column: some(label_column),
        id_column: some(id_column),
        noise_label: None,
    }
}

fn read(name: &str, columns: &Columns) -> Result<Embeddings, Error> {
    read_embeddings(&[Part::file(fixture(name))], columns)
}

fn points() -> Array2<f32> {
    array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]]
}

fn texts(texts: &[&str]) -> Ids {
    Ids::Texts(texts.iter().map(|&text| text.to_owned()).collect())
}

#[track_caller]
fn assert_refused(name: &str, columns: &Columns, parts: &[&str]) {
    let error = read(name, columns).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let text = error.to_string();
    for part in parts.iter().chain([&name]) {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn arrow_files_and_streams_of_any_compression_are_read() {
    for name in ["zstd.feather", "lz4.feather", "uncompressed.feather", "stream.arrow"] {
        let found = read(name, &named("x", "", "")).unwrap();
        assert_eq!(found.values, Values::Single(points()), "{name}");
        assert_eq!(found.ids, texts(&["a", "b", "c"]), "{name}");
        let labels = found.labels.unwrap();
        assert_eq!(labels.codes, [Some(1), None, Some(0)], "{name}");
        assert_eq!(labels.names, ["cat", "dog"], "{name}");
        let tensor = read(name, &named("tensor", "", "")).unwrap();
        assert_eq!(tensor.values, Values::Single(points()), "{name}");
        let half = read(name, &named("half", "", "")).unwrap();
        assert_eq!(half.values, Values::Single(array![[1.0], [2.0], [3.0]]), "{name}");
        assert_refused(name, &Columns::default(), &["several of its columns", "`half`, `tensor`, `x`"]);
    }
}

#[test]
fn arrays_of_any_order_and_type_are_read() {
    for name in ["big_endian.npy", "fortran.npy", "half.npy"] {
        let found = read(name, &Columns::default()).unwrap();
        assert_eq!((found.values, found.ids), (Values::Single(points()), Ids::numbered(3)), "{name}");
    }
    let images = Array2::from_shape_fn((3, 4), |(row, column)| (4 * row + column) as f32);
    assert_eq!(read("images.npy", &Columns::default()).unwrap().values, Values::Single(images));
    let none = Columns::default();
    assert_refused("flat.npy", &none, &["the shape (3,)", "points by columns", "reshape(-1, 1)"]);
    assert_refused("none.npy", &none, &["no rows"]);
    assert_refused("objects.npy", &none, &["Python objects, pickled", "numpy.stack"]);
    assert_refused("fortran.npy", &named("x", "", ""), &["no column `x`", "`array`"]);
}

#[test]
fn an_archive_of_arrays_is_a_table() {
    let found = read("arrays.npz", &named("X", "y", "ids")).unwrap();
    assert_eq!(found.values, Values::Single(points()));
    assert_eq!(found.ids, Ids::I64(vec![7, -1, 1 << 40]));
    assert_eq!(found.labels.unwrap().names, ["cat", "dog", "eel"]);
    assert_eq!(read("arrays.npz", &named("X", "flags", "y")).unwrap().ids, texts(&["dog", "eel", "cat"]));
    assert_eq!(read("arrays.npz", &named("other", "", "")).unwrap().values.dim(), (2, 2));
    assert_refused("arrays.npz", &Columns::default(), &["`X`, `other`"]);
    assert_refused("arrays.npz", &named("objects", "", ""), &["`objects`", "Python objects"]);
    assert_refused(
        "arrays.npz",
        &named("other", "y", ""),
        &["column `y` has another length", "2 rows", "found: 3"],
    );
    assert_refused("arrays.npz", &named("X", "label", ""), &["no column `label`"]);
    assert_refused("arrays.npz", &named("X", "", "flags"), &["column `flags` cannot be used as ids"]);
}

#[test]
fn structs_and_vectors_of_spark_are_points() {
    let vectors = Values::Single(array![[1.0, 0.0, 2.5], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]);
    let found = read("structs.parquet", &named("features", "", "")).unwrap();
    assert_eq!(found.values, vectors);
    let uuids = [
        "00000000-0000-0000-0000-000000000001",
        "80000000-0000-0000-0000-000000000000",
        "123e4567-e89b-12d3-a456-426614174000",
    ];
    assert_eq!(found.ids, texts(&uuids));
    assert_eq!(found.labels.unwrap().codes, [Some(1), Some(2), None], "lists of one are labels");
    let found = read("structs.parquet", &named("xy", "", "bytes")).unwrap();
    assert_eq!(found.values, Values::Single(points()));
    assert_eq!(found.ids, Ids::Bytes(vec![b"a".to_vec(), b"bc".to_vec(), Vec::new()]));
    assert_refused(
        "structs.parquet",
        &named("xy", "", "xy"),
        &["column `xy` cannot be used as ids", "struct"],
    );
    assert_refused("structs.parquet", &named("xy", "", "uid"), &["no column `uid`", "`bytes`"]);
}

#[test]
fn labels_of_noise_are_none() {
    let noise =
        |value: &str, column: &str| Columns { noise_label: Some(value.into()), ..named("X", column, "") };
    let found = read("arrays.npz", &noise("eel", "y")).unwrap();
    assert_eq!(found.labels.unwrap().codes, [Some(1), None, Some(0)]);
    assert_eq!(
        found.warnings,
        ["1 of the 3 points have the label `eel` and are left out where clusters are compared with labels"]
    );
    let found = read("arrays.npz", &noise("-1", "ids")).unwrap();
    assert_eq!(found.labels.unwrap().codes, [Some(0), None, Some(1)]);
    assert_eq!(read("arrays.npz", &noise("ant", "y")).unwrap().warnings, ["no point has the label `ant`"]);
    let error = read("arrays.npz", &noise("-1", "")).unwrap_err();
    assert!(error.to_string().contains("they have no labels"), "{error}");
}

/// Damaged files are an error or are read as something else; they end no program and take no memory that they do not hold.
#[test]
fn damage_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    for (name, column) in [
        ("zstd.feather", "x"),
        ("lz4.feather", "tensor"),
        ("stream.arrow", "x"),
        ("fortran.npy", "array"),
        ("arrays.npz", "X"),
        ("structs.parquet", "features"),
    ] {
        let whole = fs_err::read(fixture(name)).unwrap();
        let columns = named(column, "label", "id");
        let try_one = |bytes: &[u8]| {
            fs_err::write(&path, bytes).unwrap();
            let _ = read_embeddings(&[Part::file(&path)], &columns);
        };
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] = [0, 0x7f, 0xff][place % 3];
            try_one(&bytes);
        }
        for length in (0..whole.len()).step_by(7) {
            try_one(&whole[..length]);
        }
    }
}

#[test]
fn what_a_file_is_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points");
    for (content, parts) in [
        (&b""[..], ["an empty file", ""]),
        (b"x,y\n1,2\n", ["a text", "pandas.read_csv"]),
        (b"FEA1....", ["Feather of version 1", "version 2"]),
        (b"\x89HDF\r\n\x1a\n", ["HDF5", "numpy.save"]),
        (b"\x80\x04\x95\x00\x00\x00\x00", ["a pickle", "numpy.save"]),
        (b"\x1f\x8b\x08\x00", ["a compressed file", "unpack"]),
        (b"\x00\x01\x02", ["neither of them", "to_parquet"]),
        (b"ARROW1", ["cut off", ""]),
        (b"\xff\xff\xff\xff\x00\x00\x00\x00", ["without a schema", ""]),
        (
            b"PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            ["without arrays", ""],
        ),
        (b"\x93NUMPY\x01\x00\xff\xff", ["points", ""]),
    ] {
        fs_err::write(&path, content).unwrap();
        let error = read_embeddings(&[Part::file(&path)], &Columns::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        let text = error.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} are not in:\n{text}");
    }
}
