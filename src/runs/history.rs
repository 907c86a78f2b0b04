//! The history that a branch shares with its parent.

use super::state::RunState;
use crate::train::{Checkpoint, Event};

impl RunState {
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
