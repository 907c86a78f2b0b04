//! The observer in the training thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender};
use std::time::{Duration, Instant};

use super::Wake;
use super::background::Latest;
use super::timeline::SharedTimeline;
use crate::model::{Classifier, Network};
use crate::runs::{BestBy, CheckpointPolicy, Recorder, RunMeta, Summary};
use crate::train::{Checkpoint, Event, Job, Observer, Outcome, TrainConfig};

/// Time between two copies of the weights: predictions that update ten times per second look
/// smooth, and cost less than one percent of the training.
const COPY_EVERY: Duration = Duration::from_millis(100);

/// Checkpoints kept on disk: enough for a run's timeline to be shown later.
pub(super) const POLICY: CheckpointPolicy = CheckpointPolicy {
    keep_last: 3,
    keep_spread: 64 << 20,
    keep_best: Some(BestBy::Accuracy),
};

/// Sends events to the window and copies of the weights to the canvas, and records both in the
/// run's folder.
pub(super) struct Live {
    job: Job,
    config: TrainConfig,
    epochs: f64,
    events: SyncSender<Event>,
    latest: Latest,
    timeline: SharedTimeline,
    wake: Wake,
    last_copy: Option<Instant>,
    record: Keep,
    problems: Option<Sender<String>>,
}

/// Where a run is saved.
pub(super) struct NewFolder {
    pub(super) path: PathBuf,
    pub(super) about: RunMeta,
}

/// The recording of the run.
pub(super) enum Keep {
    /// Off, because it was not requested or has failed.
    Off,
    /// The folder is created when the run starts, on its thread, as this accesses the disk.
    Planned(NewFolder),
    On(Recorder),
}

impl Live {
    pub(super) fn new(job: &Job, events: SyncSender<Event>, latest: Latest, wake: Wake) -> Live {
        Live {
            job: job.clone(),
            config: job.config().clone(),
            epochs: 0.0,
            events,
            latest,
            timeline: SharedTimeline::default(),
            wake,
            last_copy: None,
            record: Keep::Off,
            problems: None,
        }
    }

    /// Adds the run's states to `timeline`.
    pub(super) fn with_timeline(mut self, timeline: SharedTimeline) -> Live {
        self.timeline = timeline;
        self
    }

    /// Records the run as `keep` says; errors are sent to `problems`, and training continues.
    pub(super) fn recorded(mut self, keep: Keep, problems: Sender<String>) -> Live {
        self.record = keep;
        self.problems = Some(problems);
        self
    }

    fn record(&mut self, event: &Event) {
        self.record = match std::mem::replace(&mut self.record, Keep::Off) {
            Keep::Planned(folder) => {
                match Recorder::create_about(&folder.path, folder.about, &self.job) {
                    Ok(mut recorder) => {
                        recorder.event(event);
                        Keep::On(recorder)
                    }
                    Err(error) => {
                        self.send(format!("This run is not saved: {error}"));
                        Keep::Off
                    }
                }
            }
            Keep::On(mut recorder) => {
                recorder.event(event);
                if let Some(problem) = recorder.checkpoint_news() {
                    self.send(format!("A checkpoint was not saved: {problem}"));
                }
                if let Some(problem) = recorder.problem() {
                    self.send(format!("This run is no longer recorded: {problem}"));
                    Keep::Off
                } else {
                    Keep::On(recorder)
                }
            }
            Keep::Off => Keep::Off,
        };
    }

    fn send(&self, problem: String) {
        if let Some(problems) = &self.problems {
            // Sending fails if the window is closing.
            let _ = problems.send(problem);
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
            if let Keep::On(recorder) = std::mem::replace(&mut self.record, Keep::Off)
                && let Err(error) = recorder.finish(&summary, &classifier)
            {
                self.send(format!("The run was not saved completely: {error}"));
            }
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
            Event::RolledBack { step, epoch, .. } => {
                self.epochs = *epoch;
                self.timeline.forget_after(*step);
            }
            Event::Changed { setting, new, .. } => self.config.set_setting(*setting, new),
            _ => {}
        }
        self.record(event);
        // Sending fails if the window is closing.
        let _ = self.events.send(event.clone());
        (self.wake)();
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if let Keep::On(recorder) = &mut self.record {
            recorder.checkpoint(checkpoint);
        }
    }

    fn snapshot(&mut self, state: &Arc<Checkpoint>) {
        self.timeline.push(state);
        (self.wake)();
    }

    fn weights(&mut self, network: &Network) {
        if self.last_copy.is_some_and(|at| at.elapsed() < COPY_EVERY) {
            return;
        }
        self.last_copy = Some(Instant::now());
        // If there is no memory for a copy, the older one stays; training itself would fail.
        if let Ok(copy) = network.deep_copy() {
            self.latest.set(self.classifier(copy, None));
        }
        (self.wake)();
    }
}
