//! A thread that follows the canvas and its model: what it makes of them is made anew with every
//! stroke and every change of the model, the newest request wins, and stale work is dropped.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::data::Dataset;
use crate::kernels;
use crate::model::Classifier;
use crate::predict::{LatestOnly, Prediction};
use crate::studio::thread::Wake;

/// While nothing is drawn, work on a model in training takes at most one part in this many of the
/// time.
pub(super) const PAUSES: u32 = 20;

/// What is followed.
#[derive(Clone, Copy)]
pub(super) struct Followed<'a> {
    pub(super) classifier: Option<&'a Arc<Classifier>>,
    pub(super) dataset: Option<&'a Arc<Dataset>>,
    /// The prediction for what is on the canvas.
    pub(super) prediction: Option<&'a Prediction>,
    /// Whether the model is in training.
    pub(super) is_training: bool,
}

/// What a thread is asked for.
#[derive(Clone)]
pub(super) struct Job<S> {
    pub(super) classifier: Arc<Classifier>,
    /// The input, `[channels, height, width]`.
    pub(super) input: Vec<u8>,
    pub(super) shape: [usize; 3],
    pub(super) dataset: Option<Arc<Dataset>>,
    /// Whether the model is in training.
    pub(super) is_training: bool,
    pub(super) settings: S,
}

/// What one view of Explain shows, with its settings `S` and its result `R`.
pub struct Follower<S, R> {
    thread: LatestOnly<Job<S>, Done<R>>,
    cancel: Arc<AtomicBool>,
    settings: S,
    /// What was asked about last.
    asked: Option<Job<S>>,
    /// When the newest result came, and how long it took.
    last: Option<(Instant, Duration)>,
    newest: Option<Arc<R>>,
    problem: Option<String>,
}

struct Done<R> {
    result: Result<R, String>,
    took: Duration,
}

impl<S, R> Follower<S, R>
where
    S: Clone + PartialEq + Send + 'static,
    R: Send + 'static,
{
    /// Starts the thread. `work` stops soon after its flag is set.
    pub(super) fn new<E: Display + 'static>(
        name: &str,
        wake: Wake,
        settings: S,
        work: impl FnMut(Job<S>, &AtomicBool) -> Result<R, E> + Send + 'static,
    ) -> std::io::Result<Follower<S, R>> {
        let cancel = Arc::new(AtomicBool::new(false));
        let thread = LatestOnly::spawn(name, wake, worker(work, cancel.clone()))?;
        Ok(Follower {
            thread,
            cancel,
            settings,
            asked: None,
            last: None,
            newest: None,
            problem: None,
        })
    }

    /// What is made, and how.
    pub fn settings(&self) -> &S {
        &self.settings
    }

    /// The newest result.
    pub fn newest(&self) -> Option<&Arc<R>> {
        self.newest.as_ref()
    }

    /// Why there is no result, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether a result is awaited.
    pub fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }

    pub(super) fn set(&mut self, settings: S) {
        self.settings = settings;
    }

    /// Takes a result, and asks for the next one if `is_shown`.
    pub(super) fn pump(&mut self, followed: Followed<'_>, is_shown: bool) {
        self.take();
        let Some(prediction) = followed.prediction else {
            self.newest = None;
            self.asked = None;
            self.problem = None;
            return;
        };
        if let (true, Some(classifier)) = (is_shown, followed.classifier) {
            self.follow(classifier, prediction, followed);
        }
    }

    fn follow(
        &mut self,
        classifier: &Arc<Classifier>,
        prediction: &Prediction,
        followed: Followed<'_>,
    ) {
        let is_training = followed.is_training;
        let is_same_data = |asked: &Job<S>| {
            let both = asked.dataset.as_ref().zip(followed.dataset);
            both.map_or(followed.dataset.is_none(), |(a, b)| Arc::ptr_eq(a, b))
        };
        let is_same_image = self.asked.as_ref().is_some_and(|asked| {
            let is_same = asked.input == prediction.input && asked.settings == self.settings;
            is_same && is_same_data(asked)
        });
        // At the end of training, what was made of an earlier model is made once more.
        let is_same_model = self.asked.as_ref().is_some_and(|asked| {
            Arc::ptr_eq(&asked.classifier, classifier) && asked.is_training == is_training
        });
        if is_same_image && (is_same_model || is_training && !self.is_rested()) {
            return;
        }
        let job = Job {
            classifier: classifier.clone(),
            input: prediction.input.clone(),
            shape: prediction.input_shape,
            dataset: followed.dataset.cloned(),
            is_training,
            settings: self.settings.clone(),
        };
        self.asked = Some(job.clone());
        self.thread.ask(job);
    }

    fn is_rested(&self) -> bool {
        !self.is_busy()
            && self
                .last
                .is_none_or(|(at, took)| at.elapsed() > took * PAUSES)
    }

    fn take(&mut self) {
        let Some(done) = self.thread.take() else {
            return;
        };
        self.last = Some((Instant::now(), done.took));
        (self.newest, self.problem) = match done.result {
            Ok(result) => (Some(Arc::new(result)), None),
            Err(text) => (None, Some(text)),
        };
    }
}

impl<S, R> Drop for Follower<S, R> {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// Returns what the thread does for each job.
fn worker<S, R, E: Display>(
    mut work: impl FnMut(Job<S>, &AtomicBool) -> Result<R, E> + Send,
    cancel: Arc<AtomicBool>,
) -> impl FnMut(Job<S>) -> Done<R> + Send {
    let mut is_first = true;
    move |job| {
        if std::mem::take(&mut is_first) {
            // Off the threads that training uses.
            kernels::use_own_threads(1);
        }
        let start = Instant::now();
        let result = work(job, &cancel).map_err(|error| error.to_string());
        let took = start.elapsed();
        Done { result, took }
    }
}
