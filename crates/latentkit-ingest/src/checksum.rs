//! Published files are known by the SHA-256 of their content, whatever container they come in.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::content::{Unusable, unpack};

/// A file whose content is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    /// Name of the plain file; the packed one has `.gz` after it.
    pub(crate) name: &'static str,
    /// Bytes of its content.
    pub(crate) bytes: u64,
    /// SHA-256 of its content, 64 hexadecimal digits.
    pub(crate) sha256: &'static str,
}

/// Why some bytes are not the pinned file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// There is no content to compare.
    Unusable(Unusable),
    /// The content has this SHA-256.
    Content(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(unusable) => unusable.fmt(f),
            Self::Content(sha256) => write!(f, "content of SHA-256 `{sha256}`"),
        }
    }
}

impl Pinned {
    /// Name of the packed file.
    pub(crate) fn packed(&self) -> String {
        format!("{}.gz", self.name)
    }

    /// What it should be, in words.
    pub(crate) fn expected(&self) -> String {
        format!("content of SHA-256 `{}`", self.sha256)
    }

    /// The content of these bytes, plain or gzip, if it is that of the file.
    pub(crate) fn open(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Mismatch> {
        let content = unpack(bytes, self.bytes).map_err(Mismatch::Unusable)?;
        let found = sha256(&content);
        if found == self.sha256 { Ok(content) } else { Err(Mismatch::Content(found)) }
    }
}

/// SHA-256 in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a string takes everything
        text
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The digest of "abc" in FIPS 180-4's examples.
    pub(crate) const ABC: Pinned = Pinned {
        name: "abc",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn the_right_content() {
        assert_eq!(ABC.open(b"abc".to_vec()).unwrap(), b"abc");
    }

    #[test]
    fn other_content() {
        let mismatch = ABC.open(b"abd".to_vec()).unwrap_err();
        assert_eq!(mismatch, Mismatch::Content(sha256(b"abd")));
        assert!(matches!(ABC.open(b"ab".to_vec()), Err(Mismatch::Content(_))));
        assert_eq!(ABC.open(b"abcd".to_vec()), Err(Mismatch::Unusable(Unusable::TooLong(3))));
    }
}
