//! The journal of a sweep on disk: one event per line, as it happened.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::error::{SweepError, invalid, io};
use super::state::SweepState;
use crate::files;

/// Its file in the folder of the sweep.
pub(super) const JOURNAL: &str = "trials.jsonl";

/// Opens the journal of the sweep in `dir`, and locks it.
pub(super) fn lock_journal(dir: &Path) -> Result<File, SweepError> {
    let file = dir.join(JOURNAL);
    let options = &mut OpenOptions::new();
    let journal = options.read(true).append(true).create(true).open(&file);
    let journal = journal.map_err(io("open", &file))?;
    journal.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => SweepError::Busy {
            path: dir.display().to_string(),
        },
        TryLockError::Error(e) => io("lock", &file)(e),
    })?;
    Ok(journal)
}

/// A journal as far as it can be read.
#[derive(Default)]
pub(super) struct Journal {
    /// The state after them.
    pub(super) state: SweepState,
    /// The whole lines that can be read.
    pub(super) lines: Vec<u8>,
    /// Numbers of the lines that cannot.
    damaged: Vec<usize>,
}

impl Journal {
    /// Describes what is damaged.
    pub(super) fn loss(&self, file: &Path) -> Option<String> {
        files::damaged_lines(&self.damaged, &file.display().to_string())
    }
}

/// Reads the journal. A torn last line is ignored.
pub(super) fn read_journal(file: &Path) -> Result<Journal, SweepError> {
    let bytes = match files::read(file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(io("read", file)(e)),
    };
    let mut journal = Journal::default();
    for (idx, line) in bytes.split_inclusive(|&b| b == b'\n').enumerate() {
        if !line.ends_with(b"\n") {
            break;
        }
        match serde_json::from_slice(line) {
            Ok(event) => {
                journal.state.apply(&event);
                journal.lines.extend(line);
            }
            // Damage is no JSON; what is was written by a newer version.
            Err(e) if serde_json::from_slice::<serde_json::Value>(line).is_ok() => {
                return Err(invalid(file, format!("line {}: {e}", idx + 1)));
            }
            Err(_) => journal.damaged.push(idx + 1),
        }
    }
    Ok(journal)
}

/// Replaces the journal by its readable lines; the old file is kept beside it. Returns `loss` with
/// its name.
pub(super) fn keep_old(file: &Path, journal: &Journal, loss: String) -> Result<String, SweepError> {
    let name = files::keep_damaged(file)?;
    files::write_atomically(file, &journal.lines)?;
    Ok(format!(
        "{loss}: what it said is taken from the trials' runs where they have it; the old file is kept \
         as {}",
        name.display()
    ))
}
