//! Pictures of every kind beside what Pillow finds in them; `tests/fixtures/pictures.py` makes both.

use std::path::{Path, PathBuf};

use latentkit_core::{Cancellation, ErrorKind};
use latentkit_table::{ArrayFile, Numbers};

use super::*;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures"))
}

fn file(name: &str) -> Vec<u8> {
    fs_err::read(folder().join(name)).unwrap()
}

fn opened(name: &str) -> std::result::Result<Picture, Refused> {
    open(&file(name), &Wanted::new(ImageShape::grey(1, 1)).opening())
}

/// The names of pictures, their shapes and the pixels that Pillow finds.
fn expected() -> Vec<(String, ImageShape, Vec<u8>)> {
    let mut arrays = ArrayFile::open(&folder().join("expected.npz")).unwrap();
    let all = arrays.arrays().to_vec();
    let read = all.into_iter().map(|array| {
        let (height, width, channels) = match array.shape.unwrap()[..] {
            [height, width] => (height, width, 1),
            [height, width, channels] => (height, width, channels),
            ref other => panic!("{other:?}"),
        };
        let mut pixels = Vec::new();
        let keep = |numbers| {
            let Numbers::Bytes(bytes) = numbers else { panic!("no bytes") };
            pixels.extend(bytes);
            Ok(())
        };
        arrays.numbers(&array.name, Cancellation::never(), keep).unwrap();
        (array.name, ImageShape { height, width, channels }, pixels)
    });
    read.collect()
}

#[test]
fn pictures_of_every_kind_are_those_of_pillow() {
    let mut count = 0;
    for (name, shape, pixels) in expected().into_iter().filter(|(name, ..)| name.contains('.')) {
        let picture = opened(&name).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        // A file of two colours may say so by a palette.
        let picture = if picture.has_colour() { picture } else { picture.with_channels(shape.channels) };
        assert_eq!(picture.shape, shape, "{name}");
        // Decoders of JPEG round in their own ways, more where colours are stored in half the resolution: those of two pixels side
        // by side are then interpolated before they are turned to red, green and blue.
        let most = match name.as_str() {
            "subsampled.jpg" | "progressive.jpg" => 4,
            name if Path::new(name).extension() == Some("jpg".as_ref()) => 2,
            _ => 0,
        };
        let difference = picture.pixels.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(difference <= most, "{name}: {difference}");
        count += 1;
    }
    assert_eq!(count, 39);
}

#[test]
fn pictures_in_another_shape_are_those_of_pillow() {
    let photo = file("photo.png");
    let mut count = 0;
    for (name, shape, pixels) in expected() {
        let Some(wanted) = name.strip_prefix("photo ").filter(|name| name.contains(' ')) else { continue };
        let fit = match wanted.split(' ').next().unwrap() {
            "pad" => Fit::Pad,
            "crop" => Fit::Crop,
            "stretch" => Fit::Stretch,
            other => panic!("{other}"),
        };
        let decoded = decode(&photo, &Wanted { fit, ..Wanted::new(shape) }).unwrap();
        // Pillow takes rows first, or columns, by a rule of its own; both are rounded to 8 bits in between.
        let most = decoded.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(decoded.len() == pixels.len() && most <= 1, "{name}: {most}");
        count += 1;
    }
    assert_eq!(count, 36);
}

#[test]
fn what_is_no_picture_is_said() {
    for (bytes, expected) in [
        (b"".to_vec(), "an empty file"),
        (b"label,pixel0\n".to_vec(), "a text"),
        (b"\0\0\0\x18ftypheic".to_vec(), "HEIC, AVIF or a film"),
        (vec![1, 2, 3], "a file of another kind"),
        (file("rgb.png")[..60].to_vec(), "a damaged Png picture"),
        (file("subsampled.jpg")[..100].to_vec(), "a damaged Jpeg picture"),
        (file("palette.tif"), "a Tiff picture of a kind that is not read"),
    ] {
        let error = decode(&bytes, &Wanted::new(ImageShape::grey(2, 2))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let start = std::time::Instant::now();
    let error = decode(&file("bomb.png"), &Wanted::new(ImageShape::grey(2, 2))).unwrap_err().to_string();
    assert!(error.contains("20000 x 20000 pixels, over 67108864"), "{error}");
    assert!(error.contains("hint: `dataset.source.max-pixels` allows more"), "{error}");
    assert!(start.elapsed().as_secs_f64() < 1.0);
    let few = Wanted { max_pixels: 220, ..Wanted::new(ImageShape::grey(2, 2)) };
    assert!(decode(&file("rgb.png"), &few).is_err(), "13 x 17");
    assert!(decode(&file("rgb.png"), &Wanted { max_pixels: 221, ..few }).is_ok());
}

#[test]
fn a_damaged_byte_is_an_error_or_another_picture_but_no_panic() {
    for name in ["rgb-16.png", "progressive.jpg", "lossy.webp", "animated.gif", "lzw.tif", "palette.bmp"] {
        let whole = file(name);
        for place in (0..whole.len()).step_by(3) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let few = Wanted { max_pixels: 1 << 16, ..Wanted::new(ImageShape::grey(2, 2)) };
            let caught = std::panic::catch_unwind(|| decode(&damaged, &few).is_ok());
            assert!(caught.is_ok(), "{name} at {place}");
        }
    }
}

#[test]
fn transparent_pixels_show_the_background() {
    let shape = ImageShape { height: 13, width: 17, channels: 3 };
    let on = |background| decode(&file("rgba.png"), &Wanted { background, ..Wanted::new(shape) }).unwrap();
    // The first pixel is transparent.
    assert_eq!(on([1, 2, 3])[..3], [1, 2, 3]);
    assert_eq!(on([255; 3])[..3], [255; 3]);
}
