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

/// Replaces the file at `path` by `bytes`, or leaves everything as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || -> std::io::Result<()> {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|source| WriteError {
        path: path.display().to_string(),
        source,
    })
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
}
