//! The studio's ear in the training thread.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::Wake;
use super::background::Latest;
use crate::model::{Classifier, Network};
use crate::runs::Recorder;
use crate::train::{Event, Job, Observer, Outcome, TrainConfig};

/// Time between two copies of the weights: an answer on the canvas that moves ten times a second
/// looks alive, and costs less than one part in a hundred of the training.
const COPY_EVERY: Duration = Duration::from_millis(100);

/// Sends events to the window, copies of the weights to the canvas, and both to the run's folder.
pub(super) struct Live {
    job: Job,
    config: TrainConfig,
    epochs: f64,
    events: SyncSender<Event>,
    latest: Latest,
    wake: Wake,
    last_copy: Option<Instant>,
    recorder: Option<Recorder>,
}

impl Live {
    pub(super) fn new(
        job: &Job,
        events: SyncSender<Event>,
        latest: Latest,
        wake: Wake,
        recorder: Option<Recorder>,
    ) -> Live {
        Live {
            job: job.clone(),
            config: job.config().clone(),
            epochs: 0.0,
            events,
            latest,
            wake,
            last_copy: None,
            recorder,
        }
    }

    fn classifier(&self, network: Network, test_accuracy: Option<f64>) -> Classifier {
        Classifier {
            network,
            classes: self.job.dataset().classes.clone(),
            provenance: self.job.provenance(&self.config, self.epochs, test_accuracy),
        }
    }

    /// The run is over: its final weights are for the canvas, and for its folder.
    pub(super) fn finish(mut self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            let test_accuracy = outcome.test.map(|t| t.accuracy);
            let classifier = self.classifier(outcome.network, test_accuracy);
            self.latest.set(classifier);
        }
        (self.wake)();
    }
}

impl Observer for Live {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => {
                self.epochs = points.last().map_or(self.epochs, |p| p.epoch);
            }
            Event::Changed { setting, new, .. } => self.config.set_setting(*setting, *new),
            _ => {}
        }
        // Nobody listens when the window is closing.
        let _ = self.events.send(event.clone());
        (self.wake)();
    }

    fn weights(&mut self, network: &Network) {
        if self.last_copy.is_some_and(|at| at.elapsed() < COPY_EVERY) {
            return;
        }
        self.last_copy = Some(Instant::now());
        // Without memory for a copy the canvas keeps the older one; training itself would fail.
        if let Ok(copy) = network.deep_copy() {
            self.latest.set(self.classifier(copy, None));
        }
        (self.wake)();
    }
}
