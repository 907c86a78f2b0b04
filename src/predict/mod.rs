//! Predicts the class of one image at once.

mod latest_only;
mod worker;

use std::time::Instant;

use candle_core::{Device, Tensor};

pub use latest_only::LatestOnly;
pub use worker::{Answer, Predictor, Request};

use crate::data::{InputImage, unit_values};
use crate::model::{Classifier, Mode};
use crate::stats::argmax;

/// A network's prediction for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The preprocessed input, `[channels, height, width]`.
    pub input: Vec<u8>,
    /// Channels, height and width of [`Prediction::input`].
    pub input_shape: [usize; 3],
    /// Softmax probabilities per class, summing to 1.
    pub probabilities: Vec<f32>,
    /// The most probable class.
    pub class: usize,
    /// Seconds from the image to the prediction.
    pub secs: f64,
}

/// Why there is no prediction for an image.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// One of the logits is NaN or infinite, so there are no probabilities.
    #[error("the network's output for this image is {}; its weights may have diverged", nan_or_infinite(*.0))]
    NotFinite(f32),
    /// Candle cannot run the network.
    #[error("the network could not be run: {0}")]
    Candle(#[from] candle_core::Error),
}

fn nan_or_infinite(value: f32) -> &'static str {
    if value.is_nan() { "NaN" } else { "infinite" }
}

/// Classifies an image, after making it an input by the model's recipe; `None` if there is nothing
/// on it.
///
/// # Errors
/// When candle cannot run the network, or its output is not finite.
pub fn classify(
    classifier: &Classifier,
    image: &InputImage,
) -> Result<Option<Prediction>, PredictError> {
    let start = Instant::now();
    let shape = classifier.network.spec().input;
    let Some(input) = classifier.recipe().input(image, shape) else {
        return Ok(None);
    };
    let [channels, height, width] = shape;
    let values: Vec<f32> = unit_values(&input).collect();
    let image = Tensor::from_vec(values, (1, channels, height, width), &Device::Cpu)?;
    let logits = classifier.network.forward(&image, Mode::Eval)?;
    let probabilities: Vec<f32> = candle_nn::ops::softmax_last_dim(&logits)?
        .squeeze(0)?
        .to_vec1()?;
    let logits: Vec<f32> = logits.squeeze(0)?.to_vec1()?;
    let Some(class) = argmax(&logits) else {
        let bad = logits.iter().find(|v| !v.is_finite());
        return Err(PredictError::NotFinite(*bad.unwrap_or(&f32::NAN)));
    };
    Ok(Some(Prediction {
        input,
        input_shape: shape,
        probabilities,
        class,
        secs: start.elapsed().as_secs_f64(),
    }))
}
