//! The full states of a run, to go back to: looked at by the canvas, and branched from.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::train::Checkpoint;

/// States kept unless somebody says otherwise, in bytes.
pub(super) const USUAL_BUDGET: usize = 256 << 20;

/// States of the beginning that stay, as long as they are no more than a third: after 0, 1, 2, 4, 8,
/// 16, 32 and 64 updates.
const N_EARLY: usize = 8;

/// Full states in the order of their steps, within a budget of memory.
#[derive(Clone, Debug)]
pub struct Timeline {
    states: Vec<Arc<Checkpoint>>,
    budget: usize,
    /// Counts up with every change.
    version: u64,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline {
            states: Vec::new(),
            budget: USUAL_BUDGET,
            version: 0,
        }
    }
}

impl Timeline {
    /// A timeline of these states, the oldest first.
    pub(super) fn of(states: Vec<Checkpoint>) -> Timeline {
        Timeline {
            states: states.into_iter().map(Arc::new).collect(),
            ..Timeline::default()
        }
    }

    /// The states, the oldest first.
    pub fn states(&self) -> &[Arc<Checkpoint>] {
        &self.states
    }

    /// The state after `step` updates.
    pub fn at(&self, step: u64) -> Option<&Arc<Checkpoint>> {
        self.states.iter().find(|s| s.step() == step)
    }

    /// Memory the states may take, in bytes.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Memory they take.
    pub fn n_bytes(&self) -> usize {
        self.states.iter().map(|s| s.n_bytes()).sum()
    }

    /// Adds the newest state. What was kept of later steps has not happened any more.
    fn push(&mut self, state: Arc<Checkpoint>) {
        self.states.retain(|s| s.step() < state.step());
        self.states.push(state);
        self.thin();
    }

    fn forget_after(&mut self, step: u64) {
        self.states.retain(|s| s.step() <= step);
        self.version += 1;
    }

    fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
        self.thin();
    }

    /// Keeps within the budget: the state goes whose neighbors are closest, so that what is left
    /// stays evenly spread after a dense beginning. The newest never goes.
    fn thin(&mut self) {
        self.version += 1;
        let mut n_bytes = self.n_bytes();
        while n_bytes > self.budget && self.states.len() > 1 {
            let first = N_EARLY.min(self.states.len() / 3);
            let gap = |&at: &usize| {
                let before = at.checked_sub(1).map_or(0, |i| self.states[i].step());
                self.states[at + 1].step() - before
            };
            let Some(at) = (first..self.states.len() - 1).min_by_key(gap) else {
                return;
            };
            n_bytes -= self.states.remove(at).n_bytes();
        }
    }
}

/// A timeline that the thread of the run writes and the studio reads.
#[derive(Clone, Default)]
pub(super) struct SharedTimeline(Arc<Mutex<Timeline>>);

impl SharedTimeline {
    pub(super) fn push(&self, state: &Arc<Checkpoint>) {
        self.lock().push(state.clone());
    }

    /// Another run begins.
    pub(super) fn clear(&self) {
        let mut timeline = self.lock();
        timeline.states.clear();
        timeline.version += 1;
    }

    pub(super) fn forget_after(&self, step: u64) {
        self.lock().forget_after(step);
    }

    pub(super) fn set_budget(&self, bytes: usize) {
        self.lock().set_budget(bytes);
    }

    /// Brings `seen` up to date; a copy holds no weights of its own.
    pub(super) fn read_into(&self, seen: &mut Timeline) {
        let current = self.lock();
        if current.version != seen.version {
            *seen = current.clone();
        }
    }

    /// The timeline is in order after every statement, so a panic elsewhere cannot spoil it.
    fn lock(&self) -> MutexGuard<'_, Timeline> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
