//! The bundled digits in every notation: the pixels, the labels and the splits stay what they are.

use std::path::Path;

use image::GrayImage;
use latentkit_core::{Cancellation, Result};
use latentkit_table::{Dataset, Metadata, Split, write_dataset};
use tempfile::TempDir;

use crate::config::Source;
use crate::source::definition::{Folders, Images};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

/// Digits at the start, so many of which are test images.
const COUNT: usize = 600;
const TEST: usize = 100;

/// Some of the digits, the last of them test images, as IDX files hold them.
fn digits() -> Images {
    let folders = Folders { config: Path::new("."), data: Path::new(DATA) };
    let mut images = Source::named("sample").unwrap().get().load(folders, Cancellation::never()).unwrap();
    images.pixels.truncate(COUNT * 784);
    images.labels.codes.truncate(COUNT);
    images.splits = [vec![None; COUNT - TEST], vec![Some(Split::Test); TEST]].concat();
    images
}

fn load(folder: &TempDir, text: &str) -> Result<Images> {
    let source = Source::of_table(toml::from_str(text).unwrap()).unwrap();
    source.get().load(Folders { config: folder.path(), data: Path::new(DATA) }, Cancellation::never())
}

fn assert_same(digits: &Images, read: &Images, what: &str) {
    assert_eq!(read.shape, digits.shape, "{what}");
    assert!(read.pixels == digits.pixels, "{what}");
    assert_eq!((&read.labels, &read.splits), (&digits.labels, &digits.splits), "{what}");
}

/// A header of .npy and bytes.
fn npy(shape: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
    header.push_str(&" ".repeat(118 - 1 - header.len()));
    header.push('\n');
    [b"\x93NUMPY\x01\x00", &118_u16.to_le_bytes()[..], header.as_bytes(), bytes].concat()
}

#[test]
fn digits_are_the_same_in_every_notation() {
    let (folder, digits) = (tempfile::tempdir().unwrap(), digits());
    let labels: Vec<u8> = digits.labels.codes.iter().map(|code| code.unwrap() as u8).collect();
    let write = |name: &str, bytes: Vec<u8>| fs_err::write(folder.path().join(name), bytes).unwrap();
    let half = COUNT - TEST;

    let idx = |sizes: &[u32], bytes: &[u8]| crate::source::files::tests::idx_file(sizes, bytes);
    for (name, range) in [("train", 0..half), ("test", half..COUNT)] {
        let count = range.len() as u32;
        write(
            &format!("{name}-images"),
            idx(&[count, 28, 28], &digits.pixels[range.start * 784..range.end * 784]),
        );
        write(&format!("{name}-labels"), idx(&[count], &labels[range]));
    }
    let text = "train-images = 'train-images'\ntrain-labels = 'train-labels'\ntest-images = 'test-images'\ntest-labels = 'test-labels'";
    assert_same(&digits, &load(&folder, text).unwrap(), "IDX");

    // A folder has another order: `test` comes before `train`, and the classes one after the other.
    for (index, (pixels, label)) in digits.pixels.chunks_exact(784).zip(&labels).enumerate() {
        let split = if index < half { "train" } else { "test" };
        let class = folder.path().join(format!("png/{split}/{label}"));
        fs_err::create_dir_all(&class).unwrap();
        GrayImage::from_raw(28, 28, pixels.to_vec())
            .unwrap()
            .save(class.join(format!("{index:04}.png")))
            .unwrap();
    }
    let read = load(&folder, "folder = 'png'").unwrap();
    let mut found = Vec::new();
    for (index, path) in read.paths.as_ref().unwrap().iter().enumerate() {
        let place: usize = path[path.len() - 8..path.len() - 4].parse().unwrap();
        assert_eq!(
            read.pixels[index * 784..(index + 1) * 784],
            digits.pixels[place * 784..(place + 1) * 784]
        );
        assert_eq!(
            (read.labels.codes[index], read.splits[index]),
            (digits.labels.codes[place], digits.splits[place])
        );
        found.push(place);
    }
    found.sort_unstable();
    assert_eq!((found, read.labels.names), ((0..COUNT).collect(), digits.labels.names.clone()));

    let dataset = Dataset {
        shape: digits.shape,
        splits: digits.splits.iter().map(|split| split.unwrap_or(Split::Train)).collect(),
        labels: digits.labels.clone(),
        paths: None,
        images: digits.pixels.clone(),
    };
    write_dataset(&folder.path().join("d.parquet"), &dataset, &Metadata::new(), Cancellation::never())
        .unwrap();
    assert_same(&digits, &load(&folder, "parquet = 'd.parquet'\nsplit-column = 'split'").unwrap(), "Parquet");

    write("x.npy", npy(&format!("{COUNT}, 28, 28"), &digits.pixels));
    write("y.npy", npy(&format!("{COUNT},"), &labels));
    let whole = load(&folder, "npy-images = 'x.npy'\nnpy-labels = 'y.npy'").unwrap();
    assert!(whole.pixels == digits.pixels && whole.labels == digits.labels);

    let rows = |range: std::ops::Range<usize>| {
        let row = |index: usize| {
            let pixels: Vec<_> =
                digits.pixels[index * 784..(index + 1) * 784].iter().map(u8::to_string).collect();
            format!("{},{}\n", labels[index], pixels.join(","))
        };
        range.map(row).collect::<String>().into_bytes()
    };
    write("train.csv", rows(0..half));
    write("test.csv", rows(half..COUNT));
    assert_same(&digits, &load(&folder, "csv = 'train.csv'\ntest-csv = 'test.csv'").unwrap(), "CSV");
}
