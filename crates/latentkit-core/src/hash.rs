//! BLAKE3 of files and values, in hexadecimal.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A file as a manifest records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path relative to the folder that the record belongs to, with `/` between its parts.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of the content, 64 hexadecimal digits.
    pub blake3: String,
}

impl FileRecord {
    /// Reads and hashes the file at `path`, recorded under the name `name`.
    pub fn of(path: &Path, name: impl Into<String>) -> Result<Self> {
        Self::read(&mut open(path)?, name)
    }

    /// Reads and hashes an open file from where it stands.
    ///
    /// It is read, as much at a time as fills BLAKE3's vectors, and not mapped into memory: that is no faster (3.4 GB/s of
    /// processor time for 3.2), and would end the process when someone shortens the file meanwhile.
    pub(crate) fn read(file: &mut fs_err::File, name: impl Into<String>) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        let blake3 = hasher.finalize().to_hex().to_string();
        Ok(Self { path: name.into(), bytes: hasher.count(), blake3 })
    }
}

/// One of several files that a manifest records as one, such as the images of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name among them, such as its path in the folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// BLAKE3 of several files in their order: of the length of each name, the name and the hash of the content.
pub fn of_members<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, blake3) in members {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(blake3.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

impl FileRecord {
    /// Reads and hashes several files, recorded as one under the name `name`; see [`of_members`].
    pub fn of_all(members: &[Member], name: impl Into<String>) -> Result<Self> {
        let records: Vec<_> =
            members.iter().map(|member| Self::of(&member.path, &member.name)).collect::<Result<_>>()?;
        let blake3 = of_members(records.iter().map(|record| (record.path.as_str(), record.blake3.as_str())));
        Ok(Self { path: name.into(), bytes: records.iter().map(|record| record.bytes).sum(), blake3 })
    }
}

/// Opens a regular file: a pipe would never end.
pub(crate) fn open(path: &Path) -> Result<fs_err::File> {
    if !fs_err::metadata(path)?.is_file() {
        return Err(Error::input(format!("cannot read `{}`: it is not a regular file", path.display())));
    }
    Ok(fs_err::File::open(path)?)
}

/// BLAKE3 of some bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_files_have_one_hash_that_covers_names_order_and_contents() {
        let folder = tempfile::tempdir().unwrap();
        let record = |names: &[&str]| {
            let member = |name: &&str| Member { name: (*name).to_owned(), path: folder.path().join(name) };
            FileRecord::of_all(&names.iter().map(member).collect::<Vec<_>>(), "all").unwrap()
        };
        for name in ["a", "b", "ab"] {
            fs_err::write(folder.path().join(name), "same").unwrap();
        }
        let both = record(&["a", "b"]);
        assert_eq!((both.path.as_str(), both.bytes), ("all", 8));
        assert_eq!(record(&["a", "b"]), both);
        let hash = of_bytes(b"same");
        assert_eq!(both.blake3, of_members([("a", hash.as_str()), ("b", hash.as_str())]));
        for others in [&["a"][..], &["b", "a"], &["a", "ab"], &[]] {
            assert_ne!(record(others).blake3, both.blake3);
        }
        fs_err::write(folder.path().join("b"), "other").unwrap();
        assert_ne!(record(&["a", "b"]).blake3, both.blake3);
        fs_err::remove_file(folder.path().join("b")).unwrap();
    }

    #[test]
    fn a_file_has_the_hash_of_its_bytes_wherever_reading_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for length in [0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_007] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            fs_err::write(&path, &bytes).unwrap();
            let record = FileRecord::of(&path, "a").unwrap();
            assert_eq!((record.bytes, record.blake3), (length as u64, of_bytes(&bytes)), "{length}");
        }
    }
}
