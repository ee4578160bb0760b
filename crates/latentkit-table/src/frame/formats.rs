//! Opens a table of points in whatever format, which its content tells and not its name.

use std::io::{Read, Seek};
use std::path::Path;

use latentkit_core::{Error, Result};

use super::arrow::ArrowFile;
use super::content::Content;
use super::numpy::Arrays;
use super::parquet::ParquetFile;

/// What a file must be.
pub(super) const EXPECTED: &str = "a Parquet file, an Arrow or Feather file, .npy or .npz";

/// Opens a file of any of the formats.
pub(super) fn open(path: &Path, length: u64, file: &mut fs_err::File) -> Result<Box<dyn Content>> {
    let mut magic = Vec::new();
    file.by_ref().take(8).read_to_end(&mut magic).map_err(|error| Error::from(error).into_input())?;
    file.rewind().map_err(|error| Error::from(error).into_input())?;
    let refused = |found: String| {
        Error::input(format!("cannot read `{}`", path.display())).expected(EXPECTED).found(found)
    };
    Ok(match magic.as_slice() {
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [255, 255, 255, 255, ..] => {
            Box::new(ArrowFile::open(path, length, file).map_err(refused)?)
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Box::new(Arrays::npy(path, length, file)?),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
            Box::new(Arrays::npz(path, length).map_err(refused)?)
        }
        [b'P', b'A', b'R', b'1', ..] => Box::new(ParquetFile::open(path, length, file)?.map_err(refused)?),
        other => {
            let (found, hint) = foreign(other);
            return Err(refused(found.to_owned()).hint(hint));
        }
    })
}

/// What a file is that is of none of the formats, and the way out.
fn foreign(magic: &[u8]) -> (&'static str, &'static str) {
    match magic {
        [] => ("an empty file", "write it again"),
        [b'F', b'E', b'A', b'1', ..] => {
            ("Feather of version 1", "`pandas.DataFrame.to_feather` writes version 2")
        }
        [0x89, b'H', b'D', b'F', ..] => ("HDF5", "`numpy.save` of the data set makes a .npy file"),
        [0x80, 2..=5, ..] => {
            ("a pickle", "`numpy.save` makes a .npy file, `DataFrame.to_parquet` a Parquet file")
        }
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => ("a compressed file", "unpack it first"),
        [b'P', b'A', b'R', b'E', ..] => ("an encrypted Parquet file", "write it without encryption"),
        text if text.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..)) => {
            ("a text", "`pandas.read_csv(...).to_parquet(...)` makes a Parquet file of a CSV file")
        }
        _ => ("neither of them", "`DataFrame.to_parquet` of pandas and `numpy.save` make such files"),
    }
}
