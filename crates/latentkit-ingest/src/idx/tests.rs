//! One test for each way in which a file can be wrong, and one with files that are wrong at random.

use latentkit_core::ErrorKind;
use latentkit_core::rng::generator;
use rand::Rng as _;

use super::*;

/// A file of these sizes; element i is i modulo 256.
fn file(element: u8, sizes: &[u32], length: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend((0..length).map(|at| at as u8));
    bytes
}

#[track_caller]
fn assert_error<T: std::fmt::Debug>(result: Result<T>, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(error.to_string(), text);
}

#[test]
fn reads_images_and_labels() {
    let bytes = file(8, &[2, 3, 4], 24);
    let read = images(&bytes).unwrap();
    assert_eq!((read.count, read.shape), (2, ImageShape::grey(3, 4)));
    assert_eq!(read.pixels, &bytes[16..]);
    assert_eq!(labels(&file(8, &[3], 3)).unwrap(), [0, 1, 2]);
}

#[test]
fn elements_of_every_type() {
    for (code, element, bytes, expected) in [
        (8, Element::U8, &[0, 200][..], Numbers::Bytes(vec![0, 200])),
        (9, Element::I8, &[0, 0x80], Numbers::Whole(vec![0.0, -128.0])),
        (11, Element::I16, &[0, 1, 1, 0], Numbers::Whole(vec![1.0, 256.0])),
        (12, Element::I32, &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff], Numbers::Whole(vec![1.0, -1.0])),
        (13, Element::F32, &[0x3f, 0, 0, 0, 0, 0, 0, 0], Numbers::Floats(vec![0.5, 0.0])),
        (
            14,
            Element::F64,
            &[0x3f, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Numbers::Floats(vec![0.5, 0.0]),
        ),
    ] {
        let whole = [&[0, 0, code, 2, 0, 0, 0, 1, 0, 0, 0, 2], bytes].concat();
        let read = array(&whole).unwrap();
        assert_eq!((read.element, &read.sizes, read.numbers()), (element, &vec![1, 2], expected));
        assert!(array(&whole[..whole.len() - 1]).unwrap_err().to_string().contains("ends early"));
        assert!(array(&[&whole[..], &[0]].concat()).unwrap_err().to_string().contains("follow the last"));
    }
    assert!(array(&[0, 0, 10, 1, 0, 0, 0, 0]).unwrap_err().to_string().contains("`0x0a`"));
    assert!(array(&[0, 0, 8, 2, 0, 0, 0, 0]).unwrap_err().to_string().contains("cut off"));
    let huge = [&[0, 0, 14, 8][..], &[0xff; 4 * 8]].concat();
    assert!(array(&huge).unwrap_err().to_string().contains("ends early"));
    assert!(array(&[0, 0, 8, 9]).unwrap_err().to_string().contains("too many dimensions"));
}

#[test]
fn an_empty_file_is_cut_off() {
    assert_error(
        labels(&[]),
        "the header is cut off\n  expected: 8 bytes: a magic number and 1 size(s)\n  found: 0 byte(s)",
    );
}

#[test]
fn a_header_is_cut_off_at_every_byte() {
    let bytes = file(8, &[2, 3, 4], 24);
    for length in 0..16 {
        let error = images(&bytes[..length]).unwrap_err().to_string();
        assert!(error.starts_with("the header is cut off"), "{length}: {error}");
    }
}

#[test]
fn a_truncated_file_ends_early() {
    assert_error(
        images(&file(8, &[2, 3, 4], 23)),
        "the file ends early\n  expected: 24 byte(s) after the header, which says 2 images x 3 rows x 4 columns\n  \
         found: 23 byte(s)",
    );
}

#[test]
fn a_header_that_claims_far_more_than_the_file_holds_ends_early() {
    assert_error(
        images(&file(8, &[0x7fff_ffff, 0x8000, 0x8000], 5)),
        "the file ends early\n  expected: 2305843008139952128 byte(s) after the header, which says \
         2147483647 images x 32768 rows x 32768 columns\n  found: 5 byte(s)",
    );
}

#[test]
fn trailing_bytes() {
    assert_error(
        labels(&file(8, &[3], 5)),
        "bytes follow the last element\n  expected: 3 byte(s) after the header, which says 3 labels\n  \
         found: 5 byte(s)",
    );
}

#[test]
fn wrong_magic() {
    assert_error(
        images(b"<!DOCTYPE html>"),
        "this is no IDX file\n  expected: `00 00` as the first two bytes, in the file itself or in the gzip file\n  \
         found: `3c 21`",
    );
}

#[test]
fn labels_over_255_come_in_another_element_type() {
    assert_error(
        labels(&file(0x0c, &[3], 12)),
        "the labels are not stored as unsigned bytes\n  expected: element type `0x08`, values 0 to 255\n  \
         found: element type `0x0c`, 32-bit integers\n\
         hint: write the labels as unsigned bytes; values below 0 or over 255 are not supported",
    );
}

#[test]
fn images_of_floats_and_of_unknown_elements() {
    let error = images(&file(0x0d, &[1, 1, 1], 4)).unwrap_err().to_string();
    assert!(error.contains("the images are not stored as unsigned bytes"), "{error}");
    assert!(error.contains("`0x0d`, 32-bit floats"), "{error}");
    let error = images(&file(0x0a, &[1, 1, 1], 4)).unwrap_err().to_string();
    assert!(error.contains("`0x0a`, which the format does not know"), "{error}");
}

#[test]
fn swapped_files() {
    assert_error(
        images(&file(8, &[3], 3)),
        "this is no file of images\n  expected: 3 dimension(s): images, rows, columns\n  found: 1 dimension(s)\n\
         hint: a file of images has 3 dimensions, a file of labels has 1; are the two swapped?",
    );
    let error = labels(&file(8, &[1, 2, 2], 4)).unwrap_err().to_string();
    assert!(error.contains("this is no file of labels"), "{error}");
}

#[test]
fn no_images() {
    assert_error(
        images(&file(8, &[0, 28, 28], 0)),
        "the number of images is out of range\n  expected: 1 to 2147483647 images\n  found: `0`",
    );
    assert!(labels(&file(8, &[0], 0)).is_err());
}

#[test]
fn sides_of_no_pixels() {
    assert_error(
        images(&file(8, &[1, 0, 28], 0)),
        "the number of rows is out of range\n  expected: 1 to 32768 rows\n  found: `0`",
    );
    assert!(images(&file(8, &[1, 28, 0], 0)).is_err());
}

#[test]
fn sides_that_are_too_long() {
    assert!(images(&file(8, &[1, 1, 32768], 32768)).is_ok());
    assert_error(
        images(&file(8, &[1, 1, 32769], 32769)),
        "the number of columns is out of range\n  expected: 1 to 32768 columns\n  found: `32769`",
    );
}

#[test]
fn negative_sizes() {
    assert_error(
        images(&file(8, &[u32::MAX, 1, 1], 1)),
        "the number of images is out of range\n  expected: 1 to 2147483647 images\n  found: `-1`",
    );
    assert!(images(&file(8, &[1, 0x8000_0000, 1], 1)).is_err());
    assert!(labels(&file(8, &[0x8000_0001], 1)).is_err());
}

#[test]
fn no_bytes_make_it_panic_or_contradict_itself() {
    let mut random = generator(7, "idx", 0);
    let mut accepted = 0;
    for _ in 0..200_000 {
        let sizes: Vec<u32> = (0..random.gen_range(0..5)).map(|_| random.gen_range(0..4)).collect();
        let length = sizes.iter().product::<u32>() as usize;
        let mut bytes = file(8, &sizes, length);
        for _ in 0..random.gen_range(0..3) {
            match random.gen_range(0..3) {
                0 => bytes.truncate(random.gen_range(0..=bytes.len())),
                1 => bytes.push(random.r#gen()),
                _ if bytes.is_empty() => {}
                _ => {
                    let at = random.gen_range(0..bytes.len());
                    bytes[at] = random.r#gen();
                }
            }
        }
        if let Ok(read) = images(&bytes) {
            accepted += 1;
            assert!(read.count > 0 && !read.shape.is_empty());
            assert_eq!(read.pixels.len(), read.count * read.shape.len());
        }
        if let Ok(read) = labels(&bytes) {
            accepted += 1;
            assert_eq!(read.len() + 8, bytes.len());
        }
    }
    assert!(accepted > 10_000, "{accepted} files were valid: too few to test with");
}
