//! The observer in the training thread.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender};
use std::time::{Duration, Instant};

use super::latest_weights::LatestWeights;
use super::recording::Recording;
use crate::model::{Classifier, Network};
use crate::runs::Summary;
use crate::studio::thread::Wake;
use crate::studio::timeline::SharedTimeline;
use crate::train::{Checkpoint, Event, Job, Observer, Outcome, TrainConfig};

/// Time between two copies of the weights: predictions that update ten times per second look
/// smooth, and cost less than one percent of the training.
const COPY_EVERY: Duration = Duration::from_millis(100);

/// The ends of the channels through which a run reports.
pub(super) struct Channels {
    pub(super) events: SyncSender<Event>,
    pub(super) problems: Sender<String>,
    pub(super) weights: LatestWeights,
    pub(super) timeline: SharedTimeline,
    pub(super) wake: Wake,
}

/// Sends events to the window and copies of the weights to the canvas, and records both in the
/// run's folder.
pub(super) struct RunObserver {
    job: Job,
    config: TrainConfig,
    epochs: f64,
    channels: Channels,
    recording: Recording,
    last_copy: Option<Instant>,
    /// The end of the run, until its final weights are saved and on the canvas: whoever sees that
    /// a run ended finds what it ended with.
    end: Option<Event>,
}

impl RunObserver {
    pub(super) fn new(job: &Job, channels: Channels, recording: Recording) -> RunObserver {
        RunObserver {
            job: job.clone(),
            config: job.config().clone(),
            epochs: 0.0,
            channels,
            recording,
            last_copy: None,
            end: None,
        }
    }

    fn classifier(&self, network: Network, test_accuracy: Option<f64>) -> Classifier {
        let dataset = self.job.dataset();
        self.config
            .classifier(network, dataset, self.epochs, test_accuracy)
    }

    /// Ends the run: its final weights go to the canvas and to its folder.
    pub(super) fn finish(mut self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            let summary = Summary::new(&outcome);
            let test_accuracy = outcome.test.map(|t| t.accuracy);
            let classifier = self.classifier(outcome.network, test_accuracy);
            self.recording
                .finish(&summary, &classifier, |text| self.channels.report(text));
            self.channels.weights.set(classifier);
        }
        if let Some(end) = self.end.take() {
            self.channels.send(end);
        }
    }
}

impl Channels {
    fn report(&self, problem: String) {
        // Sending fails if the window is closing.
        let _ = self.problems.send(problem);
    }

    fn send(&self, event: Event) {
        // Sending fails if the window is closing.
        let _ = self.events.send(event);
        (self.wake)();
    }
}

impl Observer for RunObserver {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Steps { points } => {
                self.epochs = points.last().map_or(self.epochs, |p| p.epoch);
            }
            Event::RolledBack { step, epoch, .. } => {
                self.epochs = *epoch;
                self.channels.timeline.forget_after(*step);
            }
            Event::Changed { setting, new, .. } => self.config.set_setting(*setting, new),
            _ => {}
        }
        let channels = &self.channels;
        self.recording
            .event(event, &self.job, |text| channels.report(text));
        // The history of a run that was resumed has ends in the middle.
        if let Some(end) = self.end.take() {
            channels.send(end);
        }
        if matches!(event, Event::Finished { .. }) {
            self.end = Some(event.clone());
        } else {
            channels.send(event.clone());
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        self.recording.checkpoint(checkpoint);
    }

    fn snapshot(&mut self, state: &Arc<Checkpoint>) {
        self.channels.timeline.push(state);
        (self.channels.wake)();
    }

    fn weights(&mut self, network: &Network) {
        if self.last_copy.is_some_and(|at| at.elapsed() < COPY_EVERY) {
            return;
        }
        self.last_copy = Some(Instant::now());
        // If there is no memory for a copy, the older one stays; training itself would fail.
        if let Ok(copy) = network.deep_copy() {
            self.channels.weights.set(self.classifier(copy, None));
        }
        (self.channels.wake)();
    }
}
