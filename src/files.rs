//! Whole files are written under a temporary name in the same folder, synced and renamed, so that
//! a reader, a crash or a full disk never meets half a file.

use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

/// Why a file could not be written. The old file, if there was one, is as it was.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {source}")]
pub struct WriteError {
    path: String,
    source: std::io::Error,
}

impl WriteError {
    fn new(path: &Path, source: std::io::Error) -> WriteError {
        WriteError {
            path: path.display().to_string(),
            source,
        }
    }
}

/// Replaces the file at `path` by `bytes`, or leaves everything as it was.
///
/// # Errors
/// When the folder is missing, full or read-only, or `path` is no plain file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || -> std::io::Result<()> {
        let mut file = open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|e| WriteError::new(path, e))
}

/// Whether [`write_atomically`] could write to `path` now, as far as can be known without writing.
///
/// # Errors
/// As there, but for a full disk.
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    open(path)
        .and_then(AtomicWriteFile::discard)
        .map_err(|e| WriteError::new(path, e))
}

fn open(path: &Path) -> std::io::Result<AtomicWriteFile> {
    // A rename would replace even a device such as /dev/null, for everybody on this computer.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(std::io::Error::other("it is no plain file"));
    }
    AtomicWriteFile::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_one_sentence_naming_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none").join("a.txt");
        let message = write_atomically(&path, b"one").unwrap_err().to_string();
        assert!(message.contains("a.txt"), "{message}");
    }

    #[test]
    fn a_check_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("a.txt")).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        check_writable(&dir.path().join("none").join("a.txt")).unwrap_err();
    }

    #[test]
    fn only_plain_files_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for error in [
            write_atomically(dir.path(), b""),
            check_writable(dir.path()),
        ] {
            assert!(error.unwrap_err().to_string().contains("plain file"));
        }
    }
}
