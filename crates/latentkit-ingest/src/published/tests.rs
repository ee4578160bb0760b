//! Published files, right and wrong.

use super::*;
use crate::checksum::tests::ABC;
use crate::content::tests::gzip;
use crate::download::tests::impatient;
use crate::source::fashion_mnist::FASHION_MNIST;
use crate::source::mnist::MNIST;

/// Obtains the published file `abc` from a folder, there being no mirror.
fn obtain_abc(folder: &Path) -> Result<Vec<u8>> {
    obtain(&ABC, &[], "mnist", folder, &impatient(), Cancellation::never())
}

#[test]
fn a_published_file_plain_or_packed() {
    for (name, bytes) in [("abc", b"abc".to_vec()), ("abc.gz", gzip(b"abc")), ("abc", gzip(b"abc"))] {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join(name), bytes).unwrap();
        assert_eq!(obtain_abc(folder.path()).unwrap(), b"abc");
    }
}

#[test]
fn a_published_file_of_wrong_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc.gz");
    fs_err::write(&path, gzip(b"abd")).unwrap();
    let error = obtain_abc(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot use `{0}`: it is not the published file\n  expected: content of SHA-256 `{1}`\n  found: content of \
             SHA-256 `a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9`\n\
             hint: delete `{0}`; the next run downloads it again",
            path.display(),
            ABC.sha256
        )
    );
    assert!(path.exists(), "it is the user's to delete");
}

#[test]
fn a_published_file_that_no_mirror_sends() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw").join("mnist");
    let error = obtain_abc(&raw).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let hint = format!(
        "hint: run `scripts/fetch-data.sh mnist`, or put `abc.gz` or `abc` into `{}` by hand",
        raw.display()
    );
    assert!(error.to_string().ends_with(&hint), "{error}");
}

#[test]
fn the_folder_of_downloads_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("raw"), "a file").unwrap();
    let error = obtain_abc(&folder.path().join("raw").join("mnist")).unwrap_err();
    assert!(error.to_string().contains("raw"), "{error}");
}

#[test]
fn the_table_of_published_files_is_whole() {
    for published in [&MNIST, &FASHION_MNIST] {
        for file in published.train.iter().chain(&published.test) {
            assert!(file.sha256.len() == 64 && file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let urls = published.urls(file);
            assert!(urls.len() >= 2 && urls.iter().all(|url| url.ends_with(&format!("/{}.gz", file.name))));
        }
    }
}
