//! Files that appear whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::Result;

/// What the names of temporary files end in.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Removes the temporary files that a killed process left in a folder.
pub fn remove_temporary(folder: &Path) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(TEMPORARY) {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes `bytes` to a temporary file beside `path`, flushes it to the disk, and renames it into place.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| Ok(file.write_all(bytes)?))
}

/// As [`write`], the content written by `fill`. When `fill` fails, nothing is left behind.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut fs_err::File) -> Result<()>) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}{TEMPORARY}", std::process::id()));
    let temporary = path.with_file_name(name);
    let outcome = (|| {
        let mut file = fs_err::File::create(&temporary)?;
        fill(&mut file)?;
        file.sync_all()?;
        drop(file);
        fs_err::rename(&temporary, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    })();
    if outcome.is_err() {
        let _ = fs_err::remove_file(&temporary);
    }
    outcome
}

/// Creates a folder and those above it that are missing, and flushes those that they are in, so that what is written into
/// it later cannot be lost with it.
pub fn create_folder(folder: &Path) -> Result<()> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let created: Vec<&Path> = folder.ancestors().take_while(missing).collect();
    fs_err::create_dir_all(folder)?;
    created.iter().filter_map(|folder| folder.parent()).try_for_each(sync_folder)
}

/// Flushes a folder, so that the renames in it outlive a power loss.
pub fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs_err::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"old").unwrap();
        let failed = write_with(&path, |file| {
            file.write_all(b"half")?;
            Err(Error::failed("stop"))
        });
        assert!(failed.is_err());
        assert_eq!(fs_err::read(&path).unwrap(), b"old");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folders_are_created_with_those_above_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        create_folder(&path).unwrap();
        create_folder(&path).unwrap();
        assert!(path.is_dir());
        write(&path.join("c"), b"").unwrap();
        let error = create_folder(&path.join("c/d")).unwrap_err().to_string();
        assert!(error.contains("c/d"), "{error}");
    }
}
