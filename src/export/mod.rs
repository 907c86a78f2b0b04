//! Runs for other programs: tables, and event files for TensorBoard.

mod table;
mod tensorboard;

use std::path::Path;

pub use table::{csv, jsonl};
pub use tensorboard::tensorboard;

use crate::compare::Facts;
use crate::files::WriteError;
use crate::runs::{RunFolder, RunFolderError, RunId, RunState};

/// Why runs could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There was nothing to export.
    #[error("there is no run to export")]
    Nothing,
    /// A run could not be read.
    #[error(transparent)]
    Run(#[from] RunFolderError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The table could not be put together.
    #[error("could not put the table together: {0}")]
    Table(String),
    /// A folder could not be made.
    #[error("could not create the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A run with everything other programs are told about it.
struct Exported {
    id: RunId,
    created: String,
    state: RunState,
    facts: Facts,
}

impl Exported {
    fn read(path: &Path) -> Result<Exported, ExportError> {
        let folder = RunFolder::open(path)?;
        let state = folder.replay()?;
        Ok(Exported {
            id: RunId::of_folder(path),
            created: folder.manifest().created.clone(),
            facts: Facts::new(&state),
            state,
        })
    }

    /// Whether it came to its end as planned, in a word.
    fn status(&self) -> &'static str {
        use crate::runs::Status;
        use crate::train::Finish;
        match &self.state.status {
            Status::Finished(Finish::Completed) => "completed",
            Status::Finished(Finish::EarlyStopped) => "early_stopped",
            Status::Finished(Finish::Stopped) => "stopped",
            Status::Finished(Finish::Diverged { .. }) => "diverged",
            Status::Finished(Finish::Failed { .. }) => "failed",
            Status::Starting | Status::Running | Status::Paused | Status::Interrupted => {
                "unfinished"
            }
        }
    }
}
