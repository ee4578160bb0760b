//! Cached hashes of large files, so that a file that has not changed is not read again.
//!
//! The cache is the file [`NAME`] in the folder of an experiment. It only ever saves reading: without it, with a
//! damaged one or one from elsewhere, in a folder that cannot be written to, files are read. An entry holds for one
//! state of one file: its device, inode, size, and the times at which its content and its inode last changed. A program
//! can set the first of the two times back, not the second. An entry is made only if it cannot be wrong later:
//!
//! - The file had not changed for [`SETTLED`] when its reading began, by the clock of its file system. A change after that
//!   gets another time, however coarse that clock (git calls the others "racily clean").
//! - It had the same state before and after it was read.
//! - Its file system is one of [`LOCAL`], whose change time is the kernel's own.
//!
//! What remains is a program that keeps writing through a memory map that it made before, of which the kernel notes
//! only the first write; whoever must be certain reads the file.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::atomic::TEMPORARY;
use crate::hash::{self, FileRecord, Member};
use crate::{Error, Result, input};

/// The file of the cache. Unfinished ones have a name that starts the same and ends in [`TEMPORARY`].
const NAME: &str = ".hashes";
/// Counts the changes of what the file holds.
const VERSION: u32 = 1;
/// Bytes of that file at most; an entry has some hundred.
const MAX_BYTES: u64 = 1 << 22;
/// Files of fewer bytes are read each time, which takes a fraction of a millisecond.
const MIN_BYTES: u64 = 1 << 20;
/// Nanoseconds for which a file must not have changed. No file system's clock is coarser than two seconds.
const SETTLED: i128 = 2_000_000_000;
/// The numbers that the kernel gives to file systems that keep their times themselves: ext4, XFS, Btrfs, F2FS,
/// bcachefs, ZFS, tmpfs and overlayfs. Of others, such as NFS, FUSE and FAT, the change time may be another machine's,
/// or that of the content.
const LOCAL: [u64; 8] =
    [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0xCA45_1A4E, 0x2FC1_2FC1, 0x0102_1994, 0x794C_7630];

/// What is compared of a file; times in nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: i128,
    changed: i128,
}

impl State {
    fn of(file: &fs_err::File) -> Result<Self> {
        let about = file.metadata()?;
        let time = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Ok(Self {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            modified: time(about.mtime(), about.mtime_nsec()),
            changed: time(about.ctime(), about.ctime_nsec()),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Of several files that are recorded as one, their bytes in all and the latest of their times.
    state: State,
    blake3: String,
    /// Of several files, BLAKE3 of the names, the paths and the states of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<String>,
}

/// Entries by path, relative to the folder of the experiment where the file is in it.
type Entries = BTreeMap<String, Entry>;

/// The content of the file.
#[derive(Serialize, Deserialize)]
struct Cache {
    version: u32,
    files: Entries,
    /// BLAKE3 of the entries.
    blake3: String,
}

/// Whether the file of this name in the folder of an experiment is a cache, finished or not.
pub(crate) fn is_cache(name: &str) -> bool {
    name == NAME
        || name.strip_prefix(NAME).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(TEMPORARY))
}

/// As [`FileRecord::of`], without reading the file where the cache in the folder `root` knows it.
pub(crate) fn record(root: &Path, path: &Path, name: &str) -> Result<FileRecord> {
    record_with(root, path, name, SETTLED, |file| FileRecord::read(file, name))
}

fn record_with(
    root: &Path,
    path: &Path,
    name: &str,
    settled: i128,
    read: impl FnOnce(&mut fs_err::File) -> Result<FileRecord>,
) -> Result<FileRecord> {
    let mut file = hash::open(path)?;
    let state = State::of(&file)?;
    if state.bytes < MIN_BYTES {
        return read(&mut file);
    }
    let key = key(root, path);
    if let Some(entry) = load(root).remove(&key).filter(|entry| entry.state == state) {
        return Ok(FileRecord { path: name.to_owned(), bytes: state.bytes, blake3: entry.blake3 });
    }
    let draft = Draft::of(root, &file, &state, settled);
    let record = read(&mut file)?;
    if let Some(draft) = draft
        && State::of(&file)? == state
        && let Err(error) =
            draft.finish(root, key, Entry { state, blake3: record.blake3.clone(), members: None })
    {
        tracing::debug!("cannot cache the hash of `{}`: {error}", path.display());
    }
    Ok(record)
}

/// As [`FileRecord::of_all`], without reading the files where the cache in the folder `root` knows them all. `place` is the folder
/// that they are in.
pub(crate) fn record_all(root: &Path, members: &[Member], place: &Path, name: &str) -> Result<FileRecord> {
    record_all_with(root, members, place, name, SETTLED)
}

fn record_all_with(
    root: &Path,
    members: &[Member],
    place: &Path,
    name: &str,
    settled: i128,
) -> Result<FileRecord> {
    let Some((state, states)) = states_of(members)? else { return FileRecord::of_all(members, name) };
    let key = key(root, place);
    let known = load(root).remove(&key);
    if let Some(entry) = known.filter(|entry| entry.state == state && entry.members.as_ref() == Some(&states))
    {
        return Ok(FileRecord { path: name.to_owned(), bytes: state.bytes, blake3: entry.blake3 });
    }
    // All lie on one file system, so that any of them tells what it is; the state has the latest of their times.
    let draft = match members.first() {
        Some(member) => Draft::of(root, &hash::open(&member.path)?, &state, settled),
        None => None,
    };
    let record = FileRecord::of_all(members, name)?;
    if let Some(draft) = draft
        && states_of(members)? == Some((state.clone(), states.clone()))
        && let Err(error) =
            draft.finish(root, key, Entry { state, blake3: record.blake3.clone(), members: Some(states) })
    {
        tracing::debug!("cannot cache the hash of `{}`: {error}", place.display());
    }
    Ok(record)
}

/// The state of several files together, and the hash of the state of each. None where they lie on several file systems, or there
/// are none.
fn states_of(members: &[Member]) -> Result<Option<(State, String)>> {
    let mut states = Vec::with_capacity(members.len());
    for member in members {
        let state = State::of(&hash::open(&member.path)?)?;
        states.push((&member.name, key(Path::new("/"), &member.path), state));
    }
    let Some(device) = states.first().map(|(.., state)| state.device) else { return Ok(None) };
    if states.iter().any(|(.., state)| state.device != device) {
        return Ok(None);
    }
    let all = || states.iter().map(|(.., state)| state);
    let together = State {
        device,
        inode: 0,
        bytes: all().map(|state| state.bytes).sum(),
        modified: all().map(|state| state.modified).max().unwrap_or(0),
        changed: all().map(|state| state.changed).max().unwrap_or(0),
    };
    let text = serde_json::to_vec(&states).expect("states are JSON");
    Ok(Some((together, hash::of_bytes(&text))))
}

/// A new cache that is being written. It is removed unless it is finished.
struct Draft {
    file: fs_err::File,
}

impl Draft {
    /// Begins before a file is read, since its own time is when that was by the file system's clock. None when what will be
    /// read could not be relied on later, or nothing can be written.
    fn of(root: &Path, file: &fs_err::File, state: &State, settled: i128) -> Option<Self> {
        let kind = rustix::fs::fstatfs(file).ok()?.f_type;
        if !LOCAL.contains(&(kind as u64)) {
            return None;
        }
        let path = root.join(format!("{NAME}.{}{TEMPORARY}", std::process::id()));
        let draft = Self { file: fs_err::File::create(path).ok()? };
        let now = State::of(&draft.file).ok()?;
        (now.device == state.device && now.changed - state.changed >= settled).then_some(draft)
    }

    /// Puts the old entries and a new one into the place of the old cache. Nothing is flushed: what a power loss leaves
    /// of it is no cache.
    fn finish(mut self, root: &Path, key: String, entry: Entry) -> Result<()> {
        let mut files = load(root);
        files.retain(|path, _| fs_err::symlink_metadata(root.join(path)).is_ok());
        files.insert(key, entry);
        let cache = Cache { version: VERSION, blake3: check(&files), files };
        self.file.write_all(&serde_json::to_vec(&cache).expect("a cache is JSON"))?;
        fs_err::rename(self.file.path(), root.join(NAME))?;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A finished one is no longer there.
        let _ = fs_err::remove_file(self.file.path());
    }
}

/// The entries of the cache in a folder; none when there is no cache, or it is damaged.
fn load(root: &Path) -> Entries {
    let read = || -> Result<Cache> {
        let path = root.join(NAME);
        // Anything else could block, and is none of ours.
        if !fs_err::symlink_metadata(&path)?.is_file() {
            return Err(Error::failed("no regular file"));
        }
        let text = input::read(&path, MAX_BYTES)?;
        serde_json::from_slice(&text).map_err(|error| Error::failed(error.to_string()))
    };
    match read() {
        Ok(cache) if cache.version == VERSION && cache.blake3 == check(&cache.files) => cache.files,
        _ => Entries::new(),
    }
}

fn check(files: &Entries) -> String {
    hash::of_bytes(&serde_json::to_vec(files).expect("entries are JSON"))
}

fn key(root: &Path, path: &Path) -> String {
    let path = match path.strip_prefix(root) {
        Ok(inner) => inner.to_path_buf(),
        Err(_) => std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
    };
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs::{FileTimes, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    /// What stands for [`SETTLED`] here: longer than a tick of the kernel's clock, 10 ms at most.
    const SHORT: i128 = 30_000_000;

    /// A folder with a file that is large enough and has settled.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, 1);
        (folder, path)
    }

    fn write(path: &Path, byte: u8) {
        fs_err::write(path, vec![byte; MIN_BYTES as usize]).unwrap();
        settle();
    }

    fn settle() {
        std::thread::sleep(Duration::from_millis(60));
    }

    fn recorded(folder: &tempfile::TempDir, path: &Path) -> FileRecord {
        record_with(folder.path(), path, "a.parquet", SHORT, |file| FileRecord::read(file, "a.parquet"))
            .unwrap()
    }

    /// Whether the cache knows the file as it is now, so that it would not be read.
    fn is_known(folder: &tempfile::TempDir, path: &Path) -> bool {
        let state = State::of(&fs_err::File::open(path).unwrap()).unwrap();
        load(folder.path()).get(&key(folder.path(), path)).is_some_and(|entry| entry.state == state)
    }

    /// Puts another hash into the entry of a file, so that what comes from the cache can be told from what is read.
    fn mark(folder: &tempfile::TempDir) {
        let mut files = load(folder.path());
        for entry in files.values_mut() {
            "marked".clone_into(&mut entry.blake3);
        }
        let cache = Cache { version: VERSION, blake3: check(&files), files };
        fs_err::write(folder.path().join(NAME), serde_json::to_vec(&cache).unwrap()).unwrap();
    }

    #[test]
    fn a_file_that_has_not_changed_is_not_read_again() {
        let (folder, path) = folder();
        assert_eq!(recorded(&folder, &path), FileRecord::of(&path, "a.parquet").unwrap());
        mark(&folder);
        let again = recorded(&folder, &path);
        assert_eq!((again.bytes, again.blake3.as_str()), (MIN_BYTES, "marked"));
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn whatever_happens_to_a_file_it_is_read_again() {
        let in_place = |path: &Path| {
            let mut file = fs_err::OpenOptions::new().write(true).open(path).unwrap();
            file.write_all(b"x").unwrap();
        };
        let replaced = |path: &Path| {
            let other = path.with_extension("new");
            fs_err::write(&other, vec![2; MIN_BYTES as usize]).unwrap();
            fs_err::rename(other, path).unwrap();
        };
        let longer = |path: &Path| fs_err::write(path, vec![1; MIN_BYTES as usize + 1]).unwrap();
        let changes: [&dyn Fn(&Path); 3] = [&in_place, &replaced, &longer];
        for (number, change) in changes.into_iter().enumerate() {
            let (folder, path) = folder();
            let old = recorded(&folder, &path);
            mark(&folder);
            let modified = fs_err::metadata(&path).unwrap().modified().unwrap();
            change(&path);
            // As if nothing had happened.
            let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
            file.file().set_times(FileTimes::new().set_modified(modified)).unwrap();
            assert_eq!(fs_err::metadata(&path).unwrap().modified().unwrap(), modified);
            let now = recorded(&folder, &path);
            assert_eq!(now, FileRecord::of(&path, "a.parquet").unwrap(), "{number}");
            assert_ne!(now.blake3, old.blake3, "{number}");
        }
    }

    #[test]
    fn several_files_are_read_again_once_one_of_them_or_their_names_changed() {
        let folder = tempfile::tempdir().unwrap();
        let member = |name: &str| Member { name: name.to_owned(), path: folder.path().join(name) };
        let members = [member("a"), member("b")];
        for member in &members {
            fs_err::write(&member.path, &member.name).unwrap();
        }
        settle();
        let place = folder.path().join("a");
        let recorded =
            |members: &[Member]| record_all_with(folder.path(), members, &place, "all", SHORT).unwrap();
        assert_eq!(recorded(&members), FileRecord::of_all(&members, "all").unwrap());
        mark(&folder);
        assert_eq!((recorded(&members).blake3.as_str(), recorded(&members).bytes), ("marked", 2));
        let renamed = [Member { name: "c".to_owned(), ..members[0].clone() }, members[1].clone()];
        for others in [&members[..1], &renamed] {
            assert_eq!(recorded(others), FileRecord::of_all(others, "all").unwrap());
        }
        settle();
        recorded(&members);
        mark(&folder);
        assert_eq!(recorded(&members).blake3, "marked");
        fs_err::write(&members[1].path, "x").unwrap();
        assert_eq!(recorded(&members), FileRecord::of_all(&members, "all").unwrap(), "of the same length");
        assert_eq!(recorded(&[]).bytes, 0);
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_relied_on() {
        let (folder, path) = folder();
        record(folder.path(), &path, "a.parquet").unwrap();
        assert!(!is_known(&folder, &path) && !folder.path().join(NAME).exists());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        recorded(&folder, &path);
        assert!(is_known(&folder, &path));
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_not_relied_on() {
        let (folder, path) = folder();
        let read_and_change = |file: &mut fs_err::File| {
            let found = FileRecord::read(file, "a.parquet");
            write(&path, 2);
            found
        };
        record_with(folder.path(), &path, "a.parquet", SHORT, read_and_change).unwrap();
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "neither a cache nor a draft");
    }

    #[test]
    fn a_cache_that_is_none_is_ignored_and_replaced() {
        let (folder, path) = folder();
        let read = FileRecord::of(&path, "a.parquet").unwrap();
        recorded(&folder, &path);
        mark(&folder);
        let cache = folder.path().join(NAME);
        let good = fs_err::read_to_string(&cache).unwrap();
        let damaged = [
            String::new(),
            "{}".to_owned(),
            good[..good.len() / 2].to_owned(),
            good.replace("marked", "merked"),
            good.replace("\"version\":1", "\"version\":2"),
        ];
        for text in damaged {
            fs_err::write(&cache, &text).unwrap();
            assert_eq!(recorded(&folder, &path), read, "{text}");
            assert!(is_known(&folder, &path), "{text}");
        }
        // A device would never end, and a folder cannot be replaced.
        for put in [
            |at: &Path| std::os::unix::fs::symlink("/dev/zero", at).unwrap(),
            |at: &Path| fs_err::create_dir(at).unwrap(),
        ] {
            fs_err::remove_file(&cache).unwrap();
            put(&cache);
            assert_eq!(recorded(&folder, &path), read);
        }
    }

    #[test]
    fn a_copy_of_an_experiment_is_read() {
        let (folder, path) = folder();
        recorded(&folder, &path);
        mark(&folder);
        let copy = tempfile::tempdir().unwrap();
        let there = copy.path().join("a.parquet");
        for name in ["a.parquet", NAME] {
            fs_err::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        assert_eq!(recorded(&copy, &there).blake3, FileRecord::of(&path, "").unwrap().blake3);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_has_no_cache() {
        let (folder, path) = folder();
        fs_err::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
        let found = recorded(&folder, &path);
        // An administrator can write everywhere; a folder that is not there stands for one of others.
        let absent = folder.path().join("absent");
        assert_eq!(record(&absent, &path, "a.parquet").unwrap(), found);
        fs_err::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn entries_of_files_that_are_gone_go_with_the_next_one() {
        let (folder, path) = folder();
        let other = folder.path().join("b.parquet");
        write(&other, 2);
        recorded(&folder, &path);
        recorded(&folder, &other);
        assert_eq!(load(folder.path()).len(), 2);
        fs_err::remove_file(&path).unwrap();
        write(&other, 3);
        recorded(&folder, &other);
        assert_eq!(load(folder.path()).into_keys().collect::<Vec<_>>(), ["b.parquet"]);
    }

    #[test]
    fn small_files_are_not_kept() {
        let (folder, path) = folder();
        fs_err::write(&path, vec![1; MIN_BYTES as usize - 1]).unwrap();
        settle();
        recorded(&folder, &path);
        assert!(!folder.path().join(NAME).exists());
    }

    #[test]
    fn names_of_caches_are_recognised() {
        assert!(is_cache(".hashes") && is_cache(".hashes.17.tmp"));
        assert!(!is_cache(".hashes.bak") && !is_cache(".hashesx.tmp") && !is_cache("hashes"));
    }
}
