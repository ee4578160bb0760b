//! What the folder of an experiment contains: the files of finished stages, unfinished results, and untracked files.
//! Symbolic links are never followed, and only files found by walking the folder are removed. So neither a link nor a
//! manifest that names `../elsewhere` leads out of it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::artifact::{Artifacts, Lock};
use crate::hash_cache::is_cache;
use crate::layout::{LOCK, MANIFEST, TRIAL_LOG, TRIALS_FOLDER};
use crate::manifest::Manifest;
use crate::{Error, Result};

/// The content of an experiment's folder.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The stages that have a manifest, in the order of the pipeline.
    pub stages: Vec<Finished>,
    /// Unfinished results, by stage and name.
    pub unfinished: Vec<Unfinished>,
    /// Files that no manifest lists and that belong to no unfinished result.
    pub untracked: Vec<Untracked>,
}

/// The files of a stage that has finished.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The stage.
    pub stage: &'static str,
    /// Its manifest.
    pub manifest: Manifest,
    /// The files that the manifest lists and that exist, the manifest last; relative to the stage's folder.
    pub files: Vec<PathBuf>,
    /// Their total size in bytes.
    pub bytes: u64,
}

/// The folder of a stage that has not finished, with its checkpoints.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// The stage.
    pub stage: &'static str,
    /// Its name in the folder of the experiment.
    pub name: String,
    /// How many files it holds.
    pub files: usize,
    /// Their total size in bytes.
    pub bytes: u64,
}

/// A file or folder that no stage is known to have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untracked {
    /// Its path relative to the folder of the experiment.
    pub path: PathBuf,
    /// The stage whose folder it lies in.
    pub stage: Option<&'static str>,
    /// Why it does not count as a stage's file.
    pub reason: String,
}

impl Inventory {
    /// Walks the folder. Empty when there is none.
    pub fn take(artifacts: &Artifacts) -> Result<Self> {
        let mut inventory = Self::default();
        let (root, stages) = (artifacts.root(), artifacts.stages());
        for (name, kind) in list(root)? {
            if name == LOCK || kind == Kind::File && is_cache(&name) {
                continue;
            }
            let untracked = |stage, reason: &str| Untracked {
                path: PathBuf::from(&name),
                stage,
                reason: reason.to_owned(),
            };
            let unfinished = unfinished_of(&name, stages);
            match (kind, stages.iter().copied().find(|stage| *stage == name), unfinished) {
                (Kind::Link, stage, unfinished) => {
                    inventory.untracked.push(untracked(stage.or(unfinished), "it is a symbolic link"));
                }
                (Kind::Folder, Some(stage), _) => inventory.add_stage(artifacts, stage)?,
                (Kind::Folder, None, Some(stage)) => {
                    let (files, bytes) = size(&root.join(&name))?;
                    inventory.unfinished.push(Unfinished { stage, name, files, bytes });
                }
                (Kind::Folder, None, None) if name == TRIALS_FOLDER => {
                    inventory.untracked.push(untracked(None, "it holds the trials of a sweep"));
                }
                (Kind::File, None, None) if name == TRIAL_LOG => {
                    inventory.untracked.push(untracked(None, "it is the log of a trial of a sweep"));
                }
                _ => inventory.untracked.push(untracked(None, UNLISTED)),
            }
        }
        let place = |stage: &str| stages.iter().position(|known| *known == stage);
        inventory.stages.sort_by_key(|finished| place(finished.stage));
        inventory.unfinished.sort_by_key(|unfinished| (place(unfinished.stage), unfinished.name.clone()));
        Ok(inventory)
    }

    fn add_stage(&mut self, artifacts: &Artifacts, stage: &'static str) -> Result<()> {
        let folder = artifacts.stage(stage);
        let whole = |reason: String| Untracked { path: PathBuf::from(stage), stage: Some(stage), reason };
        let manifest = match Manifest::read(&folder) {
            Ok(Some(manifest)) => manifest,
            Ok(None) => {
                self.untracked.push(whole(format!("it has no `{MANIFEST}`")));
                return Ok(());
            }
            Err(_) => {
                self.untracked.push(whole(format!("its `{MANIFEST}` cannot be read")));
                return Ok(());
            }
        };
        let listed: BTreeSet<&str> = (manifest.outputs.iter().map(|output| output.path.as_str()))
            .chain(manifest.log.as_deref())
            .chain(manifest.timings.as_deref())
            .chain([MANIFEST])
            .collect();
        let mut finished = Finished { stage, manifest: manifest.clone(), files: Vec::new(), bytes: 0 };
        walk(&folder, "", &mut |name, kind| {
            let reason = match kind {
                Kind::File if listed.contains(name) => {
                    finished.files.push(PathBuf::from(name));
                    finished.bytes += fs_err::symlink_metadata(folder.join(name))?.len();
                    return Ok(());
                }
                Kind::Link => "it is a symbolic link",
                _ => UNLISTED,
            };
            let path = Path::new(stage).join(name);
            self.untracked.push(Untracked { path, stage: Some(stage), reason: reason.to_owned() });
            Ok(())
        })?;
        // As long as a file is there, the manifest tells whose it is.
        finished.files.sort_by_key(|file| (file.as_path() == Path::new(MANIFEST), file.clone()));
        self.stages.push(finished);
        Ok(())
    }
}

/// Removes the files of a stage, the manifest last, and folders that become empty.
pub fn remove_finished(artifacts: &Artifacts, finished: &Finished, _lock: &Lock) -> Result<()> {
    let folder = artifacts.stage(finished.stage);
    for file in &finished.files {
        fs_err::remove_file(folder.join(file))?;
    }
    remove_empty(&folder)
}

/// Removes the folder of an unfinished result, without following links.
pub fn remove_unfinished(artifacts: &Artifacts, unfinished: &Unfinished, _lock: &Lock) -> Result<()> {
    Ok(fs_err::remove_dir_all(artifacts.root().join(&unfinished.name))?)
}

/// Removes the folder of the experiment if only the lock and the cache of hashes remain in it.
pub fn remove_root(artifacts: &Artifacts, lock: Lock) -> Result<()> {
    let root = artifacts.root();
    let (caches, others): (Vec<_>, Vec<_>) =
        list(root)?.into_iter().partition(|(name, kind)| *kind == Kind::File && is_cache(name));
    if others.iter().all(|(name, _)| name == LOCK) {
        for (cache, _) in caches {
            fs_err::remove_file(root.join(cache))?;
        }
        // Whoever opened the file of the lock meanwhile finds that it is gone, and makes another; see `Artifacts::lock`.
        fs_err::remove_file(root.join(LOCK))?;
        drop(lock);
        match fs_err::remove_dir(root) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

const UNLISTED: &str = "no manifest lists it";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// The names in a folder, sorted. None when there is no folder.
fn list(folder: &Path) -> Result<Vec<(String, Kind)>> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = if kind.is_symlink() {
            Kind::Link
        } else if kind.is_dir() {
            Kind::Folder
        } else if kind.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        let name = entry.file_name().into_string().map_err(|name| {
            Error::failed(format!(
                "cannot read the name `{}` in `{}`",
                name.to_string_lossy(),
                folder.display()
            ))
            .expected("UTF-8")
            .hint("rename it or move it away")
        })?;
        names.push((name, kind));
    }
    names.sort_by(|(a, _): &(String, Kind), (b, _)| a.cmp(b));
    Ok(names)
}

/// Calls `visit` with the name of everything below a folder that is no folder itself, and of each empty folder.
fn walk(folder: &Path, prefix: &str, visit: &mut impl FnMut(&str, Kind) -> Result<()>) -> Result<()> {
    for (name, kind) in list(folder)? {
        let full = format!("{prefix}{name}");
        match kind {
            Kind::Folder if !list(&folder.join(&name))?.is_empty() => {
                walk(&folder.join(&name), &format!("{full}/"), visit)?;
            }
            _ => visit(&full, kind)?,
        }
    }
    Ok(())
}

/// How many files a folder holds, and their size together.
fn size(folder: &Path) -> Result<(usize, u64)> {
    let (mut files, mut bytes) = (0, 0);
    walk(folder, "", &mut |name, kind| {
        if kind == Kind::File {
            files += 1;
            bytes += fs_err::symlink_metadata(folder.join(name))?.len();
        }
        Ok(())
    })?;
    Ok((files, bytes))
}

/// Removes those folders in a folder, and it itself, that hold nothing.
fn remove_empty(folder: &Path) -> Result<()> {
    for (name, kind) in list(folder)? {
        if kind == Kind::Folder {
            remove_empty(&folder.join(name))?;
        }
    }
    if list(folder)?.is_empty() {
        fs_err::remove_dir(folder)?;
    }
    Ok(())
}

/// The stage of which a folder of this name is an unfinished result, or an old one that was about to be replaced.
fn unfinished_of(name: &str, stages: &[&'static str]) -> Option<&'static str> {
    let (stage, rest) = name.strip_prefix('.')?.split_once('.')?;
    let key = rest.strip_prefix("partial-");
    let ours = key.is_some_and(|key| key.len() == 16 && key.bytes().all(|c| c.is_ascii_hexdigit()));
    stages.iter().copied().find(|known| *known == stage).filter(|_| ours || rest == "old")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Name;
    use crate::manifest::Identity;

    /// An experiment whose ingest wrote `a.parquet` and `deep/b.parquet`, and whose train is unfinished.
    fn experiment(folder: &Path) -> (Artifacts, Lock) {
        let artifacts = Artifacts::new(
            folder,
            &Name::try_from("trial".to_owned()).unwrap(),
            &["ingest", "train", "export", "cluster", "plot"],
        );
        let lock = artifacts.lock().unwrap();
        let identity =
            Identity { stage: "ingest", version: 1, config: serde_json::json!({}), inputs: Vec::new() };
        let staging = artifacts.begin(&identity).unwrap();
        fs_err::write(staging.folder().join("a.parquet"), "aaaa").unwrap();
        fs_err::create_dir(staging.folder().join("deep")).unwrap();
        fs_err::write(staging.folder().join("deep/b.parquet"), "bb").unwrap();
        fs_err::write(staging.folder().join("log.txt"), "x").unwrap();
        let manifest = Manifest::example(&identity);
        staging.commit(manifest).unwrap();
        let train =
            Identity { stage: "train", version: 1, config: serde_json::json!({}), inputs: Vec::new() };
        let staging = artifacts.begin(&train).unwrap();
        fs_err::write(staging.folder().join("half"), "hh").unwrap();
        (artifacts, lock)
    }

    fn remove_all(artifacts: &Artifacts, lock: Lock) -> Inventory {
        let inventory = Inventory::take(artifacts).unwrap();
        for finished in &inventory.stages {
            remove_finished(artifacts, finished, &lock).unwrap();
        }
        for unfinished in &inventory.unfinished {
            remove_unfinished(artifacts, unfinished, &lock).unwrap();
        }
        remove_root(artifacts, lock).unwrap();
        inventory
    }

    #[test]
    fn all_that_stages_wrote_is_found_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (artifacts, lock) = experiment(folder.path());
        for cache in [".hashes", ".hashes.17.tmp"] {
            fs_err::write(artifacts.root().join(cache), "").unwrap();
        }
        let inventory = remove_all(&artifacts, lock);
        let files: Vec<_> = inventory.stages[0].files.iter().map(|file| file.display().to_string()).collect();
        assert_eq!(files, ["a.parquet", "deep/b.parquet", "log.txt", "manifest.json"]);
        assert_eq!((inventory.unfinished[0].files, inventory.unfinished[0].bytes), (1, 2));
        assert!(inventory.untracked.is_empty());
        assert!(!artifacts.root().exists());
        assert!(Inventory::take(&artifacts).unwrap().stages.is_empty());
    }

    #[test]
    fn nothing_that_is_not_ours_is_touched() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs_err::create_dir(&elsewhere).unwrap();
        fs_err::write(elsewhere.join("a.parquet"), "mine").unwrap();
        let (artifacts, lock) = experiment(folder.path());
        let root = artifacts.root().to_path_buf();
        fs_err::write(root.join("notes.txt"), "mine").unwrap();
        fs_err::write(root.join("ingest/deep/notes.txt"), "mine").unwrap();
        fs_err::create_dir(root.join(".train.partial-mine")).unwrap();
        fs_err::create_dir(root.join("plot")).unwrap();
        symlink(&elsewhere, root.join("cluster")).unwrap();
        symlink(&elsewhere, root.join(".export.old")).unwrap();
        let partial = root.join(&Inventory::take(&artifacts).unwrap().unfinished[0].name);
        symlink(&elsewhere, partial.join("link")).unwrap();
        // A listed file that someone moved to another disk, and a folder in the place of one.
        fs_err::remove_file(root.join("ingest/a.parquet")).unwrap();
        symlink(elsewhere.join("a.parquet"), root.join("ingest/a.parquet")).unwrap();

        let inventory = remove_all(&artifacts, lock);
        let untracked: Vec<_> =
            inventory.untracked.iter().map(|untracked| untracked.path.to_str().unwrap()).collect();
        let expected = [
            ".export.old",
            ".train.partial-mine",
            "cluster",
            "ingest/a.parquet",
            "ingest/deep/notes.txt",
            "notes.txt",
            "plot",
        ];
        assert_eq!(untracked, expected);
        assert_eq!(fs_err::read(elsewhere.join("a.parquet")).unwrap(), b"mine");
        for kept in expected {
            assert!(fs_err::symlink_metadata(root.join(kept)).is_ok(), "{kept}");
        }
        assert!(!root.join("ingest/deep/b.parquet").exists() && !partial.exists());
    }

    #[test]
    fn a_manifest_that_names_files_elsewhere_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (artifacts, lock) = experiment(folder.path());
        let outside = folder.path().join("outside.txt");
        fs_err::write(&outside, "mine").unwrap();
        let path = artifacts.file("ingest", MANIFEST);
        let text = fs_err::read_to_string(&path).unwrap();
        fs_err::write(&path, text.replace("\"a.parquet\"", "\"../../outside.txt\"")).unwrap();
        let inventory = remove_all(&artifacts, lock);
        assert_eq!(inventory.untracked[0].path, Path::new("ingest/a.parquet"));
        assert!(outside.exists() && artifacts.file("ingest", "a.parquet").exists());
    }

    #[test]
    fn a_lock_that_was_removed_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (artifacts, lock) = experiment(folder.path());
        remove_all(&artifacts, lock);
        let lock = artifacts.lock().unwrap();
        assert!(artifacts.root().join(LOCK).exists());
        assert!(artifacts.lock().is_err());
        drop(lock);
    }
}
