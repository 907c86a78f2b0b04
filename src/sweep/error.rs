//! Why a sweep cannot be read or run.

use std::path::Path;

use crate::files::WriteError;
use crate::runs::RunFolderError;

/// Why a sweep cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
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
    /// There is no room for the run of a trial.
    #[error(
        "the sweep stopped because the disk is full: {0}; it can be resumed when there is room"
    )]
    DiskFull(RunFolderError),
    /// The folder can be read but is not a sweep.
    #[error("{path} is not a sweep this version can open: {reason}")]
    Invalid {
        /// The file at fault.
        path: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// Another program is running it.
    #[error("the sweep in {path} is running in another program")]
    Busy {
        /// Its folder.
        path: String,
    },
    /// Another sweep has this name.
    #[error("{path} holds another sweep named {name}: {difference}; rename this one")]
    Other {
        /// Its folder.
        path: String,
        /// The name both have.
        name: String,
        /// What differs.
        difference: &'static str,
    },
}

pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SweepError {
    let path = path.display().to_string();
    move |reason| SweepError::Io { verb, path, reason }
}

pub(super) fn invalid(path: &Path, reason: impl ToString) -> SweepError {
    SweepError::Invalid {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}
