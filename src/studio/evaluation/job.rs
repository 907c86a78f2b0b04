//! The work of the evaluator's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::data::{Dataset, ImageSet};
use crate::evaluate::{EvaluateError, Predictions, Report, SplitName, fit_temperature};
use crate::model::{Classifier, class_name};
use crate::runs::RunId;

/// The model to evaluate.
#[derive(Clone, Debug)]
pub(in crate::studio) struct Subject {
    pub(in crate::studio) classifier: Arc<Classifier>,
    /// The run and its update, if the model is a snapshot: such a model does not change.
    pub(in crate::studio) moment: Option<(RunId, u64)>,
    /// Whether the model is in training, and so changes all the time.
    pub(in crate::studio) is_training: bool,
}

/// What the thread is asked for.
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) subject: Subject,
    pub(super) dataset: Arc<Dataset>,
}

/// What to do with the model.
pub(super) enum Task {
    /// Evaluate it on these images.
    Evaluate(SplitName),
    /// Find the temperature that calibrates it best on the validation images.
    FitTemperature,
}

/// What the thread answers.
pub(super) enum Answer {
    Evaluated(Box<Evaluation>),
    Fitted(f64),
    /// One sentence.
    Failed(String),
}

/// A model's predictions for labeled images, and all numbers about them.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The model as it was then.
    pub classifier: Arc<Classifier>,
    /// The run and its update, if it is a snapshot.
    pub moment: Option<(RunId, u64)>,
    /// The data that the images are from.
    pub dataset: Arc<Dataset>,
    /// Which of its images.
    pub split: SplitName,
    /// The set that they are from.
    pub set: ImageSet,
    /// The predictions.
    pub predictions: Predictions,
    /// The numbers.
    pub report: Report,
    /// Seconds that all this took.
    pub secs: f64,
}

impl Evaluation {
    /// The set that the image at `position` is from, and its index there.
    ///
    /// # Panics
    /// If there are not so many images.
    pub fn image(&self, position: usize) -> (&ImageSet, usize) {
        (&self.set, self.predictions.images()[position] as usize)
    }

    /// The name of a class.
    pub fn class(&self, class: u32) -> String {
        class_name(&self.classifier.classes, class as usize)
    }
}

/// Tells the thread that its result is not wanted any more.
#[derive(Clone, Default)]
pub(super) struct Quit(Arc<AtomicBool>);

impl Quit {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns what the thread does for each job.
pub(super) fn worker(quit: Quit) -> impl FnMut(Job) -> Answer + Send {
    move |job| {
        let done = match job.task {
            Task::Evaluate(split) => evaluate(&job, split, &quit)
                .map(|evaluation| Answer::Evaluated(Box::new(evaluation))),
            Task::FitTemperature => fit(&job, &quit).map(Answer::Fitted),
        };
        done.unwrap_or_else(|error| Answer::Failed(error.to_string()))
    }
}

fn predict(
    job: &Job,
    split: SplitName,
    quit: &Quit,
) -> Result<(ImageSet, Predictions), EvaluateError> {
    let classifier = &job.subject.classifier;
    let (set, indices) = split.images(&job.dataset, classifier)?;
    let predictions = Predictions::cancelable(classifier, &set, &indices, || quit.is_set())?;
    Ok((set, predictions))
}

fn evaluate(job: &Job, split: SplitName, quit: &Quit) -> Result<Evaluation, EvaluateError> {
    let start = Instant::now();
    let (set, predictions) = predict(job, split, quit)?;
    let classifier = job.subject.classifier.clone();
    let report = Report::new(&predictions, &classifier.classes);
    Ok(Evaluation {
        moment: job.subject.moment.clone(),
        dataset: job.dataset.clone(),
        classifier,
        split,
        set,
        predictions,
        report,
        secs: start.elapsed().as_secs_f64(),
    })
}

fn fit(job: &Job, quit: &Quit) -> Result<f64, EvaluateError> {
    let (_, predictions) = predict(job, SplitName::Validation, quit)?;
    fit_temperature(&predictions.at_temperature(None)?)
}
