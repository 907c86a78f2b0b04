//! The parent of a branch.

use serde::{Deserialize, Serialize};

use super::state::RunState;
use crate::train::{Checkpoint, EpochPoint, Event, StepPoint};

/// The run and the update that a branch starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Name of the run.
    pub run: String,
    /// Updates done.
    pub step: u64,
}

impl std::fmt::Display for Parent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.run, self.step)
    }
}

/// The parent's history before the branch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParentHistory {
    /// The updates before the branch point.
    pub points: Vec<StepPoint>,
    /// The finished epochs.
    pub epochs: Vec<EpochPoint>,
}

impl RunState {
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

    /// Returns the events until `state`: the history that a branch shares with its parent.
    pub fn history(&self, state: &Checkpoint) -> Vec<Event> {
        let step = state.step();
        let mut events = vec![Event::Started {
            config: Box::new(self.config.clone()),
            dataset: self.dataset.clone(),
            n_train: self.n_train,
            threads: self.threads,
        }];
        let points = self.before.points.iter().chain(&self.points);
        let points: Vec<_> = points.copied().filter(|p| p.step <= step).collect();
        if !points.is_empty() {
            events.push(Event::Steps { points });
        }
        let epochs = self.before.epochs.iter().chain(&self.epochs);
        // The last update of an epoch comes before its `EpochDone`.
        let epochs = epochs.filter(|e| e.epoch <= state.cursor.epoch);
        events.extend(epochs.map(|&point| Event::EpochDone { point }));
        let changes = self.changes.iter().filter(|c| c.step <= step);
        events.extend(changes.map(|c| Event::Changed {
            step: c.step,
            epoch: c.epoch,
            setting: c.setting,
            old: c.old.clone(),
            new: c.new.clone(),
        }));
        events
    }
}
