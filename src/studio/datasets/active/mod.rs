//! Active learning: ten labels, a model of them, the ten images it is least certain of, and again.

mod ask;
mod round;

use std::sync::Arc;

use crate::data::{Dataset, ImageRef};
use crate::evaluate::Uncertainty;
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;
use crate::train::Control;
use round::{Found, Question, answer};

/// Images that are labeled before a model is trained again.
pub const PER_ROUND: usize = 10;

/// Accuracy after a number of labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivePoint {
    /// The number of labels that the model was trained on.
    pub n_labels: usize,
    /// Accuracy on images with labels that it was not trained on.
    pub accuracy: f64,
}

/// The loop of labeling and training.
pub struct ActiveLoop {
    thread: LatestOnly<Question, Option<Result<Found, String>>>,
    control: Option<Arc<Control>>,
    measure: Uncertainty,
    /// The images that are asked about, of this dataset.
    asked: Option<(Arc<Dataset>, Arc<[ImageRef]>)>,
    points: Vec<ActivePoint>,
    problem: Option<String>,
}

impl ActiveLoop {
    pub(super) fn new(wake: Wake) -> std::io::Result<ActiveLoop> {
        Ok(ActiveLoop {
            thread: LatestOnly::spawn("active", wake, answer)?,
            control: None,
            measure: Uncertainty::default(),
            asked: None,
            points: Vec::new(),
            problem: None,
        })
    }

    /// The images of `dataset` that are asked about, the most uncertain first.
    pub fn asked(&self, dataset: &Arc<Dataset>) -> &[ImageRef] {
        match &self.asked {
            Some((of, images)) if Arc::ptr_eq(of, dataset) => images,
            _ => &[],
        }
    }

    /// Accuracy after each round.
    pub fn points(&self) -> &[ActivePoint] {
        &self.points
    }

    /// By what images are chosen.
    pub fn measure(&self) -> Uncertainty {
        self.measure
    }

    /// Whether a model is being trained, and images are being chosen by it.
    pub fn is_busy(&self) -> bool {
        self.control.is_some()
    }

    /// Why there is no result, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    fn stop(&mut self) {
        if let Some(control) = self.control.take() {
            control.stop();
        }
    }

    pub(super) fn set_measure(&mut self, measure: Uncertainty) {
        self.measure = measure;
    }

    /// Takes a result.
    pub(super) fn pump(&mut self) {
        let Some(found) = self.thread.take() else {
            return;
        };
        // Of a round that was stopped, there is nothing.
        let Some(found) = found else { return };
        self.control = None;
        match found {
            Err(text) => self.problem = Some(text),
            Ok(found) => {
                let is_same = |(of, _): &(Arc<Dataset>, _)| Arc::ptr_eq(of, &found.dataset);
                if !self.asked.as_ref().is_some_and(is_same) {
                    self.points.clear();
                }
                if let Some(point) = found.point {
                    self.points.retain(|p| p.n_labels != point.n_labels);
                    self.points.push(point);
                }
                let image = |&idx: &u32| ImageRef {
                    is_test: false,
                    idx: idx as usize,
                };
                let images = found.images.iter().map(image).collect();
                self.asked = Some((found.dataset, images));
            }
        }
    }
}

impl Drop for ActiveLoop {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.stop();
    }
}
