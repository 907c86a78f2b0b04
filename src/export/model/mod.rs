//! A model as files that others can run: ONNX, a folder with all that belongs to it, a page that
//! needs nothing but a browser, a model card, a program, and what an engine needs to serve it.

mod bundle;
mod card;
mod code;
mod content;
mod engines;
mod format;
mod int8;
mod markdown;
mod onnx;
mod page;
mod step;
mod test_data;

pub use code::Language;
pub use content::Content;
pub use engines::Engine;
pub use format::{ModelExport, ModelFormat};
pub use int8::int8_twin;
pub use onnx::{InputType, OnnxError, OnnxOptions, Opset, onnx};

use crate::evaluate::EvaluateError;
use crate::files::WriteError;
use crate::model::Classifier;
use test_data::TestData;

/// A model, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct ExportedModel<'a> {
    /// The name of the model or run.
    pub name: &'a str,
    /// The model.
    pub classifier: &'a Classifier,
    /// The fingerprint of the data it was trained on.
    pub fingerprint: Option<&'a str>,
}

impl ExportedModel<'_> {
    /// The bytes of the model file.
    fn weights(&self) -> Result<Vec<u8>, ExportModelError> {
        let bytes = self.classifier.to_bytes();
        bytes.map_err(|error| ExportModelError::Weights(error.to_string()))
    }
}

/// Why a model could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportModelError {
    /// The network's output is no number.
    #[error(
        "the network's output is {}; its weights may have diverged, so there is no model to export",
        nan_or_infinite(*.0)
    )]
    NotFinite(f32),
    /// It could not become an ONNX file.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A folder could not be created.
    #[error("could not create the folder {path}: {reason}")]
    Folder {
        /// The folder.
        path: String,
        /// The system's error.
        reason: std::io::Error,
    },
    /// The weights could not be copied.
    #[error("could not write the weights: {0}")]
    Weights(String),
    /// How good it is could not be measured.
    #[error("could not evaluate {model} on {dataset}: {reason}")]
    Evaluate {
        /// The name of the model.
        model: String,
        /// The name of the dataset.
        dataset: String,
        /// What does not fit.
        reason: Box<EvaluateError>,
    },
    /// There are no images to calibrate an int8 twin on.
    #[error("could not calibrate 8 bits: {0}")]
    Calibration(String),
    /// Something could not be written as JSON.
    #[error("could not write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Candle cannot run the network or copy its weights.
    #[error("the network could not be run: {0}")]
    Candle(#[from] candle_core::Error),
}

fn nan_or_infinite(value: f32) -> &'static str {
    if value.is_nan() { "NaN" } else { "infinite" }
}

/// Checks that a model gives numbers, so that nobody gets one that does not.
///
/// # Errors
/// When an output for one of a few images of noise is NaN or infinite.
pub fn check_finite(classifier: &Classifier) -> Result<(), ExportModelError> {
    TestData::new(classifier, 7).map(|_| ())
}
