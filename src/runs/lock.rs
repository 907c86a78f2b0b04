//! The lock of the process that writes a run.
//!
//! The process that trains locks a file in the run's folder. The system releases the lock when the
//! process ends, however it ends, so an unfinished run without a lock was interrupted. A process id
//! would not do: ids are reused, and mean nothing on another machine that shares the folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::files;

/// The file that is locked; it stays empty.
const LOCK: &str = "run.lock";

/// The file that is locked while the notes of a run are changed.
const NOTES_LOCK: &str = "notes.lock";

/// Checking a lock takes it for a moment; a writer waits this long for such checks.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long to wait for others that change the same notes, which each takes a moment.
const NOTES_PATIENCE: Duration = Duration::from_secs(20);

/// The right to write a run or its notes, released when dropped.
#[derive(Debug)]
pub(super) struct RunLock {
    _file: Option<File>,
}

impl RunLock {
    /// Locks the run in the folder `run`; `None` if another process holds the lock. On a file
    /// system without locks, always succeeds.
    pub(super) fn take(run: &Path) -> std::io::Result<Option<RunLock>> {
        take(&run.join(LOCK), PATIENCE)
    }

    /// Locks the notes of the run in the folder `run`; `None` if another process keeps the lock.
    pub(super) fn take_notes(run: &Path) -> std::io::Result<Option<RunLock>> {
        take(&run.join(NOTES_LOCK), NOTES_PATIENCE)
    }
}

fn take(file: &Path, patience: Duration) -> std::io::Result<Option<RunLock>> {
    // Opening another program's pipe would wait for its reader.
    if file.exists() {
        files::open_regular(file)?;
    }
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).open(file)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(RunLock { _file: Some(file) })),
            Err(TryLockError::Error(_)) => return Ok(Some(RunLock { _file: None })),
            Err(TryLockError::WouldBlock) if start.elapsed() > patience => return Ok(None),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Returns whether a process is writing the run in the folder `run` now.
pub(super) fn is_written(run: &Path) -> bool {
    // Checking must not create the file: the folder may be read-only, or an old one.
    let file = files::open_regular(&run.join(LOCK));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_by_one_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_written(dir.path()), "it was never locked");
        let lock = RunLock::take(dir.path()).unwrap().unwrap();
        assert!(is_written(dir.path()));
        assert!(RunLock::take(dir.path()).unwrap().is_none());
        drop(lock);
        assert!(!is_written(dir.path()));
        assert!(RunLock::take(dir.path()).unwrap().is_some());
    }
}
