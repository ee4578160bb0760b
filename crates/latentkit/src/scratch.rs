//! Where a second run puts its files.

use std::io;
use std::path::{Path, PathBuf};

use latentkit_core::{Error, Result};

/// A folder for the files of a second run. A temporary one is removed at the end.
pub(crate) struct Scratch {
    folder: PathBuf,
    temporary: bool,
}

impl Scratch {
    /// The folder that the user names, which must be empty or not be there yet; else a hidden one in `artifacts`, where
    /// there is room for such files.
    pub(crate) fn new(given: Option<&Path>, artifacts: &Path, name: &str) -> Result<Self> {
        let Some(folder) = given else {
            let folder = artifacts.join(format!(".again-{name}-{}", std::process::id()));
            // A killed process of the same number may have left one.
            match fs_err::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            fs_err::create_dir_all(&folder)?;
            return Ok(Self { folder, temporary: true });
        };
        fs_err::create_dir_all(folder)?;
        if fs_err::read_dir(folder)?.next().is_some() {
            return Err(Error::usage(format!("cannot put the new files into `{}`", folder.display()))
                .expected("an empty folder, or none yet")
                .found("a folder with something in it"));
        }
        Ok(Self { folder: folder.to_path_buf(), temporary: false })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder, when it stays.
    pub(crate) fn kept(&self) -> Option<&Path> {
        (!self.temporary).then_some(self.folder.as_path())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs_err::remove_dir_all(&self.folder)
        {
            tracing::warn!("the temporary files stay in `{}`: {error}", self.folder.display());
        }
    }
}
