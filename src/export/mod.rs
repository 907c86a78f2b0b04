//! Exports for other programs: runs as tables, as event files for TensorBoard and to MLflow,
//! predictions, and models as files that others can run ([`model`]).

#[cfg(feature = "mlflow")]
mod mlflow;
pub mod model;
mod predictions;
mod table;
mod tensorboard;
mod trackio;

use std::path::{Path, PathBuf};

#[cfg(feature = "mlflow")]
pub use mlflow::{Login, MlflowError, Tracker};
pub use predictions::write_predictions;
pub use table::{csv, csv_points, jsonl};
pub use tensorboard::tensorboard;
pub use trackio::csv_trackio;

use crate::files::WriteError;
use crate::runs::{Record, RunFolder, RunFolderError, RunState, read_run};

/// Why runs could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is nothing to export.
    #[error("there is no run to export")]
    Nothing,
    /// A run could not be read.
    #[error(transparent)]
    Run(#[from] RunFolderError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The table could not be written as JSON.
    #[error("could not write the table: {0}")]
    Table(String),
    /// A folder could not be created.
    #[error("could not create the folder {path}: {reason}")]
    Folder {
        /// The folder.
        path: String,
        /// The system's error.
        reason: std::io::Error,
    },
}

/// Reads the runs in the folders `runs`, without their points.
///
/// # Errors
/// When one cannot be read.
pub fn read_records(runs: &[PathBuf]) -> Result<Vec<Record>, ExportError> {
    runs.iter().map(|path| Ok(read_run(path)?)).collect()
}

/// A run with everything that is exported.
struct Exported {
    record: Record,
    state: RunState,
}

impl Exported {
    fn read(path: &Path) -> Result<Exported, ExportError> {
        Ok(Exported {
            record: read_run(path)?,
            state: RunFolder::open(path)?.replay()?,
        })
    }
}
