//! Own files, right and wrong. What is wrong inside a file is tested beside its parser.

use latentkit_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::content::tests::gzip;

/// An IDX file of unsigned bytes.
pub(crate) fn idx_file(sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

/// A folder of four files: three training images and two test images of 1 x 2 pixels, labels 0 to 2.
pub(crate) fn own_files() -> (TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs_err::write(folder.path().join(name), bytes).unwrap();
    write("train-images", idx_file(&[3, 1, 2], &[1, 2, 3, 4, 5, 6]));
    write("train-labels", idx_file(&[3], &[0, 1, 2]));
    write("test-images", gzip(&idx_file(&[2, 1, 2], &[7, 8, 9, 10])));
    write("test-labels", gzip(&idx_file(&[2], &[2, 0])));
    let files = Files {
        train_images: "train-images".into(),
        train_labels: "train-labels".into(),
        test_images: "test-images".into(),
        test_labels: "test-labels".into(),
        transpose: false,
        common: Common::default(),
    };
    (folder, files)
}

fn load_files(folder: &TempDir, files: &Files) -> Result<Images> {
    let folders = Folders { config: folder.path(), data: Path::new("no-data") };
    files.load(folders, Cancellation::never())
}

/// The error after one of the four files got another content; the folder's path reads `DIR`.
fn error_with(name: &str, bytes: Vec<u8>) -> String {
    let (folder, files) = own_files();
    fs_err::write(folder.path().join(name), bytes).unwrap();
    let error = load_files(&folder, &files).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn own_files_plain_and_gzip() {
    let (folder, files) = own_files();
    let loaded = load_files(&folder, &files).unwrap();
    assert_eq!(
        (loaded.shape, &loaded.splits[2..4]),
        (ImageShape::grey(1, 2), &[None, Some(Split::Test)][..])
    );
    assert_eq!(loaded.labels.names, ["0", "1", "2"]);
    assert_eq!(loaded.labels.codes, [0, 1, 2, 2, 0].map(Some));
    assert_eq!(loaded.pixels, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(loaded.algorithm, "blake3");
    let bytes = fs_err::read(folder.path().join("test-labels")).unwrap();
    assert_eq!(loaded.hashes["test-labels"], hash::of_bytes(&bytes));
    assert_eq!(loaded.hashes.len(), 4);
}

#[test]
fn given_label_names() {
    let (folder, mut files) = own_files();
    files.common.label_names = ["a", "b", "c", "d"].map(str::to_owned).into();
    assert_eq!(load_files(&folder, &files).unwrap().labels.names, ["a", "b", "c", "d"]);
}

#[test]
fn a_label_without_a_name() {
    let (folder, mut files) = own_files();
    files.common.label_names = ["a", "b"].map(str::to_owned).into();
    let error = load_files(&folder, &files).unwrap_err().to_string();
    let path = folder.path().join("train-images");
    assert_eq!(
        error,
        format!(
            "cannot use the labels of `{}`: a label has no name\n  expected: labels 0 to 1, for there are 2 label \
             names\n  found: label `2`\n\
             hint: add its name to `dataset.source.label-names`, or leave the names out to use the numbers",
            path.display()
        )
    );
}

#[test]
fn a_missing_own_file() {
    let (folder, files) = own_files();
    fs_err::remove_file(folder.path().join("test-images")).unwrap();
    let error = load_files(&folder, &files).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let path = folder.path().join("test-images");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot find `{}`\nhint: `dataset.source.test-images` names it; a relative path there starts at the \
             folder of the config",
            path.display()
        )
    );
}

#[test]
fn a_parse_error_names_the_file() {
    assert_eq!(
        error_with("train-images", idx_file(&[3, 1, 2], &[1, 2, 3, 4, 5])),
        "cannot read `DIR/train-images`: the file ends early\n  \
         expected: 6 byte(s) after the header, which says 3 x 1 x 2 elements of 1 byte(s)\n  found: 5 byte(s)"
    );
    let error = error_with("test-labels", vec![0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 1, 0]);
    assert!(
        error.starts_with("cannot read `DIR/test-labels`: the labels are floating-point numbers"),
        "{error}"
    );
    let error = error_with("test-labels", idx_file(&[2, 1, 2], &[1, 2, 3, 4]));
    assert!(error.contains("this is no file of labels") && error.contains("swapped"), "{error}");
}

#[test]
fn images_and_labels_of_different_counts() {
    assert_eq!(
        error_with("test-labels", idx_file(&[3], &[0, 1, 2])),
        "cannot use `DIR/test-images`: its images are not as many as its labels\n  \
         expected: 3 image(s), as `DIR/test-labels` has labels\n  found: 2 image(s)"
    );
}

#[test]
fn test_images_of_another_size() {
    assert_eq!(
        error_with("test-images", idx_file(&[2, 2, 1], &[1, 2, 3, 4])),
        "cannot use `DIR/test-images`: its images have another size\n  \
         expected: images of 1 x 2 pixels, as in `DIR/train-images`\n  found: images of 2 x 1 pixels"
    );
}

#[test]
fn a_damaged_gzip_file() {
    let mut bytes = gzip(&idx_file(&[3], &[0, 1, 2]));
    bytes.truncate(bytes.len() - 3);
    assert_eq!(
        error_with("train-labels", bytes),
        "cannot read `DIR/train-labels`: it is damaged or too long\n  \
         expected: an IDX file of at most 1073741824 bytes, plain or gzip\n  \
         found: a damaged gzip file (it is cut off)"
    );
}

#[test]
fn an_interrupt_ends_it() {
    let (folder, files) = own_files();
    let interrupted = std::sync::atomic::AtomicBool::new(true);
    let cancel = Cancellation::new(&interrupted);
    let error =
        files.load(Folders { config: folder.path(), data: Path::new("no-data") }, cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

/// An IDX file of elements of any type.
fn typed(code: u8, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = idx_file(sizes, bytes);
    file[2] = code;
    file
}

#[test]
fn elements_of_other_types() {
    let (folder, files) = own_files();
    let write = |name: &str, bytes: Vec<u8>| fs_err::write(folder.path().join(name), bytes).unwrap();
    // Shares of white, also where the other file alone would not tell.
    let halves: Vec<u8> =
        [0.0_f32, 0.5, 1.0, 0.0, 0.25, 0.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    write("train-images", typed(13, &[3, 1, 2], &halves));
    write("test-images", typed(13, &[2, 1, 2], &halves[..16]));
    let labels: Vec<u8> = [7_i32, 1, 7].iter().flat_map(|label| label.to_be_bytes()).collect();
    write("train-labels", typed(12, &[3], &labels));
    let of_qmnist: Vec<u8> = [[7_i32, 0, 0, 9, 9, 9, 0, 0], [3, 1, 1, 1, 1, 1, 1, 1]]
        .iter()
        .flatten()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    write("test-labels", typed(12, &[2, 8], &of_qmnist));
    let loaded = load_files(&folder, &files).unwrap();
    assert_eq!(loaded.pixels, [0, 128, 255, 0, 64, 0, 0, 128, 255, 0]);
    assert_eq!(loaded.labels.codes, [7, 1, 7, 7, 3].map(Some));
    let shorts: Vec<u8> = [0_i16, 255, 1, 2, 256, 0].iter().flat_map(|value| value.to_be_bytes()).collect();
    let error = error_with("train-images", typed(11, &[3, 1, 2], &shorts));
    assert!(error.contains("`256` in image 2") && error.contains("train-images"), "{error}");
}

#[test]
fn coloured_and_transposed_images() {
    let (folder, files) = own_files();
    let write = |name: &str, bytes: Vec<u8>| fs_err::write(folder.path().join(name), bytes).unwrap();
    let pixels: Vec<u8> = (0..24).collect();
    write("train-images", idx_file(&[1, 2, 4, 3], &pixels));
    write("train-labels", idx_file(&[1], &[0]));
    write("test-images", idx_file(&[1, 2, 4, 3], &pixels));
    write("test-labels", idx_file(&[1], &[1]));
    let loaded = load_files(&folder, &files).unwrap();
    assert_eq!(loaded.shape, ImageShape { height: 2, width: 4, channels: 3 });
    assert_eq!(loaded.pixels[..24], pixels);
    assert_eq!(files.image_shape(folder.path()).unwrap(), loaded.shape);
    let swapped = Files { transpose: true, ..files };
    let loaded = load_files(&folder, &swapped).unwrap();
    assert_eq!(loaded.shape, ImageShape { height: 4, width: 2, channels: 3 });
    assert_eq!(loaded.pixels[..12], [0, 1, 2, 12, 13, 14, 3, 4, 5, 15, 16, 17]);
    assert_eq!(swapped.image_shape(folder.path()).unwrap(), loaded.shape);
    let written = swapped.value().to_string();
    assert!(written.contains("transpose = true") && !written.contains("size"), "{written}");
}

#[test]
fn keys_of_all_tables_count_here_too() {
    let (folder, mut files) = own_files();
    files.common.size = common::Size::Pixels([2, 2]);
    files.common.fit = crate::picture::Fit::Stretch;
    assert_eq!(load_files(&folder, &files).unwrap().pixels[..4], [1, 2, 1, 2]);
    files.common.limit = latentkit_core::config::Count::new(3);
    let some = load_files(&folder, &files).unwrap();
    assert_eq!((some.splits.len(), some.labels.codes.len(), some.pixels.len()), (3, 3, 12));
    assert_eq!(load_files(&folder, &files).unwrap().pixels, some.pixels, "the same ones each time");
}
