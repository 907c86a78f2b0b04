//! The history of a run's answers: its snapshots evaluated one after another, when asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::data::{Dataset, ImageSet};
use crate::evaluate::{EvaluateError, History, Predictions, SplitName};
use crate::model::Classifier;
use crate::predict::LatestOnly;
use crate::runs::RunId;
use crate::studio::thread::Wake;
use crate::train::Checkpoint;

/// A run's snapshots, to be evaluated.
pub(in crate::studio) struct Snapshots {
    pub(in crate::studio) run: RunId,
    pub(in crate::studio) states: Vec<Arc<Checkpoint>>,
    /// A network of the same architecture.
    pub(in crate::studio) template: Arc<Classifier>,
    pub(in crate::studio) dataset: Arc<Dataset>,
}

/// A history, and what it is of.
#[derive(Clone)]
pub struct RunHistory {
    /// The run.
    pub run: RunId,
    /// The data that the images are from.
    pub dataset: Arc<Dataset>,
    /// Which of its images.
    pub split: SplitName,
    /// The set that they are from.
    pub set: ImageSet,
    /// The answers.
    pub history: History,
}

struct Job {
    snapshots: Snapshots,
    split: SplitName,
    /// What is known already.
    known: History,
}

/// Evaluates a run's snapshots in a thread.
pub struct Historian {
    thread: LatestOnly<Job, Result<RunHistory, String>>,
    progress: Arc<Progress>,
    newest: Option<Arc<RunHistory>>,
    problem: Option<String>,
}

#[derive(Default)]
struct Progress {
    n_done: AtomicUsize,
    n_all: AtomicUsize,
    stops: AtomicBool,
}

impl Historian {
    pub(super) fn new(wake: Wake) -> std::io::Result<Historian> {
        let progress = Arc::new(Progress::default());
        let thread = LatestOnly::spawn("historian", wake.clone(), {
            let progress = progress.clone();
            move |job| history(job, &progress, &wake)
        })?;
        Ok(Historian {
            thread,
            progress,
            newest: None,
            problem: None,
        })
    }

    /// The newest history.
    pub fn newest(&self) -> Option<&Arc<RunHistory>> {
        self.newest.as_ref()
    }

    /// The history of this run on these images, if it is the newest; sketches that were labeled since
    /// make another one.
    pub fn of(&self, run: &RunId, split: SplitName) -> Option<&Arc<RunHistory>> {
        let is_it = |newest: &&Arc<RunHistory>| {
            let is_current = split.is_current(&newest.set, &newest.dataset);
            newest.run == *run && newest.split == split && is_current
        };
        self.newest.as_ref().filter(is_it)
    }

    /// The number of snapshots that are evaluated, and of all, while it goes on.
    pub fn progress(&self) -> Option<[usize; 2]> {
        let Progress { n_done, n_all, .. } = &*self.progress;
        let done = [n_done, n_all].map(|n| n.load(Ordering::Relaxed));
        self.thread.is_busy().then_some(done)
    }

    /// Why there is no history, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Evaluates the snapshots that are not known yet.
    pub(super) fn ask(&mut self, snapshots: Snapshots, split: SplitName) {
        let known = self.of(&snapshots.run, split);
        let known = known.filter(|known| Arc::ptr_eq(&known.dataset, &snapshots.dataset));
        let known = known.map(|known| known.history.clone()).unwrap_or_default();
        self.problem = None;
        self.progress.stops.store(false, Ordering::Relaxed);
        self.progress.n_done.store(0, Ordering::Relaxed);
        let n_all = snapshots.states.len();
        self.progress.n_all.store(n_all, Ordering::Relaxed);
        self.thread.ask(Job {
            snapshots,
            split,
            known,
        });
    }

    /// Ends it; what was evaluated stays.
    pub(super) fn stop(&self) {
        self.progress.stops.store(true, Ordering::Relaxed);
    }

    pub(super) fn forget(&mut self) {
        self.stop();
        self.newest = None;
        self.problem = None;
    }

    /// Takes a result.
    pub(super) fn pump(&mut self) {
        match self.thread.take() {
            Some(Ok(history)) => self.newest = Some(Arc::new(history)),
            Some(Err(text)) => self.problem = Some(text),
            None => {}
        }
    }
}

impl Drop for Historian {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.stop();
    }
}

fn history(job: Job, progress: &Progress, wake: &Wake) -> Result<RunHistory, String> {
    let Snapshots {
        run,
        states,
        template,
        dataset,
    } = job.snapshots;
    let mut history = job.known;
    history.retain(|step| states.iter().any(|state| state.step() == step));
    let classifier = copy(&template).map_err(|error| error.to_string())?;
    let images = job.split.images(&dataset, &classifier);
    let (set, indices) = images.map_err(|error| error.to_string())?;
    let stops = || progress.stops.load(Ordering::Relaxed);
    for (idx, state) in states.iter().enumerate() {
        if history.at(state.step()).is_none() {
            let loaded = state.load_into(&classifier.network);
            loaded.map_err(|error| error.to_string())?;
            match Predictions::cancelable(&classifier, &set, &indices, stops) {
                Ok(predictions) => history.add(state.step(), &predictions),
                Err(EvaluateError::Cancelled) => break,
                Err(error) => return Err(error.to_string()),
            }
            wake();
        }
        progress.n_done.store(idx + 1, Ordering::Relaxed);
    }
    Ok(RunHistory {
        run,
        dataset,
        split: job.split,
        set,
        history,
    })
}

/// A network to load states into, without a temperature: it was fitted for other weights.
fn copy(template: &Classifier) -> candle_core::Result<Classifier> {
    let mut provenance = template.provenance.clone();
    provenance.temperature = None;
    Ok(Classifier {
        network: template.network.deep_copy()?,
        classes: template.classes.clone(),
        provenance,
    })
}
