//! A trial for a worker: what to train, and what there is of it already.

use std::path::{Path, PathBuf};

use crate::runs::{RunFolder, RunFolderError};
use crate::train::{Checkpoint, RunOptions, TrainConfig};

/// A trial for a worker.
pub(super) struct Task {
    /// Number of the trial.
    pub(super) trial: usize,
    /// Name of the sweep.
    pub(super) sweep: String,
    /// Folder of its run.
    pub(super) path: PathBuf,
    /// What to train, or why it cannot be trained.
    pub(super) config: Result<TrainConfig, String>,
    /// The run in the folder, if the trial was started before.
    pub(super) begun: Option<Begun>,
}

/// A run to resume.
pub(super) struct Begun {
    /// Its newest checkpoint; without one, it starts over.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Its options; missing in runs of older versions.
    pub(super) options: Option<RunOptions>,
}

/// Reads the run in `path`, if it can be resumed.
pub(super) fn begun(path: &Path) -> Option<Begun> {
    let folder = RunFolder::open(path).ok()?;
    let checkpoint = match folder.latest_checkpoint() {
        Err(RunFolderError::NoCheckpoint { .. }) => None,
        checkpoint => Some(checkpoint.ok()?),
    };
    Some(Begun {
        checkpoint,
        options: folder.manifest().options,
    })
}
