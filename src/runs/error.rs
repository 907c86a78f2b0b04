//! Why a run cannot be recorded, read, or used for what was asked.

use std::path::Path;

use crate::files::{self, WriteError};

/// Why a run could not be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    /// The folder already holds a run, which is never overwritten.
    #[error("{path} already holds a run: choose another folder")]
    Taken {
        /// The folder.
        path: String,
    },
    /// Another process is training the run.
    #[error("{path} is being trained by another process: wait until it ends")]
    Busy {
        /// The folder.
        path: String,
    },
    /// Another process is changing the notes of the run.
    #[error("the notes in {path} are being changed by another process: try again")]
    NotesBusy {
        /// The folder.
        path: String,
    },
    /// The system refused a file or folder.
    #[error("could not {verb} {path}: {reason}")]
    Io {
        /// What was tried, such as `read`.
        verb: &'static str,
        /// The file or folder.
        path: String,
        /// The system's error.
        reason: std::io::Error,
    },
    /// A whole file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The model could not be written.
    #[error("the model of the run was not saved: {0:#}")]
    Model(anyhow::Error),
    /// A checkpoint was written elsewhere, because it could not be written to the run's folder.
    #[error(
        "{error}; the checkpoint of update {step} was written to {path} instead: continue from it \
         with `candle-studio train --resume {path}`"
    )]
    Rescued {
        /// Why.
        error: Box<RunFolderError>,
        /// Updates done.
        step: u64,
        /// Where it is.
        path: String,
    },
    /// The model was written elsewhere, because it could not be written to the run's folder.
    #[error(
        "{error}; the model was saved to {path} instead: use it with `candle-studio evaluate {path}`"
    )]
    RescuedModel {
        /// Why.
        error: Box<RunFolderError>,
        /// The folder it is in.
        path: String,
    },
    /// The folder of a run that is being recorded is no longer there.
    #[error("{path} was moved or removed while the run was trained")]
    Moved {
        /// Where it was.
        path: String,
    },
    /// There is no checkpoint yet.
    #[error("{path} has no checkpoint to resume from")]
    NoCheckpoint {
        /// The run.
        path: String,
    },
    /// A branch ended before its first checkpoint.
    #[error("{name} ended before its first checkpoint: branch again from {parent}")]
    LostBranch {
        /// The branch.
        name: String,
        /// What it branched from, such as `mlp@60`.
        parent: String,
    },
    /// There is no checkpoint of this update.
    #[error("{path} has no checkpoint of update {step}: {kept}")]
    NoState {
        /// The run.
        path: String,
        /// The update.
        step: u64,
        /// Which there are, as text.
        kept: String,
    },
    /// The clock of the computer is wrong.
    #[error(
        "the clock of this computer is set to a time before 1970 or after 9999: set it, because \
             runs are dated by it"
    )]
    Clock,
    /// The folder can be read but is not a run.
    #[error("{path} is not a run this version can open: {reason}")]
    Invalid {
        /// The file at fault.
        path: String,
        /// What was expected and what was found.
        reason: String,
    },
}

impl RunFolderError {
    /// Whether there is no room to write a file.
    pub fn is_disk_full(&self) -> bool {
        match self {
            RunFolderError::Io { reason, .. } => files::is_disk_full(reason),
            RunFolderError::Write(error) => error.is_disk_full(),
            RunFolderError::Model(error) => error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<WriteError>())
                .any(WriteError::is_disk_full),
            RunFolderError::Rescued { error, .. } | RunFolderError::RescuedModel { error, .. } => {
                error.is_disk_full()
            }
            _ => false,
        }
    }
}

/// Maps an I/O error to one that names the file, for `map_err`.
pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RunFolderError {
    let path = path.display().to_string();
    move |reason| RunFolderError::Io { verb, path, reason }
}

pub(super) fn invalid(path: &Path, reason: impl ToString) -> RunFolderError {
    RunFolderError::Invalid {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

/// A run was trained on another dataset than the one at hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{run} was trained on {}, {dataset}", what(*.is_reordered))]
pub struct DifferentDataset {
    /// The run.
    pub run: String,
    /// The dataset it was trained on.
    pub dataset: String,
    /// Whether it has the same images, labels and splits, in another order.
    pub is_reordered: bool,
}

fn what(is_reordered: bool) -> &'static str {
    match is_reordered {
        true => "the same images in another order, which decides what it draws",
        false => "a different dataset",
    }
}

/// A run has no model yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no model yet: its training has not finished")]
pub struct NoModel(
    /// The run.
    pub String,
);
