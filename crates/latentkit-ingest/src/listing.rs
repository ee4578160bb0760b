//! The pictures in a folder and the folders in it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use latentkit_core::hash::Member;
use latentkit_core::{Cancellation, Error, Result};

use crate::content;
use crate::picture;

/// Endings of the names of pictures, in small letters.
const ENDINGS: [&str; 11] = ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "bmp", "dib", "gif"];

/// How deep folders may lie in each other.
const DEPTH: usize = 64;

/// The pictures of a folder, and what else is in it.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The pictures, in the order of the bytes of their relative paths.
    pub(crate) files: Vec<File>,
    /// How many files of each other ending were passed over; hidden ones are not counted.
    pub(crate) skipped: BTreeMap<String, usize>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path in the folder.
    pub(crate) relative: PathBuf,
    /// The same for people: no other picture of the folder has it.
    pub(crate) shown: String,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Listing {
    /// Lists the pictures of a folder. Links are followed, but not into a folder that a link leads out of. Hidden files and folders,
    /// `__MACOSX` and `Thumbs.db` are passed over without a word.
    ///
    /// # Errors
    /// Of kind input when it cannot be read.
    pub(crate) fn of(folder: &Path, cancel: Cancellation) -> Result<Self> {
        let mut listing = Self::default();
        listing.visit(folder, Path::new(""), &mut Vec::new(), cancel)?;
        listing
            .files
            .sort_by(|a, b| a.relative.as_os_str().as_bytes().cmp(b.relative.as_os_str().as_bytes()));
        listing.name_all();
        Ok(listing)
    }

    fn visit(
        &mut self,
        folder: &Path,
        relative: &Path,
        above: &mut Vec<(u64, u64)>,
        cancel: Cancellation,
    ) -> Result<()> {
        cancel.check()?;
        let about = fs_err::metadata(folder).map_err(content::unreadable)?;
        let identity = (about.dev(), about.ino());
        if above.contains(&identity) || above.len() > DEPTH {
            return Ok(()); // a link that leads upwards
        }
        above.push(identity);
        for entry in fs_err::read_dir(folder).map_err(content::unreadable)? {
            let entry = entry.map_err(content::unreadable)?;
            let name = entry.file_name();
            if is_hidden(&name) {
                continue;
            }
            let (path, relative) = (entry.path(), relative.join(&name));
            let mut kind = entry.file_type().map_err(content::unreadable)?;
            if kind.is_symlink() {
                match fs_err::metadata(&path) {
                    Ok(about) => kind = about.file_type(),
                    Err(_) if has_ending(&path) => {} // reading it says what is wrong
                    Err(_) => continue,
                }
            }
            if kind.is_dir() {
                self.visit(&path, &relative, above, cancel)?;
            } else if (kind.is_file() || kind.is_symlink()) && is_picture(&path)? {
                self.files.push(File { relative, shown: String::new(), path });
            } else if kind.is_file() {
                *self.skipped.entry(ending(&path).unwrap_or_default()).or_default() += 1;
            }
        }
        above.pop();
        Ok(())
    }

    /// Gives each file a name that can be read and that no other has.
    fn name_all(&mut self) {
        let mut taken: HashSet<String> =
            self.files.iter().filter_map(|file| file.relative.to_str().map(str::to_owned)).collect();
        for file in &mut self.files {
            if let Some(path) = file.relative.to_str() {
                path.clone_into(&mut file.shown);
                continue;
            }
            let readable = readable(&file.relative);
            file.shown.clone_from(&readable);
            let mut number = 2;
            while !taken.insert(file.shown.clone()) {
                file.shown = format!("{readable} ({number})");
                number += 1;
            }
        }
    }

    /// The files as one input of a stage.
    pub(crate) fn members(&self) -> Vec<Member> {
        self.files.iter().map(|file| Member { name: file.shown.clone(), path: file.path.clone() }).collect()
    }

    /// How many files were passed over, by their endings.
    pub(crate) fn skipped_text(&self) -> Option<String> {
        if self.skipped.is_empty() {
            return None;
        }
        let mut text = String::new();
        for (ending, count) in self.skipped.iter().take(5) {
            let separator = if text.is_empty() { "" } else { ", " };
            match ending.as_str() {
                "" => write!(text, "{separator}{count} without an ending"),
                ending => write!(text, "{separator}{count} `.{ending}`"),
            }
            .expect("memory takes every write");
        }
        if self.skipped.len() > 5 {
            text.push_str(", ...");
        }
        Some(text)
    }

    /// The error that says that a folder holds no pictures.
    pub(crate) fn empty(&self, folder: &Path) -> Error {
        let error = Error::input(format!("`{}` holds no pictures", folder.display()))
            .expected("PNG, JPEG, WebP, TIFF, BMP or GIF files, in the folder or in folders in it");
        match self.skipped_text() {
            None => error.found("an empty folder"),
            Some(text) => error.found(format!("only other files: {text}")),
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".") || name == "__MACOSX" || name.eq_ignore_ascii_case("thumbs.db")
}

fn ending(path: &Path) -> Option<String> {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase())
}

fn has_ending(path: &Path) -> bool {
    ending(path).is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Whether a file is a picture, by the ending of its name, of a file without one by its first bytes.
fn is_picture(path: &Path) -> Result<bool> {
    if path.extension().is_some() {
        return Ok(has_ending(path));
    }
    let mut start = Vec::new();
    let file = fs_err::File::open(path).map_err(content::unreadable)?;
    file.take(16).read_to_end(&mut start).map_err(content::unreadable)?;
    Ok(picture::format_name(&start).is_some())
}

/// A path that is not UTF-8, each byte that is none of it as `\xff`.
fn readable(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("memory takes every write");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn listed(folder: &Path) -> Vec<String> {
        let listing = Listing::of(folder, Cancellation::never()).unwrap();
        listing.files.into_iter().map(|file| file.shown).collect()
    }

    fn write(folder: &Path, name: impl AsRef<Path>) {
        let path = folder.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, b"\x89PNG\r\n\x1a\n").unwrap();
    }

    #[test]
    fn pictures_in_the_order_of_the_bytes_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in [
            "b/2.JPG",
            "b/10.png",
            "a b/ü.Tiff",
            "B/x.webp",
            "a.gif",
            "no ending",
            ".hidden.png",
            ".git/x.png",
            "__MACOSX/b/._2.jpg",
            "b/.DS_Store",
            "b/Thumbs.db",
            "b/notes.txt",
            "labels.csv",
            "b/deep/er/1.bmp",
        ] {
            write(at, name);
        }
        fs_err::write(at.join("README"), "a text").unwrap();
        assert_eq!(
            listed(at),
            ["B/x.webp", "a b/ü.Tiff", "a.gif", "b/10.png", "b/2.JPG", "b/deep/er/1.bmp", "no ending"]
        );
        let listing = Listing::of(at, Cancellation::never()).unwrap();
        assert_eq!(listing.skipped_text().unwrap(), "1 without an ending, 1 `.csv`, 1 `.txt`");
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = folder.path();
        write(elsewhere.path(), "x.png");
        write(at, "a/1.png");
        symlink(elsewhere.path(), at.join("linked")).unwrap();
        symlink(at, at.join("a/up")).unwrap();
        symlink(elsewhere.path().join("x.png"), at.join("one.png")).unwrap();
        symlink("nowhere", at.join("broken.png")).unwrap();
        symlink("nowhere", at.join("broken")).unwrap();
        assert_eq!(listed(at), ["a/1.png", "broken.png", "linked/x.png", "one.png"]);
    }

    #[test]
    fn paths_that_are_not_utf_8_can_be_read_and_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"a\xff.png"[..], b"a\\xff.png", b"a\xfe.png"] {
            write(folder.path(), OsString::from_vec(name.to_vec()));
        }
        let mut names = listed(folder.path());
        names.sort();
        assert_eq!(names, ["a\\xfe.png", "a\\xff.png", "a\\xff.png (2)"]);
    }

    #[test]
    fn a_folder_without_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            |folder: &Path| Listing::of(folder, Cancellation::never()).unwrap().empty(folder).to_string();
        assert!(error(folder.path()).contains("found: an empty folder"));
        for name in ["a.txt", "b.txt", "c.heic"] {
            fs_err::write(folder.path().join(name), "x").unwrap();
        }
        assert!(error(folder.path()).contains("only other files: 1 `.heic`, 2 `.txt`"));
        assert!(Listing::of(&folder.path().join("absent"), Cancellation::never()).is_err());
    }
}
