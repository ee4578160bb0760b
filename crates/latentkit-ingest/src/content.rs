//! The content of a file, plain or gzip, within a limit.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::{GzDecoder, MultiGzDecoder};
use latentkit_core::{Error, Result};

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How long a gzip file of so many bytes of content can be: noise grows when packed, by some percent if in haste.
pub(crate) fn packed_limit(content: u64) -> u64 {
    content + content / 8 + 4096
}

/// Why a file has no content within the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The gzip file is cut off or was changed.
    Damaged(String),
    /// There is more than the limit, in bytes. Nothing beyond it was unpacked.
    TooLong(u64),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(reason) => write!(f, "a damaged gzip file ({reason})"),
            Self::TooLong(limit) => write!(f, "content of more than {limit} bytes"),
        }
    }
}

/// The error of a file that is there and cannot be read.
pub(crate) fn unreadable(error: io::Error) -> Error {
    Error::from(error).into_input().hint("check that this user may read the file")
}

/// Whether a file that starts so is a gzip file.
pub(crate) fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&GZIP)
}

/// Opens a file, or `None` where there is none.
pub(crate) fn open_file(path: &Path) -> Result<Option<fs_err::File>> {
    let file = match fs_err::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // A pipe or a device could block or never end.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(Error::input(format!("cannot read `{}`", path.display()))
            .expected("a file")
            .found("a folder or a device"));
    }
    Ok(Some(file))
}

/// The bytes of the file as it lies on the disk, or `None` where there is none. Reads no more than a gzip file of
/// `limit` bytes of content can take, so that [`unpack`] sees that a longer one is too long.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let Some(file) = open_file(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(packed_limit(limit) + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

/// The first `count` bytes of the content of the file, fewer where it ends before; `None` where there is none.
pub(crate) fn read_start(path: &Path, count: u64) -> Result<Option<Vec<u8>>> {
    let Some(file) = open_file(path)? else { return Ok(None) };
    let mut file = BufReader::new(file);
    let mut bytes = Vec::new();
    if file.fill_buf().map_err(unreadable)?.starts_with(&GZIP) {
        MultiGzDecoder::new(file).take(count).read_to_end(&mut bytes).map_err(|error| {
            Error::input(format!("cannot read `{}`", path.display()))
                .expected("a whole gzip file")
                .found(Unusable::Damaged(reason(&error)).to_string())
        })?;
    } else {
        file.take(count).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    Ok(Some(bytes))
}

/// The content of a file of these bytes, which is at most `limit` bytes long. A gzip file is recognised by its first
/// bytes, whatever its name.
pub fn unpack(bytes: Vec<u8>, limit: u64) -> std::result::Result<Vec<u8>, Unusable> {
    let content = if bytes.starts_with(&GZIP) {
        members(&bytes, limit).map_err(|error| Unusable::Damaged(reason(&error)))?
    } else {
        bytes
    };
    if content.len() as u64 > limit { Err(Unusable::TooLong(limit)) } else { Ok(content) }
}

/// The content of all members of a gzip file, cut off behind `limit` bytes. Zeros may follow the last member, with which some
/// writers fill a block; gunzip ignores them too.
fn members(mut bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let mut decoder = GzDecoder::new(bytes);
        decoder.by_ref().take(limit + 1 - content.len() as u64).read_to_end(&mut content)?;
        bytes = decoder.into_inner();
        if content.len() as u64 > limit || bytes.iter().all(|&byte| byte == 0) {
            return Ok(content);
        }
    }
}

/// What is wrong with a gzip file, in words.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_gzip_and_leaves_the_rest_alone() {
        assert_eq!(unpack(gzip(b"content"), 7).unwrap(), b"content");
        assert_eq!(unpack(b"content".to_vec(), 7).unwrap(), b"content");
        let two_members = [gzip(b"con"), gzip(b"tent")].concat();
        assert_eq!(unpack(two_members, 7).unwrap(), b"content");
    }

    #[test]
    fn zeros_behind_the_last_member_are_ignored() {
        for zeros in [1, 7, 512] {
            let padded = [gzip(b"con"), gzip(b"tent"), vec![0; zeros]].concat();
            assert_eq!(unpack(padded.clone(), 7).unwrap(), b"content");
            let error = unpack([padded, b"x".to_vec()].concat(), 7).unwrap_err();
            assert!(matches!(error, Unusable::Damaged(_)), "{error}");
        }
    }

    #[test]
    fn content_that_is_too_long() {
        assert_eq!(unpack(gzip(b"content"), 6), Err(Unusable::TooLong(6)));
        assert_eq!(unpack(b"content".to_vec(), 6), Err(Unusable::TooLong(6)));
    }

    #[test]
    fn a_gzip_bomb_is_not_unpacked() {
        let bomb = gzip(&vec![0; 1 << 26]);
        assert!(bomb.len() < 1 << 20, "{} bytes are no bomb", bomb.len());
        assert_eq!(unpack(bomb, 1000), Err(Unusable::TooLong(1000)));
    }

    #[test]
    fn a_gzip_file_cut_off_at_every_byte() {
        let whole = gzip(b"content");
        for length in 2..whole.len() {
            let cut_off = unpack(whole[..length].to_vec(), 7);
            assert_eq!(cut_off, Err(Unusable::Damaged("it is cut off".to_owned())), "{length}");
        }
    }

    #[test]
    fn a_gzip_file_with_a_changed_byte() {
        let whole = gzip(&(0..=255).collect::<Vec<u8>>());
        // The last eight bytes are the checksum and the length, those before them the data.
        for at in [12, whole.len() / 2, whole.len() - 7, whole.len() - 2] {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            let error = unpack(changed, 1000).unwrap_err();
            assert!(error.to_string().starts_with("a damaged gzip file ("), "{at}: {error}");
        }
    }

    #[test]
    fn a_gzip_file_that_others_follow() {
        let error = unpack([gzip(b"content"), b"more".to_vec()].concat(), 7).unwrap_err();
        assert!(matches!(error, Unusable::Damaged(_)), "{error}");
    }

    #[test]
    fn a_missing_file_is_none_and_a_folder_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("a"), 10).unwrap(), None);
        let error = read(folder.path(), 10).unwrap_err().to_string();
        assert!(error.contains("found: a folder"), "{error}");
    }

    #[test]
    fn reads_no_more_of_a_file_than_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs_err::write(&path, vec![0; 1 << 16]).unwrap();
        let bytes = read(&path, 10).unwrap().unwrap();
        assert_eq!(bytes.len() as u64, packed_limit(10) + 1);
        assert_eq!(unpack(bytes, 10), Err(Unusable::TooLong(10)));
    }

    #[test]
    fn the_start_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(read_start(&path, 3).unwrap(), None);
        for bytes in [b"content".to_vec(), gzip(b"content")] {
            fs_err::write(&path, bytes).unwrap();
            assert_eq!(read_start(&path, 3).unwrap().unwrap(), b"con");
            assert_eq!(read_start(&path, 9).unwrap().unwrap(), b"content");
        }
        fs_err::write(&path, &gzip(b"content")[..12]).unwrap();
        let error = read_start(&path, 3).unwrap_err().to_string();
        assert!(error.contains("a damaged gzip file (it is cut off)"), "{error}");
    }

    #[test]
    fn incompressible_content_packs_within_the_limit() {
        let mut state = 1_u32;
        let noise = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let content: Vec<u8> = (0..1 << 20).map(noise).collect();
        let packed = gzip(&content).len() as u64;
        assert!(packed > 1 << 20 && packed <= packed_limit(1 << 20), "{packed}");
    }
}
