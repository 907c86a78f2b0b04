//! Whether a file is the one that was read.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    n_bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// That of the file at `path`; `None` if there is none.
    pub fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stamp {
            n_bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}
