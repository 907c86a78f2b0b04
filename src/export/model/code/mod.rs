//! A model as a program a person would write: the modules of PyTorch, the layers of Keras, or those
//! of candle, in the order of ours, which load the very weights of the model file and train on.

mod keras;
mod language;
mod python;
mod pytorch;
mod rust;
#[cfg(test)]
mod tests;
mod training;

pub use language::Language;

use super::content::InFolder;
use super::{ExportModelError, ExportedModel};

/// A program in `language` and the weights it loads.
///
/// # Errors
/// When candle cannot copy the weights.
pub(super) fn files(
    model: &ExportedModel<'_>,
    language: Language,
) -> Result<Vec<InFolder>, ExportModelError> {
    let mut files = vec![("model.safetensors".to_owned(), model.weights()?)];
    files.extend(program(model, language));
    Ok(files)
}

/// The files of the program itself.
fn program(model: &ExportedModel<'_>, language: Language) -> Vec<InFolder> {
    let python = |program: String| vec![("model.py".to_owned(), program.into_bytes())];
    match language {
        Language::Pytorch => python(pytorch::program(model)),
        Language::Keras => python(keras::program(model)),
        Language::Rust => rust::program(model),
    }
}
