//! Runs read from their folders to be resumed.

use std::path::Path;

use super::live::POLICY;
use crate::data::Dataset;
use crate::runs::{Recorder, RunFolder, RunFolderError, RunId, RunState, Status};
use crate::train::{Checkpoint, Finish, RunOptions, TrainConfig};

/// A run read from its folder to be resumed.
pub(super) struct Reopened {
    pub(super) id: RunId,
    /// The configuration to resume with.
    pub(super) config: TrainConfig,
    /// `None` for a run that ended before its first checkpoint and starts again.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The run's options; `None` for a run of an older version.
    pub(super) options: Option<RunOptions>,
    /// A notice, in one sentence.
    pub(super) news: Option<String>,
    pub(super) recorder: Recorder,
    pub(super) state: RunState,
    pub(super) n_more: usize,
}

/// Reads the run in the folder `path`, which must have been trained on `dataset`. Nothing changes
/// until everything is read.
pub(super) fn reopen(path: &Path, dataset: &Dataset, n_more: usize) -> Result<Reopened, String> {
    let read = || -> Result<_, RunFolderError> {
        let folder = RunFolder::open(path)?;
        match folder.resume_point() {
            Err(RunFolderError::NoCheckpoint { .. }) => {
                let news = folder.restarts()?;
                Ok((folder, None, Some(news)))
            }
            point => {
                let (checkpoint, passed_over) = point?;
                Ok((folder, Some(checkpoint), passed_over))
            }
        }
    };
    let (folder, checkpoint, news) = read().map_err(|e| e.to_string())?;
    let manifest = folder.manifest();
    let checked = manifest.data.check(&manifest.name, dataset);
    checked.map_err(|e| format!("{e}: open that first"))?;
    let begun = || folder.first_config();
    let config = checkpoint.as_ref().map_or_else(begun, |c| c.config.clone());
    let n_train = dataset.train.len().saturating_sub(config.n_validation);
    let recorder = Recorder::reopen(path, checkpoint.as_ref(), n_train);
    // A run of an older version is saved like the window's own.
    let recorder = recorder.map_err(|e| e.to_string())?;
    let recorder = recorder.keeping(manifest.checkpoints.unwrap_or(POLICY));
    Ok(Reopened {
        id: RunId::of_folder(path),
        config,
        checkpoint,
        options: manifest.options,
        news,
        recorder,
        state: folder.replay().map_err(|e| e.to_string())?,
        n_more,
    })
}

/// The label for resuming a run; `None` for one that is live.
pub fn continue_word(status: &Status) -> Option<&'static str> {
    match status {
        Status::Finished(Finish::Completed) => Some("Train longer"),
        Status::Interrupted | Status::Finished(_) => Some("Resume"),
        Status::Starting | Status::Running | Status::Paused => None,
    }
}
