//! Where a run that branched off another one came from.

use serde::{Deserialize, Serialize};

use super::RunState;
use crate::train::Event;

/// The run and the update that another run started from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Name of the run.
    pub run: String,
    /// Updates that were done.
    pub step: u64,
}

impl RunState {
    /// What happened until `step`, as events: the history that a branch has in common with its
    /// parent.
    pub fn history(&self, step: u64) -> Vec<Event> {
        let mut events = vec![Event::Started {
            config: Box::new(self.config.clone()),
            dataset: self.dataset.clone(),
            n_train: self.n_train,
            threads: self.threads,
        }];
        let points: Vec<_> = self
            .points
            .iter()
            .copied()
            .filter(|p| p.step <= step)
            .collect();
        if !points.is_empty() {
            events.push(Event::Steps { points });
        }
        let epochs = self.epochs.iter().filter(|e| e.step <= step);
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
