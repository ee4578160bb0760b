//! Which points a stage works on.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use latentkit_core::input::is_absent;
use latentkit_core::{Error, Result, recorded_path};
use latentkit_table::{Columns, Part};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which points are clustered; by default those of export, in their columns `z0`, `z1`, ...
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Points {
    /// Files, folders of them, or patterns; see [`parts`].
    #[serde(rename = "file", default, with = "recorded_path::several")]
    pub(crate) files: Vec<PathBuf>,
    #[serde(flatten)]
    pub(crate) columns: Columns,
}

impl Points {
    /// The key under which a stage records them among its config.
    pub(crate) const KEY: &'static str = "points";

    /// Those of a recorded config; the default where it has none.
    pub(crate) fn recorded(config: &Value) -> Self {
        Self::deserialize(&config[Self::KEY]).unwrap_or_default()
    }
}

/// How the names of files end that a folder is searched for.
const EXTENSIONS: [&str; 6] = ["parquet", "arrow", "feather", "ipc", "npy", "npz"];

/// The files with the points, in the order of `points`: a file itself; of a folder all files of [`EXTENSIONS`] in it and in its
/// folders, but those whose names begin with `_` or `.`; of a pattern with `*` or `?` those that match; both in the order of their
/// names.
///
/// # Errors
/// Of kind input when there are none, some cannot be reached, or one is there twice.
pub(crate) fn parts(points: &[PathBuf]) -> Result<Vec<Part>> {
    let all: Vec<Part> = points
        .iter()
        .map(|points| parts_of(points))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut known = HashSet::new();
    if let Some(twice) = all.iter().find(|part| !known.insert(&part.path)) {
        return Err(Error::input(format!("`{}` would be read twice", twice.path.display()))
            .hint("give each file, folder or pattern of `--latents` once"));
    }
    Ok(all)
}

/// The files of one of them.
fn parts_of(points: &Path) -> Result<Vec<Part>> {
    let files = if points.is_dir() {
        let mut files = Vec::new();
        collect(points, &mut files)?;
        files
    } else if is_absent(points) && is_pattern(points) {
        let pattern = points.to_string_lossy();
        let matching = glob::glob(&pattern)
            .map_err(|error| Error::input(format!("cannot use the pattern `{pattern}`: {error}")))?;
        let mut files: Vec<_> = matching.filter_map(std::result::Result::ok).collect();
        files.sort();
        files
    } else {
        return Ok(vec![Part::file(points)]);
    };
    if files.is_empty() {
        return Err(Error::input(format!("cannot find points in `{}`", points.display())).expected(format!(
            "files that end in {}",
            EXTENSIONS.map(|name| format!("`.{name}`")).join(", ")
        )));
    }
    let part = |path: PathBuf| {
        let partitions = path.strip_prefix(points).ok().map(partitions).unwrap_or_default();
        Part { path, partitions }
    };
    Ok(files.into_iter().map(part).collect())
}

/// Whether a path that is no file is a pattern.
pub(crate) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?'])
}

/// Adds the files of [`EXTENSIONS`] of a folder and of its folders, in the order of their names. Links to folders are not followed: they
/// may lead back.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs_err::read_dir(folder).map_err(|error| Error::from(error).into_input())?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>().map_err(|error| Error::from(error).into_input())?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(['_', '.']) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|found| EXTENSIONS.iter().any(|known| found == *known)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The columns that folders such as `species=cat` name.
fn partitions(path: &Path) -> Vec<(String, String)> {
    let names = path.parent().into_iter().flat_map(Path::components);
    let pairs = names.filter_map(|name| {
        let (key, value) = name.as_os_str().to_str()?.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_in_the_order_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.parquet", "a.parquet", "_SUCCESS", "_metadata.parquet", ".a.parquet.crc", "notes.txt"]
        {
            fs_err::write(folder.path().join(name), "").unwrap();
        }
        for species in ["dog", "cat"] {
            let inner = folder.path().join(format!("species={species}"));
            fs_err::create_dir(&inner).unwrap();
            fs_err::write(inner.join("0.parquet"), "").unwrap();
        }
        let parts = |path: PathBuf| super::parts(&[path]);
        let found = parts(folder.path().to_owned()).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|part| part.path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a.parquet", "b.parquet", "species=cat/0.parquet", "species=dog/0.parquet"]);
        assert_eq!(found[3].partitions, [("species".to_owned(), "dog".to_owned())]);
        let found = parts(folder.path().join("?.parquet")).unwrap();
        assert_eq!(found.len(), 2);
        assert!(
            parts(folder.path().join("c*.parquet")).unwrap_err().to_string().contains("cannot find points")
        );
        assert_eq!(parts("none.parquet".into()).unwrap(), [Part::file("none.parquet")]);
    }

    #[test]
    fn several_are_read_in_the_order_in_which_they_are_given() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.npz", "a.feather", "c.arrow", "d.ipc", "e.npy", "state.json"] {
            fs_err::write(folder.path().join(name), "").unwrap();
        }
        let [whole, some] = ["", "?.npz"].map(|name| folder.path().join(name));
        let names = |points: &[PathBuf]| {
            let name = |part: Part| part.path.file_name().unwrap().to_str().unwrap().to_owned();
            parts(points).map(|parts| parts.into_iter().map(name).collect::<Vec<_>>())
        };
        assert_eq!(
            names(std::slice::from_ref(&whole)).unwrap(),
            ["a.feather", "b.npz", "c.arrow", "d.ipc", "e.npy"]
        );
        assert_eq!(names(&["z.parquet".into(), some.clone()]).unwrap(), ["z.parquet", "b.npz"]);
        assert!(names(&[some, whole]).unwrap_err().to_string().contains("b.npz` would be read twice"));
    }
}
