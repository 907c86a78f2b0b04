//! The model that a fine-tuned run starts from, kept with the run.

use std::path::Path;

use super::error::RunFolderError;
use super::file_names::START;
use crate::files;
use crate::train::Job;

/// Copies the model that the run starts from, so that starting it over needs no file elsewhere. If the
/// model cannot be read, training says so.
pub(super) fn keep_start(path: &Path, job: &Job) -> Result<(), RunFolderError> {
    let start = job.config().start.as_ref();
    match start.and_then(|start| files::read(&start.model).ok()) {
        Some(bytes) => Ok(files::write_atomically(&path.join(START), &bytes)?),
        None => Ok(()),
    }
}
