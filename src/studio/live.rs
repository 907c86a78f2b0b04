//! The studio's ear in the training thread.

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

/// Time between two copies of the weights: an answer on the canvas that moves ten times a second
/// looks alive, and costs less than one part in a hundred of the training.
const COPY_EVERY: Duration = Duration::from_millis(100);

/// What stays on disk: enough full states of a run for its timeline to be looked at later.
pub(super) const POLICY: CheckpointPolicy = CheckpointPolicy {
    keep_last: 3,
    keep_spread: 64 << 20,
    keep_best: Some(BestBy::Accuracy),
};

/// Sends events to the window, copies of the weights to the canvas, and both to the run's folder.
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

/// Where a run will be kept.
pub(super) struct NewFolder {
    pub(super) path: PathBuf,
    pub(super) about: RunMeta,
}

/// The keeping of the run.
pub(super) enum Keep {
    /// Not kept, because nobody wants it or it is no longer possible.
    Off,
    /// The folder is made when the run starts, in its thread, for it touches the disk.
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

    /// The full states of the run are for `timeline`.
    pub(super) fn with_timeline(mut self, timeline: SharedTimeline) -> Live {
        self.timeline = timeline;
        self
    }

    /// The run is kept as `keep` says; what goes wrong with that is told to `problems`, and training
    /// goes on.
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
                        self.send(format!("this run is not kept: {error}"));
                        Keep::Off
                    }
                }
            }
            Keep::On(mut recorder) => {
                recorder.event(event);
                if let Some(problem) = recorder.checkpoint_news() {
                    self.send(format!("a full state was not kept: {problem}"));
                }
                if let Some(problem) = recorder.problem() {
                    self.send(format!("this run is no longer recorded: {problem}"));
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
            // Nobody listens when the window is closing.
            let _ = problems.send(problem);
        }
    }

    fn classifier(&self, network: Network, test_accuracy: Option<f64>) -> Classifier {
        Classifier {
            network,
            classes: self.job.dataset().classes.clone(),
            provenance: self
                .job
                .provenance(&self.config, self.epochs, test_accuracy),
        }
    }

    /// The run is over: its final weights are for the canvas, and for its folder.
    pub(super) fn finish(mut self, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            let summary = Summary::new(&outcome);
            let test_accuracy = outcome.test.map(|t| t.accuracy);
            let classifier = self.classifier(outcome.network, test_accuracy);
            if let Keep::On(recorder) = std::mem::replace(&mut self.record, Keep::Off)
                && let Err(error) = recorder.finish(&summary, &classifier)
            {
                self.send(format!("the run was not kept completely: {error}"));
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
        // Nobody listens when the window is closing.
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
        // Without memory for a copy the canvas keeps the older one; training itself would fail.
        if let Ok(copy) = network.deep_copy() {
            self.latest.set(self.classifier(copy, None));
        }
        (self.wake)();
    }
}
