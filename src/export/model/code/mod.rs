//! A model as a program a person would write: PyTorch's modules in the order of the layers, which
//! load the very weights of the model file.

mod pytorch;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::{ExportModelError, ExportedModel, folder};

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
    let files = [
        ("model.safetensors".to_owned(), weights),
        ("model.py".to_owned(), program.into_bytes()),
    ];
    folder::write(dir, &files)
}
