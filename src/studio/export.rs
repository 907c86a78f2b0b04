//! The formats in which runs are exported for other programs.

use std::path::{Path, PathBuf};

use crate::export::{self, ExportError};

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table with one row per run.
    Csv,
    /// One JSON object per line, with every epoch.
    Jsonl,
    /// A folder of event files, with every point.
    Tensorboard,
}

impl Format {
    /// Writes the runs in the folders `runs` to `path`.
    pub(super) fn write(self, runs: &[PathBuf], path: &Path) -> Result<(), ExportError> {
        match self {
            Format::Csv => export::csv(&export::read_records(runs)?, path),
            Format::Jsonl => export::jsonl(runs, path),
            Format::Tensorboard => export::tensorboard(runs, path),
        }
    }
}
