//! The folder of an experiment: who may write to it, what is up to date, and how a stage's files are put into place as
//! a whole.

use std::fs::TryLockError;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::Name;
use crate::hash::{FileRecord, Member};
use crate::input::is_absent;
use crate::layout::{CHECKPOINTS, LOCK, LOG, MANIFEST, TIMINGS};
use crate::manifest::{Identity, Manifest};
use crate::{Error, Result, atomic, hash_cache};

/// `artifacts/<experiment>/`.
#[derive(Clone, Debug)]
pub struct Artifacts {
    root: PathBuf,
    stages: &'static [&'static str],
}

/// Whether the files of a stage are up to date.
#[derive(Clone, Debug, PartialEq)]
pub enum Freshness {
    /// They are what the stage would write now.
    Fresh(Box<Manifest>),
    /// They are not, for these reasons.
    Stale(Vec<String>),
    /// There are none.
    Missing,
}

/// Where the hash of a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// From the file's content; for everything that is recorded or verified.
    Read,
    /// From the cache if the file has not changed since it was last read; enough to decide what is up to date.
    Cached,
}

impl Artifacts {
    /// The folder of the experiment `name` in `artifacts`, to which these stages write, in the order of the pipeline.
    /// Nothing is created.
    pub fn new(artifacts: &Path, name: &Name, stages: &'static [&'static str]) -> Self {
        Self { root: artifacts.join(name.as_str()), stages }
    }

    /// The names of the stages, in the order of the pipeline.
    pub fn stages(&self) -> &'static [&'static str] {
        self.stages
    }

    /// The folder of the experiment.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a stage.
    pub fn stage(&self, stage: &str) -> PathBuf {
        self.root.join(stage)
    }

    /// A file of a stage.
    pub fn file(&self, stage: &str, name: &str) -> PathBuf {
        self.stage(stage).join(name)
    }

    /// Hashes any file and records it under `name`.
    pub fn hash(&self, path: &Path, name: &str, hashing: Hashing) -> Result<FileRecord> {
        match hashing {
            Hashing::Read => FileRecord::of(path, name),
            Hashing::Cached => hash_cache::record(&self.root, path, name),
        }
    }

    /// Hashes several files, all in the folder `place`, and records them as one under `name`.
    pub fn hash_all(
        &self,
        members: &[Member],
        place: &Path,
        name: &str,
        hashing: Hashing,
    ) -> Result<FileRecord> {
        match hashing {
            Hashing::Read => FileRecord::of_all(members, name),
            Hashing::Cached => hash_cache::record_all(&self.root, members, place, name),
        }
    }

    /// Hashes a file of a stage, named relative to the experiment's folder.
    ///
    /// # Errors
    /// Of kind input when it does not exist, with the command that makes it.
    pub fn record(&self, stage: &str, name: &str, hashing: Hashing) -> Result<FileRecord> {
        let path = self.file(stage, name);
        if is_absent(&path) {
            return Err(Error::input(format!("cannot find `{}`", path.display()))
                .hint(format!("`latentkit {stage} CONFIG` makes it")));
        }
        self.hash(&path, &format!("{stage}/{name}"), hashing).map_err(Error::into_input)
    }

    /// Compares the files of a stage with what it would write now, by their cached hashes.
    pub fn assess(&self, identity: &Identity) -> Result<Freshness> {
        let folder = self.stage(identity.stage);
        let Some(manifest) = Manifest::read(&folder)? else { return Ok(Freshness::Missing) };
        let mut reasons = identity.differences(&manifest);
        for output in &manifest.outputs {
            let path = folder.join(&output.path);
            match self.hash(&path, &output.path, Hashing::Cached) {
                Ok(found) if found == *output => {}
                Ok(_) => reasons.push(format!("`{}` was changed by someone else", output.path)),
                Err(_) if is_absent(&path) => reasons.push(format!("`{}` is gone", output.path)),
                Err(_) => reasons.push(format!("`{}` cannot be read", output.path)),
            }
        }
        Ok(if reasons.is_empty() { Freshness::Fresh(Box::new(manifest)) } else { Freshness::Stale(reasons) })
    }

    /// Makes this process the only writer of the experiment until the lock is dropped or the process ends.
    ///
    /// # Errors
    /// When another process is, with its number and since when.
    pub fn lock(&self) -> Result<Lock> {
        atomic::create_folder(&self.root)?;
        let path = self.root.join(LOCK);
        let mut file =
            fs_err::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.file().try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs_err::read_to_string(&path).unwrap_or_default();
                // It is empty for the moment in which the other process writes it.
                let holder = Some(holder.trim()).filter(|holder| !holder.is_empty()).unwrap_or("since now");
                return Err(Error::failed(format!(
                    "another latentkit is working on `{}` ({holder})",
                    self.root.display()
                ))
                .hint("wait for it to end, or give this experiment another name"));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::failed(format!("cannot lock `{}`: {error}", path.display())));
            }
        }
        // `clean` may have removed the file between its opening and its locking; then another process can lock a new one.
        if !is_at(&file, &path) {
            return self.lock();
        }
        file.set_len(0)?;
        writeln!(
            file,
            "process {}, since {}",
            std::process::id(),
            jiff::Timestamp::now().strftime("%F %T UTC")
        )?;
        for stage in self.stages {
            self.recover(stage)?;
        }
        Ok(Lock { _file: file })
    }

    /// Opens the folder in which a stage prepares its files. Checkpoints that an interrupted run of the same key left
    /// in it stay, and so do those of the [`KEPT`] keys begun last: changing a value and changing it back loses nothing.
    /// All else that interrupted runs left is removed.
    ///
    /// # Errors
    /// Also when the stage's earlier result is in a folder that cannot be changed: it would not be possible to replace it.
    pub fn begin(&self, identity: &Identity) -> Result<Staging> {
        let key = identity.key();
        let stage = identity.stage;
        check_writable(&self.stage(stage))?;
        let folder = self.hidden(stage, &format!("partial-{}", &key[..16]));
        let mut others = self.partials(stage)?;
        others.retain(|other| *other != folder);
        let (kept, useless): (Vec<_>, Vec<_>) =
            others.into_iter().rev().partition(|other| is_folder(&other.join(CHECKPOINTS)));
        for old in kept.iter().skip(KEPT).chain(&useless) {
            remove(old)?;
        }
        if !is_folder(&folder) {
            remove(&folder)?;
        }
        atomic::create_folder(&folder)?;
        // The manifest says that all is there, so it goes first.
        if folder.join(MANIFEST).exists() {
            fs_err::remove_file(folder.join(MANIFEST))?;
        }
        // All but checkpoints, log and times is written anew, so that nothing half-written gets among the outputs.
        for entry in fs_err::read_dir(&folder)? {
            let path = entry?.path();
            let named = |name: &str| path.file_name().is_some_and(|found| found == name);
            if (named(LOG) || named(TIMINGS)) && is_file(&path) {
                // An interrupted run and those that go on with it have one log, and add up their times.
            } else if named(CHECKPOINTS) && is_folder(&path) {
                atomic::remove_temporary(&path)?;
            } else {
                remove(&path)?;
            }
        }
        Ok(Staging { folder, artifacts: self.clone(), stage })
    }

    /// The folders of a stage that has not finished, in the order in which they were last changed.
    fn partials(&self, stage: &str) -> Result<Vec<PathBuf>> {
        let prefix = format!(".{stage}.partial-");
        let mut folders = Vec::new();
        for entry in fs_err::read_dir(&self.root)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                folders.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        folders.sort();
        Ok(folders.into_iter().map(|(_, path)| path).collect())
    }

    fn hidden(&self, stage: &str, what: &str) -> PathBuf {
        self.root.join(format!(".{stage}.{what}"))
    }

    /// Ends a replacement that was cut off between its two renames: forward when the new files are complete, which
    /// their manifest tells, else back.
    fn recover(&self, stage: &str) -> Result<()> {
        let (old, target) = (self.hidden(stage, "old"), self.stage(stage));
        if !is_there(&old) {
            return Ok(());
        }
        if !is_there(&target) {
            let complete =
                self.partials(stage)?.into_iter().rev().find(|folder| folder.join(MANIFEST).exists());
            fs_err::rename(complete.as_deref().unwrap_or(&old), &target)?;
        }
        remove(&old)
    }
}

/// Whether an open file is the one that is at `path` now.
fn is_at(file: &fs_err::File, path: &Path) -> bool {
    match (file.metadata(), fs_err::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Whether there is anything of this name, be it a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    fs_err::symlink_metadata(path).is_ok()
}

/// Whether this is a folder and no link to one.
fn is_folder(path: &Path) -> bool {
    fs_err::symlink_metadata(path).is_ok_and(|about| about.is_dir())
}

/// Whether this is a regular file and no link to one.
fn is_file(path: &Path) -> bool {
    fs_err::symlink_metadata(path).is_ok_and(|about| about.is_file())
}

/// Fails if files of a folder cannot be removed, so that this is known before hours of work.
fn check_writable(folder: &Path) -> Result<()> {
    if is_folder(folder) {
        let file = folder.join(format!(".probe.{}", std::process::id()));
        fs_err::File::create(&file)?;
        fs_err::remove_file(&file)?;
    }
    Ok(())
}

/// Removes a folder with its content, a file, or a link without its target.
fn remove(path: &Path) -> Result<()> {
    if is_folder(path) {
        fs_err::remove_dir_all(path)?;
    } else if is_there(path) {
        fs_err::remove_file(path)?;
    }
    Ok(())
}

/// How many unfinished results of other keys are kept for each stage.
const KEPT: usize = 2;

/// The exclusive right to write to an experiment's folder.
#[derive(Debug)]
pub struct Lock {
    _file: fs_err::File,
}

/// The folder in which a stage prepares its files, beside their final folder.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    artifacts: Artifacts,
    stage: &'static str,
}

impl Staging {
    /// The folder to write to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records and flushes every file, writes the manifest last, and replaces the stage's old folder. Returns the
    /// complete manifest.
    pub fn commit(self, mut manifest: Manifest) -> Result<Manifest> {
        manifest.outputs.clear();
        let present = |name: &str| self.folder.join(name).is_file().then(|| name.to_owned());
        (manifest.log, manifest.timings) = (present(LOG), present(TIMINGS));
        record_files(&self.folder, "", &mut manifest.outputs)?;
        manifest.write(&self.folder)?;

        let target = self.artifacts.stage(self.stage);
        let old = self.artifacts.hidden(self.stage, "old");
        if is_there(&target) {
            fs_err::rename(&target, &old)?;
            // POSIX promises no order of two renames on the disk.
            atomic::sync_folder(&self.artifacts.root)?;
        }
        fs_err::rename(&self.folder, &target)?;
        atomic::sync_folder(&self.artifacts.root)?;
        remove(&old)?;
        Ok(manifest)
    }
}

/// Hashes the files that a stage wrote into a folder, in the order of their names.
pub fn records(folder: &Path) -> Result<Vec<FileRecord>> {
    let mut records = Vec::new();
    record_files(folder, "", &mut records)?;
    Ok(records)
}

/// Hashes and flushes the files under `folder`, in the order of their names; the log and the file of times are only
/// flushed.
fn record_files(folder: &Path, prefix: &str, records: &mut Vec<FileRecord>) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in names {
        let path = folder.join(&name);
        if path.is_dir() {
            record_files(&path, &format!("{prefix}{name}/"), records)?;
        } else if prefix.is_empty() && (name == LOG || name == TIMINGS) {
            fs_err::File::open(&path)?.sync_all()?;
        } else if name != MANIFEST {
            fs_err::File::open(&path)?.sync_all()?;
            records.push(FileRecord::of(&path, format!("{prefix}{name}"))?);
        }
    }
    atomic::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifacts(folder: &Path) -> Artifacts {
        Artifacts::new(folder, &Name::try_from("trial".to_owned()).unwrap(), &["ingest", "cluster"])
    }

    fn identity(seed: u32) -> Identity {
        Identity {
            stage: "cluster",
            version: 1,
            config: serde_json::json!({ "seed": seed }),
            inputs: Vec::new(),
        }
    }

    fn finish(artifacts: &Artifacts, seed: u32, content: &str) -> Manifest {
        let identity = identity(seed);
        let staging = artifacts.begin(&identity).unwrap();
        fs_err::write(staging.folder().join("sweep.parquet"), content).unwrap();
        let manifest = Manifest::example(&identity);
        staging.commit(manifest).unwrap()
    }

    #[test]
    fn a_stage_is_missing_then_fresh_then_stale() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let _lock = artifacts.lock().unwrap();
        assert_eq!(artifacts.assess(&identity(1)).unwrap(), Freshness::Missing);
        let manifest = finish(&artifacts, 1, "one");
        assert_eq!(manifest.outputs.len(), 1);
        assert_eq!(artifacts.assess(&identity(1)).unwrap(), Freshness::Fresh(Box::new(manifest)));
        assert_eq!(artifacts.assess(&identity(2)).unwrap(), Freshness::Stale(vec!["seed 1 -> 2".into()]));
        let table = artifacts.file("cluster", "sweep.parquet");
        fs_err::write(&table, "two").unwrap();
        let changed = "`sweep.parquet` was changed by someone else";
        assert_eq!(artifacts.assess(&identity(1)).unwrap(), Freshness::Stale(vec![changed.into()]));
        fs_err::remove_file(&table).unwrap();
        assert_eq!(
            artifacts.assess(&identity(1)).unwrap(),
            Freshness::Stale(vec!["`sweep.parquet` is gone".into()])
        );
    }

    #[test]
    fn a_second_result_replaces_the_first_whole() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let _lock = artifacts.lock().unwrap();
        finish(&artifacts, 1, "one");
        finish(&artifacts, 2, "two");
        let table = artifacts.file("cluster", "sweep.parquet");
        assert_eq!(fs_err::read_to_string(table).unwrap(), "two");
        let names: Vec<_> =
            fs_err::read_dir(artifacts.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "only the lock and the stage: {names:?}");
    }

    #[test]
    fn a_replacement_cut_off_between_its_renames_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let lock = artifacts.lock().unwrap();
        let manifest = finish(&artifacts, 1, "one");
        fs_err::rename(artifacts.stage("cluster"), artifacts.hidden("cluster", "old")).unwrap();
        drop(lock);
        let _lock = artifacts.lock().unwrap();
        assert_eq!(artifacts.assess(&identity(1)).unwrap(), Freshness::Fresh(Box::new(manifest)));
    }

    #[test]
    fn a_replacement_cut_off_after_its_manifest_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let lock = artifacts.lock().unwrap();
        let manifest = finish(&artifacts, 1, "one");
        finish(&artifacts, 2, "two");
        // Back to the moment at which the second result was complete and the first was renamed away.
        let target = artifacts.stage("cluster");
        fs_err::rename(&target, artifacts.hidden("cluster", "partial-x")).unwrap();
        let old = artifacts.hidden("cluster", "old");
        fs_err::create_dir(&old).unwrap();
        manifest.write(&old).unwrap();
        drop(lock);
        let _lock = artifacts.lock().unwrap();
        assert_eq!(fs_err::read_to_string(target.join("sweep.parquet")).unwrap(), "two");
        assert!(!old.exists());
    }

    #[test]
    fn whatever_stands_in_a_stages_place_is_replaced_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let _lock = artifacts.lock().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs_err::create_dir(&elsewhere).unwrap();
        fs_err::write(elsewhere.join("mine"), "x").unwrap();
        let (target, prepared) =
            (artifacts.stage("cluster"), artifacts.begin(&identity(1)).unwrap().folder().to_owned());
        let link = |to: &Path, at: &Path| std::os::unix::fs::symlink(to, at).unwrap();
        for seed in 1..=4 {
            match seed {
                1 => fs_err::write(&target, "a file").unwrap(),
                2 => link(&target, &target),
                3 => link(&elsewhere, &target),
                _ => {
                    fs_err::create_dir(&target).unwrap();
                    link(&prepared, &prepared);
                }
            }
            finish(&artifacts, if seed == 4 { 1 } else { seed }, "new");
            let table = artifacts.file("cluster", "sweep.parquet");
            assert_eq!(fs_err::read_to_string(table).unwrap(), "new", "{seed}");
            remove(&target).unwrap();
        }
        assert_eq!(fs_err::read_to_string(elsewhere.join("mine")).unwrap(), "x");
    }

    #[test]
    fn checkpoints_outlive_other_values_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let _lock = artifacts.lock().unwrap();
        let staging = artifacts.begin(&identity(1)).unwrap();
        let checkpoint = staging.folder().join(CHECKPOINTS).join("epoch-1");
        fs_err::create_dir(staging.folder().join(CHECKPOINTS)).unwrap();
        fs_err::write(&checkpoint, "x").unwrap();
        let half_written = staging.folder().join("sweep.parquet.1.tmp");
        fs_err::write(&half_written, "x").unwrap();
        artifacts.begin(&identity(2)).unwrap();
        artifacts.begin(&identity(1)).unwrap();
        assert!(checkpoint.exists() && !half_written.exists());
        artifacts.begin(&identity(2)).unwrap();
        assert_eq!(artifacts.partials("cluster").unwrap().len(), 2, "one of them without a checkpoint");
        artifacts.begin(&identity(3)).unwrap();
        assert_eq!(artifacts.partials("cluster").unwrap().len(), 2, "and gone with the next key");
        for seed in 2..6 {
            // The order is that of the system's clock of files, which ticks slowly.
            std::thread::sleep(std::time::Duration::from_millis(20));
            let staging = artifacts.begin(&identity(seed)).unwrap();
            fs_err::create_dir_all(staging.folder().join(CHECKPOINTS)).unwrap();
        }
        assert!(!checkpoint.exists(), "old unfinished results do not pile up");
        assert_eq!(artifacts.partials("cluster").unwrap().len(), KEPT + 1);
    }

    #[test]
    fn a_log_outlives_interruptions_and_is_no_output() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let _lock = artifacts.lock().unwrap();
        let staging = artifacts.begin(&identity(1)).unwrap();
        fs_err::write(staging.folder().join(LOG), "stopped\n").unwrap();
        drop(staging);
        let manifest = finish(&artifacts, 1, "one");
        assert_eq!(manifest.log.as_deref(), Some(LOG));
        assert_eq!(manifest.outputs.iter().map(|output| &output.path).collect::<Vec<_>>(), ["sweep.parquet"]);
        let log = artifacts.file("cluster", LOG);
        assert_eq!(fs_err::read_to_string(&log).unwrap(), "stopped\n");
        fs_err::write(log, "another").unwrap();
        assert!(matches!(artifacts.assess(&identity(1)).unwrap(), Freshness::Fresh(_)));
    }

    #[test]
    fn only_one_process_writes() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = artifacts(folder.path());
        let lock = artifacts.lock().unwrap();
        let error = artifacts.lock().unwrap_err().to_string();
        assert!(error.contains("another latentkit"), "{error}");
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(lock);
        artifacts.lock().unwrap();
    }
}
