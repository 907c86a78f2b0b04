//! Classifies the newest sketch on a separate thread.
//!
//! While a stroke grows, predictions follow as fast as the machine can, without falling behind.

use std::sync::Arc;

use super::latest_only::LatestOnly;
use super::{LastInput, Prediction};
use crate::data::{InputImage, Recipe};
use crate::model::Classifier;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The image.
    pub image: InputImage,
    /// The model.
    pub classifier: Arc<Classifier>,
    /// How the image becomes an input.
    pub recipe: Recipe,
}

/// The result of a request: `None` if the sketch is empty; the error is one sentence.
pub type Answer = Result<Option<Prediction>, String>;

/// The worker thread.
pub struct Predictor(LatestOnly<Request, Answer>);

impl Predictor {
    /// Starts the thread. It calls `wake` after each result.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spawn(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Predictor> {
        let mut last = LastInput::default();
        let answer = move |request: Request| {
            let found = last.classify(&request.classifier, request.recipe, &request.image);
            found.map_err(|error| error.to_string())
        };
        Ok(Predictor(LatestOnly::spawn("predictor", wake, answer)?))
    }

    /// Sends a request, and drops a pending one.
    pub fn ask(&self, request: Request) {
        self.0.ask(request);
    }

    /// Returns the newest result since the last call.
    pub fn take_answer(&self) -> Option<Answer> {
        self.0.take()
    }

    /// Whether a prediction is in progress, or was not taken yet.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }
}
