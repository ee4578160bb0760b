//! Arrays as `NumPy` writes them; `tests/fixtures/tables.py` makes them.

use crate::config::Source;

use super::*;

fn source(text: &str) -> Source {
    Source::of_table(toml::from_str(text).unwrap()).unwrap()
}

fn folders() -> Folders<'static> {
    let tables = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tables");
    Folders { config: Path::new(tables), data: Path::new("") }
}

fn load(text: &str) -> Result<Images> {
    source(text).get().load(folders(), Cancellation::never())
}

/// The values of the six images.
fn grey() -> Vec<u8> {
    (0..6).flat_map(|image| (0..6).map(move |pixel| 20 * image + pixel)).collect()
}

fn colour() -> Vec<u8> {
    grey().into_iter().flat_map(|value| [value, 255 - value, 7]).collect()
}

#[test]
fn archives_of_keras_and_of_medmnist() {
    let images = load("npz = 'keras.npz'").unwrap();
    assert_eq!((images.shape, images.pixels), (ImageShape::grey(2, 3), grey()));
    assert_eq!(images.labels.codes, [0, 1, 2, 0, 1, 2].map(Some));
    assert_eq!(images.splits, [None, None, None, None, Some(Split::Test), Some(Split::Test)]);
    let images = load("npz = 'medmnist.npz'\nlabel-names = ['a', 'b', 'c']").unwrap();
    assert_eq!((images.shape.channels, images.pixels), (3, colour()));
    assert_eq!(images.splits[2..5], [None, Some(Split::Validation), Some(Split::Test)]);
    assert_eq!((images.labels.names[1].as_str(), images.labels.codes[4]), ("b", Some(1)));
    for file in ["keras.npz", "medmnist.npz"] {
        let text = format!("npz = '{file}'");
        assert_eq!(source(&text).get().image_shape(folders().config).unwrap(), load(&text).unwrap().shape);
    }
}

#[test]
fn arrays_in_files_of_their_own() {
    let images = load("npy-images = 'x.npy'\nnpy-labels = 'y.npy'").unwrap();
    assert_eq!((images.pixels, images.labels.codes.len(), images.hashes.len()), (grey(), 6, 2));
    let images = load("npy-images = 'first.npy'").unwrap();
    let wide: Vec<u8> = colour().chunks_exact(9).flat_map(|row| [row, &row[6..]].concat()).collect();
    assert_eq!((images.shape, images.pixels), (ImageShape { height: 2, width: 4, channels: 3 }, wide));
    assert!(images.labels.names.is_empty());
    let images = load("npy-images = 'one.npy'").unwrap();
    let wide: Vec<u8> = grey().chunks_exact(3).flat_map(|row| [row, &row[2..]].concat()).collect();
    assert_eq!((images.shape, images.pixels), (ImageShape::grey(2, 4), wide));
}

#[test]
fn what_is_wrong_is_said() {
    for (text, expected) in [
        ("npz = 'others.npz'", "found: `first`, `second`"),
        ("npz = 'x.npy'", "none of its arrays is known to hold images"),
        ("npz = 'binary.parquet'", "neither of them"),
        ("npz = 'absent.npz'", "cannot find"),
        ("npy-images = 'flat.npy'", "hint: save `array.reshape(-1, height, width)`"),
        ("npy-images = 'x.npy'\nnpy-labels = 'hot.npy'", "argmax(axis=1)"),
        ("npy-images = 'x.npy'\nnpy-labels = 'absent.npy'", "`dataset.source.npy-labels` names it"),
        ("npy-images = 'y.npy'", "found: the shape (6)"),
        ("npy-images = 'deep.npy'", "(x >> 8)"),
        ("npy-images = 'either.npy'", "found: the shape (6, 3, 2, 3)"),
    ] {
        let error = load(text).unwrap_err();
        assert_eq!(error.kind(), latentkit_core::ErrorKind::Input);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
}
