//! Tables as others write them; `tests/fixtures/tables.py` makes them.

use latentkit_core::ErrorKind;

use super::*;

fn source(text: &str) -> Parquet {
    let (keys, common) = common::read(toml::from_str(text).unwrap(), OWN).unwrap();
    Parquet { keys, common }
}

fn folders() -> Folders<'static> {
    let tables = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tables");
    Folders { config: Path::new(tables), data: Path::new("") }
}

fn load(text: &str) -> Result<Images> {
    source(text).load(folders(), Cancellation::never())
}

fn error(text: &str) -> String {
    let error = load(text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    error.to_string()
}

/// The values of the six images.
fn grey() -> Vec<u8> {
    (0..6).flat_map(|image| (0..6).map(move |pixel| 20 * image + pixel)).collect()
}

fn colour() -> Vec<u8> {
    grey().into_iter().flat_map(|value| [value, 255 - value, 7]).collect()
}

#[test]
fn pictures_of_hugging_face() {
    let images = load("parquet = 't*-*.parquet'").unwrap();
    // `test` comes before `train`.
    let turned = [&grey()[24..], &grey()[..24]].concat();
    assert_eq!((images.shape, images.pixels), (ImageShape::grey(2, 3), turned));
    assert_eq!(images.labels.names, ["cat", "dog", "owl"]);
    assert_eq!(images.labels.codes, [1, 2, 0, 1, 2, 0].map(Some));
    assert_eq!(images.splits, [Some(Split::Test), Some(Split::Test), None, None, None, None]);
    assert_eq!(images.hashes.len(), 2);
    let inputs = source("parquet = 't*-*.parquet'").inputs(folders()).unwrap();
    assert_eq!(inputs[0].name, "test-00000-of-00001.parquet");
    assert_eq!(
        source("parquet = 'train-00000-of-00001.parquet'").image_shape(folders().config).unwrap(),
        images.shape
    );
    let alone = load("parquet = 'train-00000-of-00001.parquet'\nlabel-names = ['a', 'b', 'c']").unwrap();
    assert_eq!((alone.splits, alone.labels.names[2].as_str()), (vec![None; 4], "c"));
}

#[test]
fn plain_columns_of_pictures() {
    let images = load("parquet = 'binary.parquet'").unwrap();
    assert_eq!((images.shape.channels, images.pixels), (3, colour()));
    assert_eq!(
        (images.labels.names, images.paths),
        (vec!["class 0".into(), "class 1".into(), "class 2".into()], None)
    );
    let some = load("parquet = 'binary.parquet'\nlimit = 2\nchannels = 'grey'\nsize = [1, 1]").unwrap();
    assert_eq!((some.pixels.len(), some.labels.codes.len()), (2, 2));
}

#[test]
fn lists_of_values() {
    let images = load("parquet = 'lists.parquet'\nshape = [2, 3]\nsplit-column = 'part'").unwrap();
    assert_eq!((images.shape, images.pixels), (ImageShape::grey(2, 3), grey()));
    assert_eq!(images.labels.codes, [0, 1, 2, 0, 1, 2].map(Some));
    let (train, validation, test) = (None, Some(Split::Validation), Some(Split::Test));
    assert_eq!(images.splits, [train, train, validation, train, test, test]);
    for file in ["nested.parquet", "array2d.parquet"] {
        assert_eq!(load(&format!("parquet = '{file}'")).unwrap().pixels, grey(), "{file}");
    }
    let images = load("parquet = 'array.parquet'").unwrap();
    assert_eq!((images.shape, images.pixels), (ImageShape { height: 2, width: 3, channels: 3 }, colour()));
}

#[test]
fn what_is_wrong_is_said() {
    for (text, expected) in [
        ("parquet = 'lists.parquet'", "nothing says what shape the images in column `pixels` have"),
        ("parquet = 'lists.parquet'\nshape = [2, 2]", "expected: 4 values, a 2x2 image\n  found: 6 values"),
        ("parquet = 'lists.parquet'\nshape = [2, 3]\nsplit-column = 'pixels'", "pixels"),
        ("parquet = 'signed.parquet'\nshape = [2, 3]", "`-1` in image 0"),
        ("parquet = 'paths.parquet'", "only the path `elsewhere.png`"),
        ("parquet = 'binary.parquet'\nimage-column = 'label'", "column `label` holds no images"),
        ("parquet = 'binary.parquet'\nimage-column = 'x'", "it has no column `x`"),
        ("parquet = 'binary.parquet'\nlabel-column = 'x'", "it has no column `x`"),
        ("parquet = 'x.npy'", "expected: a Parquet file"),
        ("parquet = 'absent*.parquet'", "cannot find"),
        ("parquet = '../pictures'", "holds no Parquet files"),
    ] {
        let error = error(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let wrong = |text: &str| read(toml::from_str(text).unwrap()).unwrap_err().message().to_owned();
    assert!(wrong("parquet = 'a'\nshape = [2, 3, 4]").contains("expected `shape = [height, width]`"));
}

#[test]
fn the_order_of_axes() {
    let of = |lengths: &[usize]| shape_of(lengths).map(|(shape, order)| (shape.to_string(), order));
    assert_eq!(of(&[28, 28]), Some(("28x28".to_owned(), Order::ChannelsLast)));
    assert_eq!(of(&[28, 30, 3]), Some(("28x30x3".to_owned(), Order::ChannelsLast)));
    assert_eq!(of(&[3, 28, 30]), Some(("28x30x3".to_owned(), Order::ChannelsFirst)));
    assert_eq!(of(&[1, 28, 30]), Some(("28x30".to_owned(), Order::ChannelsFirst)));
    for ambiguous in [&[3, 28, 3][..], &[1, 28, 1], &[28, 28, 4], &[784], &[0, 28], &[2, 2, 2, 2]] {
        assert_eq!(of(ambiguous), None, "{ambiguous:?}");
    }
    let shape = ImageShape { height: 1, width: 2, channels: 3 };
    assert_eq!(
        channels_last(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], shape),
        [1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12]
    );
}
