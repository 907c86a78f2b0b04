//! The state of a run, folded from its events. Only [`RunState::apply`] changes it, so a live run
//! and a replayed one cannot differ.

use serde::{Deserialize, Serialize};

use super::best_epoch::BestBy;
use super::branch::{Parent, ParentHistory};
use crate::text;
use crate::train::{
    Divergence, EpochPoint, Event, Finish, LayerPoint, Metrics, Setting, StepPoint, TrainConfig,
    Value,
};

/// The status of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Requested; the data is being prepared and the engine warms up.
    Starting,
    /// Training.
    Running,
    /// Paused.
    Paused,
    /// Its process ended before it did.
    Interrupted,
    /// Finished.
    Finished(Finish),
}

impl Status {
    /// Returns the name in JSON, in filters and for sorting; see [`Status::label`].
    pub fn word(&self) -> &'static str {
        match self {
            Status::Starting => "starting",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Interrupted => "interrupted",
            Status::Finished(finish) => finish.name(),
        }
    }

    /// Returns the label shown to people.
    pub fn label(&self) -> &'static str {
        match self {
            Status::Running => "training",
            Status::Finished(Finish::EarlyStopped) => "early stopped",
            other => other.word(),
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
    /// The new value.
    pub new: Value,
}

impl ChangePoint {
    /// Describes when it was changed, and to what.
    pub fn words(&self) -> String {
        let step = text::thousands(self.step);
        format!("changed at update {step} to {}", self.new)
    }
}

/// Everything known about one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// Its name, such as `keras-cnn 3`.
    pub name: String,
    /// The configuration with all changes so far applied.
    pub config: TrainConfig,
    /// Name of the dataset.
    pub dataset: String,
    /// Images trained on in each epoch; 0 until it has started.
    pub n_train: usize,
    /// Kernel threads; 0 until it has started.
    pub threads: usize,
    /// Every update, in order; of a branch, from the branch point on.
    pub points: Vec<StepPoint>,
    /// Every finished epoch, in order; of a branch, its own.
    pub epochs: Vec<EpochPoint>,
    /// Every change of a setting, in order; one for each setting and update.
    pub changes: Vec<ChangePoint>,
    /// The divergence that training is paused for.
    pub divergence: Option<Divergence>,
    /// Statistics of the layers, in order, where they were measured.
    pub layer_points: Vec<LayerPoint>,
    /// Every skipped batch, as the number of updates done before it.
    pub skips: Vec<u64>,
    /// The run and update it branched from.
    pub parent: Option<Parent>,
    /// Of a branch: the parent's history before it.
    pub before: ParentHistory,
    /// How often the run was rolled back to an earlier update.
    pub n_rewinds: usize,
    /// Its status.
    pub status: Status,
    /// The epoch whose weights early stopping restored at the end, counted from 1.
    pub restored: Option<usize>,
    /// On the test images, once, at the end.
    pub test: Option<Metrics>,
}

/// Updates over which the speed is averaged: steady enough to read, fast enough to follow a change.
const SPEED_WINDOW: usize = 200;

impl RunState {
    /// Makes the state of a requested run without any event yet.
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

    /// Applies the next event.
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
                self.note_change(ChangePoint {
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

    /// Drops everything after `step`, except changes of settings.
    fn go_back(&mut self, step: u64, epoch: f64) {
        self.n_rewinds += 1;
        self.points.retain(|p| p.step <= step);
        self.epochs.retain(|e| e.step <= step);
        self.layer_points.retain(|p| p.step <= step);
        self.skips.retain(|&s| s < step);
        for mut change in std::mem::take(&mut self.changes) {
            change.step = change.step.min(step);
            change.epoch = change.epoch.min(epoch);
            self.note_change(change);
        }
        self.go_on();
    }

    /// Adds a change. Of several between the same two updates only the last value was ever used.
    fn note_change(&mut self, change: ChangePoint) {
        let is_same = |c: &ChangePoint| c.step == change.step && c.setting == change.setting;
        match self.changes.iter().position(is_same) {
            None => self.changes.push(change),
            Some(at) if self.changes[at].old == change.new => {
                self.changes.remove(at);
            }
            Some(at) => self.changes[at].new = change.new,
        }
    }

    /// Returns whether more events will come.
    pub fn is_live(&self) -> bool {
        !matches!(self.status, Status::Finished(_) | Status::Interrupted)
    }

    /// Returns the epoch with the best validation metrics; of equals, the first.
    pub fn best_epoch(&self, by: BestBy) -> Option<&EpochPoint> {
        let validated = self.epochs.iter().filter_map(|e| Some((e, e.validation?)));
        let finite = validated.filter(|(_, v)| by == BestBy::Accuracy || v.loss.is_finite());
        let better = |best: (_, Metrics), next: (_, Metrics)| match by.is_better(&next.1, &best.1) {
            true => next,
            false => best,
        };
        finite.reduce(better).map(|(e, _)| e)
    }

    /// Returns the update at which the run diverged, if it ended there or waits there.
    pub fn diverged_at(&self) -> Option<u64> {
        match (&self.status, &self.divergence) {
            (Status::Finished(Finish::Diverged { step }), _) => Some(*step),
            (_, Some(divergence)) => Some(divergence.step),
            _ => None,
        }
    }

    /// Returns the share of the run that is done, in `[0, 1]`.
    pub fn progress(&self) -> f32 {
        let done = self.points.last().map_or(0.0, |p| p.epoch);
        (done / self.config.epochs.max(1) as f64).clamp(0.0, 1.0) as f32
    }

    /// Returns the training images per second over the last updates.
    pub fn images_per_second(&self) -> Option<f64> {
        let last = self.points.last()?;
        let first = &self.points[self.points.len().saturating_sub(SPEED_WINDOW)];
        let secs = last.secs - first.secs;
        (secs > 0.0).then(|| last.images.saturating_sub(first.images) as f64 / secs)
    }

    /// Returns the remaining seconds of training at the current speed.
    pub fn secs_left(&self) -> Option<f64> {
        let total = self.n_train as f64 * self.config.epochs as f64;
        let done = self.points.last()?.images as f64;
        Some((total - done).max(0.0) / self.images_per_second()?)
    }

    /// Moves the events so far to `parent`: this run's curve starts at the branch point.
    pub(super) fn branch(&mut self, parent: Parent) {
        let n_before = self.points.partition_point(|p| p.step < parent.step);
        self.before.points.extend(self.points.drain(..n_before));
        self.before.epochs.append(&mut self.epochs);
        self.changes.clear();
        self.parent = Some(parent);
    }

    /// Returns the epochs of a curve; for a branch, the parent's last one comes first.
    pub fn curve_epochs(&self) -> impl DoubleEndedIterator<Item = &EpochPoint> {
        self.before.epochs.last().into_iter().chain(&self.epochs)
    }
}
