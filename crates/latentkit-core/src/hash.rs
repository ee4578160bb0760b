//! BLAKE3 of files and values, in hexadecimal.

use std::io;
use std::path::Path;

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
        // A pipe would never end.
        if !fs_err::metadata(path)?.is_file() {
            return Err(Error::input(format!("cannot read `{}`: it is not a regular file", path.display())));
        }
        let mut hasher = blake3::Hasher::new();
        let mut file = fs_err::File::open(path)?;
        let bytes = io::copy(&mut file, &mut hasher)?;
        Ok(Self { path: name.into(), bytes, blake3: hasher.finalize().to_hex().to_string() })
    }
}

/// BLAKE3 of some bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
