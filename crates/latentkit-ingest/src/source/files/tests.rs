//! Own files, right and wrong. What is wrong inside a file is tested beside its parser.

use latentkit_core::ErrorKind;
use latentkit_table::Split;
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
        label_names: Vec::new(),
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
    files.label_names = ["a", "b", "c", "d"].map(str::to_owned).into();
    assert_eq!(load_files(&folder, &files).unwrap().labels.names, ["a", "b", "c", "d"]);
}

#[test]
fn a_label_without_a_name() {
    let (folder, mut files) = own_files();
    files.label_names = ["a", "b"].map(str::to_owned).into();
    let error = load_files(&folder, &files).unwrap_err().to_string();
    let path = folder.path().join("train-labels");
    assert_eq!(
        error,
        format!(
            "cannot read `{}`: a label has no name\n  expected: labels 0 to 1, for there are 2 label names\n  \
             found: label `2` at index 2\n\
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
         expected: 6 byte(s) after the header, which says 3 images x 1 rows x 2 columns\n  found: 5 byte(s)"
    );
    let error = error_with("test-labels", vec![0, 0, 12, 1, 0, 0, 0, 1, 0, 0, 1, 0]);
    assert!(error.starts_with("cannot read `DIR/test-labels`: the labels are not stored as"), "{error}");
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
