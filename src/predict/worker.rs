//! Answers about the newest sketch, on a thread of its own.
//!
//! While a stroke grows, the answer follows it as fast as the machine can, and never falls behind.

use std::sync::Arc;

use super::{LatestOnly, Prediction, classify};
use crate::data::GrayImage;
use crate::model::Classifier;

/// A question.
#[derive(Clone, Debug)]
pub struct Request {
    /// Version of the sketch, handed back with the answer.
    pub version: u64,
    /// The sketch.
    pub sketch: GrayImage,
    /// Whom to ask.
    pub classifier: Arc<Classifier>,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Version of the sketch it belongs to.
    pub version: u64,
    /// `None` when the sketch is empty; the error is one sentence.
    pub prediction: Result<Option<Prediction>, String>,
}

/// The thread.
pub struct Predictor(LatestOnly<Request, Answer>);

impl Predictor {
    /// Starts the thread. It calls `wake` after each answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Predictor> {
        Ok(Predictor(LatestOnly::spawn("predictor", wake, answer)?))
    }

    /// Asks, and forgets a question that still waits.
    pub fn ask(&self, request: Request) {
        self.0.ask(request);
    }

    /// The newest answer since the last call.
    pub fn take_answer(&self) -> Option<Answer> {
        self.0.take()
    }
}

fn answer(request: Request) -> Answer {
    let prediction =
        classify(&request.classifier, &request.sketch).map_err(|error| error.to_string());
    Answer {
        version: request.version,
        prediction,
    }
}
