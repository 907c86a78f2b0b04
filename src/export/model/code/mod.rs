//! A model as a program a person would write: the modules of PyTorch, the layers of Keras, or those
//! of candle, in the order of ours, which load the very weights of the model file and train on.

mod keras;
mod language;
mod pytorch;
mod rust;
#[cfg(test)]
mod tests;
mod training;

use std::path::{Path, PathBuf};

pub use language::Language;

use super::{ExportModelError, ExportedModel, folder};
use crate::model::{Layer, ModelSpec};

/// Writes the folder `dir`, which may exist: a program in `language` and the weights it loads;
/// returns the files.
///
/// # Errors
/// When candle cannot copy the weights, or a file cannot be written.
pub fn write_code(
    model: &ExportedModel<'_>,
    language: Language,
    dir: &Path,
) -> Result<Vec<PathBuf>, ExportModelError> {
    let weights = model.classifier.to_bytes();
    let weights = weights.map_err(|e| ExportModelError::Weights(e.to_string()))?;
    let mut files = vec![("model.safetensors".to_owned(), weights)];
    files.extend(program(model, language)?);
    folder::write(dir, &files)
}

/// The files of the program itself.
fn program(
    model: &ExportedModel<'_>,
    language: Language,
) -> Result<Vec<folder::Written>, ExportModelError> {
    let python = |program: String| vec![("model.py".to_owned(), program.into_bytes())];
    Ok(match language {
        Language::Pytorch => python(pytorch::program(model)?),
        Language::Keras => python(keras::program(model)?),
        Language::Rust => rust::program(model)?,
    })
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
