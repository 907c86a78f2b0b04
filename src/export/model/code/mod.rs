//! A model as a program a person would write: PyTorch's modules in the order of the layers, which
//! load the very weights of the model file.

mod pytorch;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::{ExportModelError, ExportedModel};
use crate::files;

/// Writes the folder `dir`, which may exist: the program `model.py` and the weights it loads;
/// returns both files.
///
/// # Errors
/// When candle cannot copy the weights, or a file cannot be written.
pub fn write_pytorch(
    model: &ExportedModel<'_>,
    dir: &Path,
) -> Result<Vec<PathBuf>, ExportModelError> {
    let weights = model.classifier.to_bytes();
    let weights = weights.map_err(|e| ExportModelError::Weights(e.to_string()))?;
    let program = pytorch::program(model)?;
    files::create_folder(dir).map_err(|reason| ExportModelError::Folder {
        path: dir.display().to_string(),
        reason,
    })?;
    let paths = [dir.join("model.safetensors"), dir.join("model.py")];
    files::write_atomically(&paths[0], &weights)?;
    files::write_atomically(&paths[1], program.as_bytes())?;
    Ok(paths.to_vec())
}
