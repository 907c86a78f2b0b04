//! Why the model answers as it does for what is on the canvas: a map of the pixels that count, made
//! anew with every stroke.

mod action;
mod job;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::thread::Wake;
use crate::explain::{Method, Target};
use crate::model::Classifier;
use crate::predict::{LatestOnly, Prediction};

pub use action::ExplainAction;
pub use job::Explanation;
use job::{Cancel, Job};
pub use settings::ExplainSettings;

/// While nothing is drawn, maps of a model in training take at most one part in this many of the
/// time.
const PAUSES: u32 = 20;

/// What Explain shows.
pub struct Explainer {
    thread: LatestOnly<Job, Result<Explanation, String>>,
    cancel: Cancel,
    is_shown: bool,
    settings: ExplainSettings,
    /// What was asked about last.
    asked: Option<Asked>,
    /// When the newest result came, and how long it took.
    last: Option<(Instant, Duration)>,
    newest: Option<Arc<Explanation>>,
    problem: Option<String>,
}

struct Asked {
    classifier: Arc<Classifier>,
    input: Vec<u8>,
    settings: ExplainSettings,
}

impl Explainer {
    pub(super) fn new(wake: Wake) -> std::io::Result<Explainer> {
        let cancel = Cancel::default();
        let thread = LatestOnly::spawn("explainer", wake, job::worker(cancel.clone()))?;
        Ok(Explainer {
            thread,
            cancel,
            is_shown: false,
            settings: ExplainSettings {
                method: Method::IntegratedGradients { steps: 50 },
                target: Target::default(),
                with_random_weights: false,
            },
            asked: None,
            last: None,
            newest: None,
            problem: None,
        })
    }

    /// Whether maps are wanted.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// What is explained, and how.
    pub fn settings(&self) -> &ExplainSettings {
        &self.settings
    }

    /// The newest map.
    pub fn newest(&self) -> Option<&Arc<Explanation>> {
        self.newest.as_ref()
    }

    /// Why there is no map, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether a map is awaited.
    pub fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }

    /// Takes a map, and asks for the next one if it is wanted. `prediction` is for what is on the
    /// canvas.
    pub(super) fn pump(
        &mut self,
        classifier: Option<&Arc<Classifier>>,
        prediction: Option<&Prediction>,
        is_training: bool,
    ) {
        self.take();
        let Some(prediction) = prediction else {
            self.newest = None;
            self.asked = None;
            self.problem = None;
            return;
        };
        if let (true, Some(classifier)) = (self.is_shown, classifier) {
            self.follow(classifier, prediction, is_training);
        }
    }

    fn follow(&mut self, classifier: &Arc<Classifier>, prediction: &Prediction, is_training: bool) {
        let is_same_image = self.asked.as_ref().is_some_and(|asked| {
            asked.input == prediction.input && asked.settings == self.settings
        });
        let is_same_model = self
            .asked
            .as_ref()
            .is_some_and(|asked| Arc::ptr_eq(&asked.classifier, classifier));
        if is_same_image && (is_same_model || is_training && !self.is_rested()) {
            return;
        }
        self.asked = Some(Asked {
            classifier: classifier.clone(),
            input: prediction.input.clone(),
            settings: self.settings.clone(),
        });
        self.thread.ask(Job {
            classifier: classifier.clone(),
            input: prediction.input.clone(),
            shape: prediction.input_shape,
            settings: self.settings.clone(),
        });
    }

    fn is_rested(&self) -> bool {
        !self.is_busy()
            && self
                .last
                .is_none_or(|(at, took)| at.elapsed() > took * PAUSES)
    }

    fn take(&mut self) {
        match self.thread.take() {
            Some(Ok(explanation)) => {
                let took = Duration::from_secs_f64(explanation.secs);
                self.last = Some((Instant::now(), took));
                self.newest = Some(Arc::new(explanation));
                self.problem = None;
            }
            Some(Err(text)) => {
                self.newest = None;
                self.problem = Some(text);
            }
            None => {}
        }
    }
}

impl Drop for Explainer {
    /// Closing the window does not wait for a map.
    fn drop(&mut self) {
        self.cancel.set();
    }
}
