//! Where a run that branched off another one came from.

use serde::{Deserialize, Serialize};

use super::RunState;
use crate::train::{Checkpoint, EpochPoint, Event, StepPoint};

/// The run and the update that another run started from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Name of the run.
    pub run: String,
    /// Updates that were done.
    pub step: u64,
}

impl std::fmt::Display for Parent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.run, self.step)
    }
}

/// What happened in the parent of a branch before its first update of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParentHistory {
    /// The updates before the one it branched off.
    pub points: Vec<StepPoint>,
    /// The finished epochs.
    pub epochs: Vec<EpochPoint>,
}

impl RunState {
    /// What was told so far happened in `parent`: the curve of this run grows out of the update it
    /// branched off.
    pub(super) fn branch(&mut self, parent: Parent) {
        let n_before = self.points.partition_point(|p| p.step < parent.step);
        self.before.points.extend(self.points.drain(..n_before));
        self.before.epochs.append(&mut self.epochs);
        self.changes.clear();
        self.parent = Some(parent);
    }

    /// The epochs a curve goes through: of a branch, the last one of its parent comes first.
    pub fn curve_epochs(&self) -> impl DoubleEndedIterator<Item = &EpochPoint> {
        self.before.epochs.last().into_iter().chain(&self.epochs)
    }

    /// What happened until `state`, as events: the history that a branch has in common with its
    /// parent.
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
        // The last update of an epoch comes before its end.
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
