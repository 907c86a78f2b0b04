//! A map of embeddings: images in the plane, near if a layer makes them similar. Its thread works in
//! short jobs, one per frame, so that the map moves while it settles.

mod job;
mod map;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::follower::{Followed, PAUSES};
use crate::evaluate::SplitName;
use crate::predict::LatestOnly;
use crate::studio::thread::Wake;
use job::{Done, Job, worker};
pub use map::{EmbeddingMap, MapMethod, MapSettings, MappedImages};

/// Makes the map.
pub struct EmbeddingMapper {
    thread: LatestOnly<Job, Done>,
    cancel: Arc<AtomicBool>,
    settings: MapSettings,
    asked: Option<Job>,
    /// When the newest result came, and how long it took.
    last: Option<(Instant, Duration)>,
    newest: Option<Arc<EmbeddingMap>>,
    problem: Option<String>,
}

impl EmbeddingMapper {
    pub(super) fn new(wake: Wake) -> std::io::Result<EmbeddingMapper> {
        let cancel = Arc::new(AtomicBool::new(false));
        Ok(EmbeddingMapper {
            thread: LatestOnly::spawn("embedding map", wake, worker(cancel.clone()))?,
            cancel,
            settings: MapSettings::default(),
            asked: None,
            last: None,
            newest: None,
            problem: None,
        })
    }

    /// What the map is of, and how it is made.
    pub fn settings(&self) -> &MapSettings {
        &self.settings
    }

    /// The newest map.
    pub fn newest(&self) -> Option<&Arc<EmbeddingMap>> {
        self.newest.as_ref()
    }

    /// Why there is no map, in one sentence.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether a result is awaited.
    pub fn is_busy(&self) -> bool {
        self.thread.is_busy()
    }

    pub(super) fn set_method(&mut self, method: MapMethod) {
        self.settings.method = method;
    }

    pub(super) fn set_layer(&mut self, layer: Option<String>) {
        self.settings.layer = layer;
    }

    /// Takes a map, and asks for the next one if `is_shown`.
    pub(super) fn pump(&mut self, followed: Followed<'_>, split: SplitName, is_shown: bool) {
        if let Some(done) = self.thread.take() {
            self.last = Some((Instant::now(), done.took));
            (self.newest, self.problem) = match done.result {
                Ok(map) => (Some(Arc::new(map)), None),
                Err(text) => (None, Some(text)),
            };
        }
        let (Some(classifier), Some(dataset)) = (followed.classifier, followed.dataset) else {
            (self.newest, self.problem, self.asked) = (None, None, None);
            return;
        };
        if !is_shown {
            return;
        }
        let job = Job {
            classifier: classifier.clone(),
            dataset: dataset.clone(),
            split,
            settings: self.settings.clone(),
            input: followed.prediction.map(|p| p.input.clone()),
            is_training: followed.is_training,
        };
        if self.is_due(&job) {
            self.asked = Some(job.clone());
            self.thread.ask(job);
        }
    }

    /// Whether a job would bring something new now. Work on a model in training has to wait, unless
    /// somebody draws or chooses.
    fn is_due(&self, job: &Job) -> bool {
        let Some(asked) = self.asked.as_ref().filter(|asked| asked.is_alike(job)) else {
            return true;
        };
        // The model of the map, which may be one that was asked about earlier.
        let shown = self.newest.as_ref().map(|map| &map.of.classifier);
        let is_same_model = Arc::ptr_eq(shown.unwrap_or(&asked.classifier), &job.classifier);
        let is_still = self.newest.as_ref().is_none_or(|map| map.is_settled);
        if is_same_model && is_still || self.is_busy() {
            return false;
        }
        let is_rested = |(at, took): (Instant, Duration)| at.elapsed() > took * PAUSES;
        !job.is_training || self.last.is_none_or(is_rested)
    }
}

impl Drop for EmbeddingMapper {
    /// Closing the window does not wait for a result.
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}
