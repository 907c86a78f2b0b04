//! A run as its events tell it. [`RunState::apply`] is the only place that changes one, so a live
//! run and a replayed one cannot differ.

use serde::{Deserialize, Serialize};

use super::{Parent, ParentHistory};
use crate::train::{
    Divergence, EpochPoint, Event, Finish, LayerPoint, Metrics, Setting, StepPoint, TrainConfig,
    Value,
};

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Asked for; the data is being prepared and the engine warms up.
    Starting,
    /// Training.
    Running,
    /// Waiting to be resumed.
    Paused,
    /// Its process ended before it did.
    Interrupted,
    /// Over.
    Finished(Finish),
}

impl Status {
    /// How a run stands, in a word: the one of `runs list`, of filters and of sorting.
    pub fn word(&self) -> &'static str {
        match self {
            Status::Starting => "starting",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Interrupted => "interrupted",
            Status::Finished(Finish::Completed) => "completed",
            Status::Finished(Finish::Stopped) => "stopped",
            Status::Finished(Finish::EarlyStopped) => "early_stopped",
            Status::Finished(Finish::Diverged { .. }) => "diverged",
            Status::Finished(Finish::Failed { .. }) => "failed",
        }
    }
}

/// A setting that was changed while training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangePoint {
    /// Updates done when it took effect.
    pub step: u64,
    /// Epochs done when it took effect, fractions included.
    pub epoch: f64,
    /// What was changed.
    pub setting: Setting,
    /// The value before.
    pub old: Value,
    /// The value from then on.
    pub new: Value,
}

/// Everything known about one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// What people call it, such as `keras-cnn 3`.
    pub name: String,
    /// The configuration with every change applied so far.
    pub config: TrainConfig,
    /// Name of the data.
    pub dataset: String,
    /// Images trained on in each epoch; 0 until it has started.
    pub n_train: usize,
    /// Kernel threads; 0 until it has started.
    pub threads: usize,
    /// Every update, in order; of a branch, from the one it branched off.
    pub points: Vec<StepPoint>,
    /// Every finished epoch, in order; of a branch, its own.
    pub epochs: Vec<EpochPoint>,
    /// Every change of a setting, in order.
    pub changes: Vec<ChangePoint>,
    /// The loss that training waits because of.
    pub divergence: Option<Divergence>,
    /// Statistics of the layers, in order, where they were measured.
    pub layer_points: Vec<LayerPoint>,
    /// Every batch that was left out, as the number of updates done before it.
    pub skips: Vec<u64>,
    /// Where it branched off another run.
    pub parent: Option<Parent>,
    /// Of a branch: what its parent did before.
    pub before: ParentHistory,
    /// How often the run went back to an earlier update.
    pub n_rewinds: usize,
    /// Where it stands.
    pub status: Status,
    /// The epoch whose weights early stopping gave back at the end, counted from 1.
    pub restored: Option<usize>,
    /// On the test images, once, at the end.
    pub test: Option<Metrics>,
}

/// Updates the speed is averaged over, so that it is steady to read and still follows a change.
const SPEED_WINDOW: usize = 200;

impl RunState {
    /// A run that was asked for and has not yet told anything.
    pub fn new(name: impl Into<String>, config: TrainConfig) -> RunState {
        RunState {
            name: name.into(),
            config,
            dataset: String::new(),
            n_train: 0,
            threads: 0,
            points: Vec::new(),
            epochs: Vec::new(),
            changes: Vec::new(),
            divergence: None,
            layer_points: Vec::new(),
            skips: Vec::new(),
            parent: None,
            before: ParentHistory::default(),
            n_rewinds: 0,
            status: Status::Starting,
            restored: None,
            test: None,
        }
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started {
                config,
                dataset,
                n_train,
                threads,
            } => {
                self.config = (**config).clone();
                self.dataset.clone_from(dataset);
                self.n_train = *n_train;
                self.threads = *threads;
                self.status = Status::Running;
            }
            Event::Steps { points } => self.points.extend_from_slice(points),
            Event::EpochDone { point } => self.epochs.push(*point),
            Event::Changed {
                step,
                epoch,
                setting,
                old,
                new,
            } => {
                self.config.set_setting(*setting, new);
                self.changes.push(ChangePoint {
                    step: *step,
                    epoch: *epoch,
                    setting: *setting,
                    old: old.clone(),
                    new: new.clone(),
                });
            }
            Event::Diverged { divergence } => {
                self.divergence = Some((**divergence).clone());
                self.status = Status::Paused;
            }
            &Event::RolledBack { step, epoch, .. } => self.go_back(step, epoch),
            Event::Skipped { step, .. } => {
                self.skips.push(*step);
                self.go_on();
            }
            Event::Branched { run, step, config } => {
                self.config = (**config).clone();
                self.branch(Parent {
                    run: run.clone(),
                    step: *step,
                });
            }
            Event::Layers { point } => self.layer_points.push((**point).clone()),
            Event::Paused { .. } => self.status = Status::Paused,
            Event::Resumed { .. } => self.go_on(),
            Event::Saved { .. } => {}
            Event::Restored { epoch } => self.restored = Some(*epoch),
            Event::Finished { finish, test } => {
                self.status = Status::Finished(finish.clone());
                self.test = *test;
                self.divergence = None;
            }
        }
    }

    fn go_on(&mut self) {
        self.status = Status::Running;
        self.divergence = None;
    }

    /// What came after `step` has not happened; settings changed since then stay changed.
    fn go_back(&mut self, step: u64, epoch: f64) {
        self.n_rewinds += 1;
        self.points.retain(|p| p.step <= step);
        self.epochs.retain(|e| e.step <= step);
        self.layer_points.retain(|p| p.step <= step);
        self.skips.retain(|&s| s < step);
        for change in &mut self.changes {
            change.step = change.step.min(step);
            change.epoch = change.epoch.min(epoch);
        }
        self.go_on();
    }

    /// Whether more events are to come.
    pub fn is_live(&self) -> bool {
        !matches!(self.status, Status::Finished(_) | Status::Interrupted)
    }

    /// The finished epoch that did best on the held-out images: highest accuracy, then lowest loss.
    pub fn best_epoch(&self) -> Option<&EpochPoint> {
        self.epochs
            .iter()
            .filter_map(|e| e.validation.map(|v| (e, v)))
            .reduce(|best, next| {
                let is_better = next.1.accuracy > best.1.accuracy
                    || (next.1.accuracy == best.1.accuracy && next.1.loss < best.1.loss);
                if is_better { next } else { best }
            })
            .map(|(e, _)| e)
    }

    /// Share of the run that is done, in `[0, 1]`.
    pub fn progress(&self) -> f32 {
        let done = self.points.last().map_or(0.0, |p| p.epoch);
        (done / self.config.epochs.max(1) as f64).clamp(0.0, 1.0) as f32
    }

    /// Training images a second over the last updates.
    pub fn images_per_second(&self) -> Option<f64> {
        let last = self.points.last()?;
        let first = &self.points[self.points.len().saturating_sub(SPEED_WINDOW)];
        let secs = last.secs - first.secs;
        (secs > 0.0).then(|| (last.images - first.images) as f64 / secs)
    }

    /// Seconds of training still to do at the present speed.
    pub fn secs_left(&self) -> Option<f64> {
        let total = (self.n_train * self.config.epochs) as f64;
        let done = self.points.last()?.images as f64;
        Some((total - done).max(0.0) / self.images_per_second()?)
    }
}
