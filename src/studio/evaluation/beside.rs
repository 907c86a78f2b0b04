//! Models that are shown beside the one on the canvas, evaluated on the same images.

use std::sync::Arc;

use super::job::{self, Answer, Evaluation, Job, Quit, Subject, Task};
use crate::data::Dataset;
use crate::evaluate::SplitName;
use crate::model::Classifier;
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;

/// Most models beside the one on the canvas.
pub const MAX_BESIDE: usize = 3;

/// A model beside the one on the canvas.
#[derive(Clone)]
pub struct BesideModel {
    /// What it is called.
    pub name: String,
    /// The model.
    pub classifier: Arc<Classifier>,
    /// Its newest evaluation, of these or other images.
    evaluation: Option<Arc<Evaluation>>,
    /// Why it has none, in one sentence.
    pub problem: Option<String>,
}

impl BesideModel {
    /// Its evaluation on the same images as `other`.
    pub fn evaluation(&self, other: &Evaluation) -> Option<&Arc<Evaluation>> {
        let is_same = |found: &&Arc<Evaluation>| {
            found.split == other.split
                && Arc::ptr_eq(&found.dataset, &other.dataset)
                && found.set.is_same(&other.set)
                && found.predictions.images() == other.predictions.images()
        };
        self.evaluation.as_ref().filter(is_same)
    }

    fn is_evaluated(&self, split: SplitName, dataset: &Arc<Dataset>) -> bool {
        let is_it = |e: &Arc<Evaluation>| {
            e.split == split
                && Arc::ptr_eq(&e.dataset, dataset)
                && split.is_current(&e.set, dataset)
        };
        self.problem.is_some() || self.evaluation.as_ref().is_some_and(is_it)
    }
}

/// The models beside the one on the canvas.
pub(super) struct Beside {
    thread: LatestOnly<Job, Answer>,
    quit: Quit,
    pub(super) models: Vec<BesideModel>,
    /// The model that is being evaluated.
    asked: Option<Arc<Classifier>>,
}

impl Beside {
    pub(super) fn new(wake: Wake) -> std::io::Result<Beside> {
        let quit = Quit::default();
        let thread = LatestOnly::spawn("evaluator of others", wake, job::worker(quit.clone()))?;
        Ok(Beside {
            thread,
            quit,
            models: Vec::new(),
            asked: None,
        })
    }

    /// Adds a model, unless it is there or there is no room.
    pub(super) fn add(&mut self, name: String, classifier: Arc<Classifier>) {
        let is_there = |model: &BesideModel| Arc::ptr_eq(&model.classifier, &classifier);
        if self.models.len() < MAX_BESIDE && !self.models.iter().any(is_there) {
            self.models.push(BesideModel {
                name,
                classifier,
                evaluation: None,
                problem: None,
            });
        }
    }

    pub(super) fn remove(&mut self, idx: usize) {
        if idx < self.models.len() {
            self.models.remove(idx);
        }
    }

    /// Has every model evaluated again.
    pub(super) fn forget(&mut self) {
        for model in &mut self.models {
            model.evaluation = None;
            model.problem = None;
        }
    }

    /// Takes a result, and asks for the next one that is missing.
    pub(super) fn pump(&mut self, split: SplitName, dataset: Option<&Arc<Dataset>>) {
        if let Some(answer) = self.thread.take() {
            self.take(answer);
        }
        let Some(dataset) = dataset else {
            return;
        };
        if self.asked.is_some() {
            return;
        }
        let missing = self.models.iter().find(|m| !m.is_evaluated(split, dataset));
        if let Some(model) = missing {
            self.asked = Some(model.classifier.clone());
            self.thread.ask(Job {
                task: Task::Evaluate(split),
                subject: Subject {
                    classifier: model.classifier.clone(),
                    moment: None,
                    is_training: false,
                },
                dataset: dataset.clone(),
            });
        }
    }

    fn take(&mut self, answer: Answer) {
        let Some(asked) = self.asked.take() else {
            return;
        };
        let is_it = |model: &&mut BesideModel| Arc::ptr_eq(&model.classifier, &asked);
        let Some(model) = self.models.iter_mut().find(is_it) else {
            return;
        };
        match answer {
            Answer::Evaluated(evaluation) => model.evaluation = Some(Arc::new(*evaluation)),
            Answer::Failed(text) => model.problem = Some(text),
            Answer::Fitted(_) => {}
        }
    }
}

impl Drop for Beside {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.quit.set();
    }
}
