//! Predicts the class of one image at once.

mod latest_only;
mod outputs;
mod worker;

use std::time::Instant;

pub use latest_only::LatestOnly;
pub use outputs::{Outputs, outputs};
pub use worker::{Answer, Predictor, Request};

use crate::data::{InputImage, Object, Recipe, unit_values};
use crate::model::Classifier;
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
    /// The separate objects of the image, if it was centered: left, top, width and height as shares
    /// of a square that the image fills (see [`Object::on_square`](crate::data::Object::on_square)).
    /// Several were classified as one.
    pub objects: Vec<[f32; 4]>,
    /// The part of the image that became the input, in the same way; it may reach outside.
    pub frame: Option<[f32; 4]>,
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

impl PredictError {
    /// The error for an image whose logits are not all finite.
    pub fn not_finite(logits: &[f32]) -> PredictError {
        let bad = logits.iter().find(|value| !value.is_finite());
        PredictError::NotFinite(*bad.unwrap_or(&f32::NAN))
    }
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
    LastInput::default().classify(classifier, classifier.recipe(), image)
}

/// The input that was made last. A network in training is asked about the same image many times a
/// second, and making an input of a photo takes longer than classifying it.
#[derive(Default)]
pub struct LastInput(Option<Made>);

/// An input with all it depends on.
struct Made {
    image: InputImage,
    recipe: Recipe,
    shape: [usize; 3],
    input: Option<Vec<u8>>,
    objects: Vec<[f32; 4]>,
    frame: Option<[f32; 4]>,
}

impl LastInput {
    /// See [`classify`]; `recipe` replaces that of the model.
    ///
    /// # Errors
    /// As [`classify`].
    pub fn classify(
        &mut self,
        classifier: &Classifier,
        recipe: Recipe,
        image: &InputImage,
    ) -> Result<Option<Prediction>, PredictError> {
        let start = Instant::now();
        let shape = classifier.network.spec().input;
        let made = self.made(recipe, image, shape);
        let Some(input) = made.input.clone() else {
            return Ok(None);
        };
        let (objects, frame) = (made.objects.clone(), made.frame);
        let (class, probabilities) = answer(classifier, &input)?;
        Ok(Some(Prediction {
            input,
            input_shape: shape,
            probabilities,
            class,
            objects,
            frame,
            secs: start.elapsed().as_secs_f64(),
        }))
    }

    fn made(&mut self, recipe: Recipe, image: &InputImage, shape: [usize; 3]) -> &Made {
        let made = self.0.take().filter(|made| {
            made.image.is_same(image) && (made.recipe, made.shape) == (recipe, shape)
        });
        let made = made.unwrap_or_else(|| {
            let objects = recipe.objects(image, shape);
            Made {
                image: image.clone(),
                recipe,
                shape,
                input: recipe.input(image, shape),
                objects: objects.iter().map(Object::on_square).collect(),
                frame: recipe.frame(image, shape),
            }
        });
        self.0.insert(made)
    }
}

/// The most probable class and the probabilities of all.
fn answer(classifier: &Classifier, input: &[u8]) -> Result<(usize, Vec<f32>), PredictError> {
    let found = outputs(classifier, unit_values(input).collect())?;
    match argmax(&found.logits) {
        Some(class) => Ok((class, found.probabilities)),
        None => Err(PredictError::not_finite(&found.logits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Framing, GrayImage};

    #[test]
    fn an_input_is_made_again_for_another_image_recipe_or_shape() {
        let sketch = |ink: u8| {
            let pixels = vec![0, 0, ink, 0];
            let (width, height) = (2, 2);
            InputImage::from(GrayImage {
                width,
                height,
                pixels,
            })
        };
        let (center, fit) = (Recipe::new(Framing::Center), Recipe::new(Framing::Fit));
        let (first, second) = (sketch(200), sketch(100));
        let mut last = LastInput::default();
        for (image, recipe, shape) in [
            (&first, fit, [1, 2, 2]),
            (&first, fit, [1, 2, 2]),
            (&first, fit, [1, 4, 4]),
            (&first, center, [1, 4, 4]),
            (&second, center, [1, 4, 4]),
            (&second, fit, [1, 2, 2]),
        ] {
            let expected = recipe.input(image, shape);
            assert_eq!(last.made(recipe, image, shape).input, expected);
        }
    }
}
