//! A model as a program a person would write: the modules of PyTorch, or the layers of Keras, in the
//! order of ours, which load the very weights of the model file.

mod keras;
mod pytorch;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::{ExportModelError, ExportedModel, folder};
use crate::model::{Layer, ModelSpec};

/// Writes the folder `dir`, which may exist: the program `model.py` in PyTorch and the weights it
/// loads; returns both files.
///
/// # Errors
/// When candle cannot copy the weights, or a file cannot be written.
pub fn write_pytorch(
    model: &ExportedModel<'_>,
    dir: &Path,
) -> Result<Vec<PathBuf>, ExportModelError> {
    write(model, pytorch::program(model)?, dir)
}

/// Writes the same folder with a program in Keras.
///
/// # Errors
/// As [`write_pytorch`].
pub fn write_keras(
    model: &ExportedModel<'_>,
    dir: &Path,
) -> Result<Vec<PathBuf>, ExportModelError> {
    write(model, keras::program(model)?, dir)
}

fn write(
    model: &ExportedModel<'_>,
    program: String,
    dir: &Path,
) -> Result<Vec<PathBuf>, ExportModelError> {
    let weights = model.classifier.to_bytes();
    let weights = weights.map_err(|e| ExportModelError::Weights(e.to_string()))?;
    let files = [
        ("model.safetensors".to_owned(), weights),
        ("model.py".to_owned(), program.into_bytes()),
    ];
    folder::write(dir, &files)
}

/// The names of `layers` within their block.
fn names(layers: &[Layer]) -> Vec<String> {
    let spec = ModelSpec {
        input: [1; 3],
        classes: 1,
        layers: layers.to_vec(),
    };
    let name = |idx| spec.layer_name(idx).unwrap_or_default();
    (0..layers.len()).map(name).collect()
}
