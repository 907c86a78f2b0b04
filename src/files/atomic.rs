//! Writing whole files: under a temporary name, then synced and renamed.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use super::{faults, read, temporary};

/// Why a file could not be written. The old file, if any, is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("could not write {path}: {reason}")]
pub struct WriteError {
    path: String,
    reason: std::io::Error,
}

impl WriteError {
    /// The file at `path` could not be written for this `reason`.
    pub fn new(path: &Path, reason: std::io::Error) -> WriteError {
        WriteError {
            path: path.display().to_string(),
            reason,
        }
    }

    /// Whether there is no room for the file.
    pub fn is_disk_full(&self) -> bool {
        is_disk_full(&self.reason)
    }
}

/// Whether an error of the system says that there is no room: on the disk, for this user, or for
/// files of this size.
pub fn is_disk_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// Replaces the file at `path` by `bytes`, or changes nothing. A symbolic link stays, and what it
/// leads to is replaced.
///
/// # Errors
/// When the folder is missing, full or read-only, or `path` is not a regular file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || -> std::io::Result<()> {
        let mut file = open(path)?;
        faults::write_all(&mut file, bytes)?;
        commit(file)
    };
    write().map_err(|e| WriteError::new(path, e))
}

fn commit(file: AtomicWriteFile) -> std::io::Result<()> {
    faults::check()?;
    file.sync_all()?;
    faults::check()?;
    file.commit()
}

/// Replaces the file at `path` by what `write` writes, piece by piece, or changes nothing.
///
/// # Errors
/// As [`write_atomically`], and when `write` fails.
pub fn stream_atomically<E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut Pieces<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let refused = |e| WriteError::new(path, e);
    let mut pieces = Pieces {
        file: open(path).map_err(refused)?,
        waiting: Vec::new(),
        path,
    };
    write(&mut pieces)?;
    pieces.flush()?;
    Ok(commit(pieces.file).map_err(refused)?)
}

/// Pieces of a file are written together, in about so many bytes.
const N_WAITING: usize = 64 << 10;

/// A file that is written piece by piece.
#[derive(Debug)]
pub struct Pieces<'p> {
    file: AtomicWriteFile,
    waiting: Vec<u8>,
    path: &'p Path,
}

impl Pieces<'_> {
    /// Writes the next piece.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.waiting.extend_from_slice(bytes);
        match self.waiting.len() < N_WAITING {
            true => Ok(()),
            false => self.flush(),
        }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        let written = faults::write_all(&mut self.file, &self.waiting);
        self.waiting.clear();
        written.map_err(|e| WriteError::new(self.path, e))
    }
}

/// Creates the folder `dir`, if it is missing, in a folder that exists: one that was moved is not
/// begun anew.
///
/// # Errors
/// When that folder is missing, full or read-only.
pub fn create_folder(dir: &Path) -> std::io::Result<()> {
    match std::fs::create_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}

/// Appends `bytes` to `file`, in one write where the system can.
///
/// # Errors
/// When the disk is full, or on another I/O error; some of the bytes may have been written.
pub fn append(file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    faults::write_all(file, bytes)
}

/// Waits until what was written to `file` is on disk.
///
/// # Errors
/// When it may not be.
pub fn sync(file: &File) -> std::io::Result<()> {
    faults::check()?;
    file.sync_all()
}

/// Checks that [`write_atomically`] could write to `path` now, as far as possible without writing,
/// and removes what killed writers of this file have left.
///
/// # Errors
/// As [`write_atomically`], except for a full disk.
pub fn check_writable(path: &Path) -> Result<(), WriteError> {
    open(path)
        .and_then(AtomicWriteFile::discard)
        .map_err(|e| WriteError::new(path, e))?;
    let target = target(path).unwrap_or_else(|_| path.to_owned());
    if let (Some(dir), Some(name)) = (target.parent(), target.file_name()) {
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        temporary::remove_abandoned(dir, temporary::WRITER_PATIENCE, |of| name == of);
    }
    Ok(())
}

/// Opens a temporary file for what `path` leads to.
fn open(path: &Path) -> std::io::Result<AtomicWriteFile> {
    let path = target(path)?;
    // A rename would replace even a device such as /dev/null, for the whole system.
    if std::fs::metadata(&path).is_ok_and(|m| !m.is_file()) {
        return Err(read::not_regular());
    }
    faults::check()?;
    let file = AtomicWriteFile::open(&path)?;
    // Shows that its writer lives; a file system without locks has the age of the file.
    let _ = file.try_lock();
    Ok(file)
}

/// Most links that follow one another, as on Linux.
const MAX_LINKS: usize = 40;

/// Returns the file that `path` leads to, which need not exist. A rename would replace a link, and
/// give the file the link's mode: every right to everyone.
fn target(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = std::fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink());
        if !is_link {
            return Ok(path);
        }
        let next = std::fs::read_link(&path)?;
        // A relative link starts at its folder; `join` takes an absolute one as it is.
        path = path
            .parent()
            .map_or_else(|| next.clone(), |dir| dir.join(&next));
    }
    Err(std::io::Error::other("it is a link that leads to itself"))
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
    fn a_check_removes_what_killed_writers_of_the_file_left() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [".a.txt.aB3dE6", ".b.txt.aB3dE6"] {
            let long_ago = std::time::SystemTime::now() - 2 * temporary::WRITER_PATIENCE;
            let file = File::create(at(name)).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        check_writable(&at("a.txt")).unwrap();
        assert!(!at(".a.txt.aB3dE6").exists() && at(".b.txt.aB3dE6").exists());
    }

    #[test]
    fn only_plain_files_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for error in [
            write_atomically(dir.path(), b""),
            check_writable(dir.path()),
        ] {
            assert!(error.unwrap_err().to_string().contains("regular file"));
        }
    }
    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_target_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("real")).unwrap();
        std::fs::write(at("real/a.txt"), "one").unwrap();
        std::fs::set_permissions(at("real/a.txt"), PermissionsExt::from_mode(0o640)).unwrap();
        symlink("real/a.txt", at("near")).unwrap();
        symlink(at("near"), at("far")).unwrap();
        write_atomically(&at("far"), b"two").unwrap();
        assert_eq!(std::fs::read(at("real/a.txt")).unwrap(), b"two");
        let mode = |name: &str| std::fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("real/a.txt"), 0o640);
        assert!(at("near").is_symlink() && at("far").is_symlink());
        // A link to a file that is not there yet makes a file like any other.
        symlink("real/new.txt", at("new")).unwrap();
        write_atomically(&at("new"), b"three").unwrap();
        assert_eq!(std::fs::read(at("real/new.txt")).unwrap(), b"three");
        assert_eq!(
            mode("real/new.txt") & 0o022,
            0,
            "{:o}",
            mode("real/new.txt")
        );
        symlink("round", at("round")).unwrap();
        let message = write_atomically(&at("round"), b"").unwrap_err().to_string();
        assert!(message.contains("leads to itself"), "{message}");
    }
}
