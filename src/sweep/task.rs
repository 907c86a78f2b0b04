//! A trial for a worker: what to train, and what there is of it already.

use std::path::{Path, PathBuf};

use super::prune::Verdict;
use crate::runs::{RunFolder, RunFolderError, TrialOf};
use crate::train::{Checkpoint, EpochPoint, RunOptions, TrainConfig};

/// A trial for a worker.
pub(super) struct Task {
    /// The trial and its sweep.
    pub(super) of: TrialOf,
    /// Folder of its run.
    pub(super) path: PathBuf,
    /// What to train, or why it cannot be trained.
    pub(super) config: Result<TrainConfig, String>,
    /// The run in the folder, if the trial was started before.
    pub(super) begun: Option<Begun>,
    /// Why it is pruned, if that was decided before.
    pub(super) verdict: Option<Verdict>,
}

/// A run to resume.
pub(super) struct Begun {
    folder: RunFolder,
    /// Its newest checkpoint; without one, it starts over.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Its options; missing in runs of older versions.
    pub(super) options: Option<RunOptions>,
}

impl Begun {
    /// Reads the run in `path`, which should be of the trial `of`; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be resumed.
    pub(super) fn read(path: &Path, of: &TrialOf) -> Result<Option<Begun>, RunFolderError> {
        if !RunFolder::is_at(path) {
            return Ok(None);
        }
        let folder = RunFolder::open(path)?;
        // Runs of the first versions do not name their sweep.
        if folder
            .manifest()
            .sweep
            .as_ref()
            .is_some_and(|other| other != of)
        {
            return Ok(None);
        }
        let checkpoint = match folder.latest_checkpoint() {
            Err(RunFolderError::NoCheckpoint { .. }) => None,
            checkpoint => Some(checkpoint?),
        };
        Ok(Some(Begun {
            checkpoint,
            options: folder.manifest().options,
            folder,
        }))
    }

    /// Returns its folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns whether it started with `config`, on the dataset with this fingerprint.
    pub(super) fn is_with(&self, config: &TrainConfig, fingerprint: Option<&str>) -> bool {
        let manifest = self.folder.manifest();
        manifest.config == *config && Some(&*manifest.data.fingerprint) == fingerprint
    }

    /// Updates done at the checkpoint.
    pub(super) fn step(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, Checkpoint::step)
    }

    /// Epochs done at the checkpoint.
    pub(super) fn n_epochs(&self) -> usize {
        self.checkpoint
            .as_ref()
            .map_or(0, |state| state.cursor.epoch)
    }

    /// Reads the epochs before the checkpoint, as far as they can be read.
    pub(super) fn epochs(&self) -> Vec<EpochPoint> {
        let state = self.folder.replay_readable();
        let mut epochs = state.map(|state| state.epochs).unwrap_or_default();
        epochs.retain(|point| point.epoch <= self.n_epochs());
        epochs
    }
}
