//! Reading third-party files, which may be anything.

use std::io::{self, Read};
use std::path::Path;

/// Whether the file certainly does not exist; one that cannot be reached may exist.
pub fn is_absent(path: &Path) -> bool {
    fs_err::metadata(path)
        .is_err_and(|error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

/// Reads a file of at most `limit` bytes; a device would never end.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("`{}` has more than {limit} bytes", path.display());
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs_err::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(Path::new("/dev/zero"), 100).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_cannot_be_reached_may_exist() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("link"));
        assert!(is_absent(&file) && is_absent(&file.join("b")));
        fs_err::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&link, &link).unwrap();
        assert!(!is_absent(&file) && !is_absent(&link) && is_absent(&file.join("b")));
    }
}
