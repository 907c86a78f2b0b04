//! The temporary files of writers that were killed before they could rename or remove them.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Number of random letters and digits at the end of the name of a temporary file.
const N_RANDOM: usize = 6;

/// Age from which a temporary file is no longer that of a writer that is about to lock it.
pub const WRITER_PATIENCE: Duration = Duration::from_secs(60);

/// The same on a file system without locks, where a writer may also just be slow.
const LONG_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Lists the temporary files in `dir` that no writer will finish: not locked, at least `min_age` old,
/// and of a file whose name `is_ours`.
pub fn abandoned(dir: &Path, min_age: Duration, is_ours: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let found = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = found
        .filter(|entry| {
            let name = entry.file_name();
            let of = name.to_str().and_then(name_of);
            of.is_some_and(&is_ours) && entry.file_type().is_ok_and(|t| t.is_file())
        })
        .map(|entry| entry.path())
        .filter(|path| is_abandoned(path, min_age).unwrap_or(false))
        .collect();
    paths.sort();
    paths
}

/// Removes the files that [`abandoned`] lists.
pub fn remove_abandoned(dir: &Path, min_age: Duration, is_ours: impl Fn(&str) -> bool) {
    for path in abandoned(dir, min_age, is_ours) {
        // A leftover file does no harm.
        let _ = std::fs::remove_file(path);
    }
}

/// Returns the name of the file that the temporary file `name` was to become.
fn name_of(name: &str) -> Option<&str> {
    let (of, random) = name.strip_prefix('.')?.rsplit_once('.')?;
    let is_random = random.len() == N_RANDOM && random.bytes().all(|b| b.is_ascii_alphanumeric());
    is_random.then_some(of)
}

fn is_abandoned(path: &Path, min_age: Duration) -> std::io::Result<bool> {
    let file = File::open(path)?;
    // A time in the future is no age.
    let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
    Ok(match file.try_lock() {
        Ok(()) => age >= min_age,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => age >= min_age.max(LONG_PATIENCE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, age: Duration) -> File {
        let file = File::create(dir.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - age)
            .unwrap();
        file
    }

    #[test]
    fn only_files_that_nobody_will_finish_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let old = 2 * WRITER_PATIENCE;
        write(dir, ".notes.toml.aB3dE6", old);
        write(dir, ".notes.toml.young1", Duration::ZERO);
        write(dir, ".notes.toml.toolong", old);
        write(dir, ".theirs.txt.aB3dE6", old);
        write(dir, "notes.toml", old);
        let live = write(dir, ".notes.toml.live00", old);
        live.lock().unwrap();
        let is_ours = |name: &str| name == "notes.toml";
        assert_eq!(
            abandoned(dir, WRITER_PATIENCE, is_ours),
            [dir.join(".notes.toml.aB3dE6")]
        );
        remove_abandoned(dir, WRITER_PATIENCE, is_ours);
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 5);
        drop(live);
        remove_abandoned(dir, Duration::ZERO, is_ours);
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 3);
    }
}
