//! The run in training: its thread, and what it reports.

mod latest_weights;
mod observer;
mod recording;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use super::thread::Wake;
use super::timeline::{DEFAULT_STATE_MEMORY, SharedTimeline, rollback_memory};
use crate::model::Classifier;
use crate::train::{Checkpoint, Control, Event, Job, Observer, Trainer, run_guarded};
use latest_weights::LatestWeights;
use observer::{Channels, RunObserver};
pub(super) use recording::{NewFolder, POLICY, Recording};

/// Events that may be queued for the window. The loop sends about 30 per second, each with every
/// point since the last; if the window is frozen for longer, training waits for it.
const MAX_WAITING_EVENTS: usize = 64;

/// The state that a run starts from.
#[derive(Default)]
pub(super) struct RunStart {
    /// A checkpoint; `None` for a run that starts from the beginning.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The run's earlier events.
    pub(super) history: Vec<Event>,
    /// The name of a new run, if it is not named after its preset.
    pub(super) name: Option<String>,
}

/// The training thread with its channels.
pub(super) struct LiveRun {
    wake: Wake,
    trainer: Option<Trainer>,
    events: Option<Receiver<Event>>,
    /// Errors of recording a run, one sentence each.
    problems: (Sender<String>, Receiver<String>),
    weights: LatestWeights,
    timeline: SharedTimeline,
    /// Whether layer statistics are on, in this run and the next ones.
    watches_layers: bool,
    /// Memory limit of all states, in bytes.
    state_memory: usize,
}

impl LiveRun {
    pub(super) fn new(wake: Wake) -> LiveRun {
        LiveRun {
            wake,
            trainer: None,
            events: None,
            problems: channel(),
            weights: LatestWeights::default(),
            timeline: SharedTimeline::default(),
            watches_layers: false,
            state_memory: DEFAULT_STATE_MEMORY,
        }
    }

    /// Starts a run, after waiting for the previous one to end. `recording` is where it is saved.
    pub(super) fn start(
        &mut self,
        job: Job,
        control: Control,
        origin: RunStart,
        recording: Recording,
    ) -> std::io::Result<()> {
        self.end();
        control.watch_layers(self.watches_layers);
        control.limit_states(rollback_memory(self.state_memory));
        let (sender, events) = sync_channel(MAX_WAITING_EVENTS);
        self.events = Some(events);
        // Weights that the previous run left must not be taken for this one's.
        self.weights = LatestWeights::default();
        self.timeline.clear();
        let channels = Channels {
            events: sender,
            problems: self.problems.0.clone(),
            weights: self.weights.clone(),
            timeline: self.timeline.clone(),
            wake: self.wake.clone(),
        };
        let mut observer = RunObserver::new(&job, channels, recording);
        let RunStart {
            checkpoint,
            history,
            ..
        } = origin;
        let trainer = Trainer::spawn(job, control, move |job, control| {
            history.iter().for_each(|event| observer.event(event));
            if let (Some(checkpoint), false) = (&checkpoint, history.is_empty()) {
                // Saved at once: a crash before the next checkpoint must not lose how the run
                // began.
                observer.checkpoint(checkpoint.clone());
            }
            let outcome = run_guarded(job, checkpoint, control, &mut observer);
            observer.finish(outcome);
        });
        self.trainer = Some(trainer?);
        Ok(())
    }

    /// The next event of the run.
    pub(super) fn event(&mut self) -> Option<Event> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// The next error of recording a run.
    pub(super) fn problem(&mut self) -> Option<String> {
        self.problems.1.try_recv().ok()
    }

    /// Weights newer than the last ones taken.
    pub(super) fn new_weights(&mut self) -> Option<Arc<Classifier>> {
        self.weights.take()
    }

    /// The saved states of the run.
    pub(super) fn timeline(&self) -> &SharedTimeline {
        &self.timeline
    }

    /// The controls of the run that was started last.
    pub(super) fn control(&self) -> Option<&Control> {
        self.trainer.as_ref().map(Trainer::control)
    }

    /// Memory limit of all states, in bytes.
    pub(super) fn state_memory(&self) -> usize {
        self.state_memory
    }

    /// Sets the memory limit of all states, in bytes.
    pub(super) fn set_state_memory(&mut self, bytes: usize) {
        self.state_memory = bytes;
        let of_rollback = rollback_memory(bytes);
        self.timeline.set_budget(bytes - of_rollback);
        if let Some(control) = self.control() {
            control.limit_states(of_rollback);
        }
    }

    pub(super) fn watches_layers(&self) -> bool {
        self.watches_layers
    }

    pub(super) fn watch_layers(&mut self, is_on: bool) {
        self.watches_layers = is_on;
        if let Some(control) = self.control() {
            control.watch_layers(is_on);
        }
    }

    /// Stops the run, if any, and waits for it. The receiver is dropped first: a sender blocked on
    /// a full channel would never wake.
    fn end(&mut self) {
        self.events = None;
        self.trainer = None;
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.end();
    }
}
