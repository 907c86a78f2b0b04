//! The states of a run to roll back to, to show on the canvas, and to branch from.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::stats::most_crowded;
use crate::train::Checkpoint;

/// Default memory limit for the states in memory, in bytes: those of the timelines, and those to
/// roll back to.
pub(super) const DEFAULT_STATE_MEMORY: usize = 256 << 20;

/// The part of the memory limit that states to roll back to may take. The timeline has most of
/// them as well, and gets the rest.
pub(super) fn rollback_memory(limit: usize) -> usize {
    limit / 4
}

/// Early states that are never thinned, as long as they are at most a third of all: after 0, 1, 2,
/// 4, 8, 16, 32 and 64 updates.
const N_EARLY: usize = 8;

/// States in the order of their steps, within a memory limit.
#[derive(Clone, Debug)]
pub struct Timeline {
    states: Vec<Arc<Checkpoint>>,
    budget: usize,
    /// Increases with every change.
    version: u64,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline {
            states: Vec::new(),
            budget: DEFAULT_STATE_MEMORY - rollback_memory(DEFAULT_STATE_MEMORY),
            version: 0,
        }
    }
}

impl Timeline {
    /// Creates a timeline of these states, oldest first.
    pub(super) fn of(states: Vec<Checkpoint>) -> Timeline {
        Timeline {
            states: states.into_iter().map(Arc::new).collect(),
            ..Timeline::default()
        }
    }

    /// The states, oldest first.
    pub fn states(&self) -> &[Arc<Checkpoint>] {
        &self.states
    }

    /// The state after `step` updates.
    pub fn at(&self, step: u64) -> Option<&Arc<Checkpoint>> {
        self.states.iter().find(|s| s.step() == step)
    }

    /// The memory limit, in bytes.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// The memory in use, in bytes.
    pub fn n_bytes(&self) -> usize {
        self.states.iter().map(|s| s.n_bytes()).sum()
    }

    /// Adds the newest state, and removes states of later steps, which have been undone.
    fn push(&mut self, state: Arc<Checkpoint>) {
        self.states.retain(|s| s.step() < state.step());
        self.states.push(state);
        self.thin();
    }

    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.version += 1;
    }

    fn forget_after(&mut self, step: u64) {
        self.states.retain(|s| s.step() <= step);
        self.version += 1;
    }

    fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
        self.thin();
    }

    /// Enforces the memory limit: removes states whose neighbors are closest, so that the rest
    /// stays evenly spaced after a dense beginning. The newest state always stays.
    fn thin(&mut self) {
        self.version += 1;
        let mut n_bytes = self.n_bytes();
        while n_bytes > self.budget && self.states.len() > 1 {
            let first = N_EARLY.min(self.states.len() / 3);
            let steps: Vec<u64> = self.states.iter().map(|s| s.step()).collect();
            let Some(at) = most_crowded(&steps, first..steps.len() - 1) else {
                return;
            };
            n_bytes -= self.states.remove(at).n_bytes();
        }
    }
}

/// A timeline written by the training thread and read by the studio.
#[derive(Clone, Default)]
pub(super) struct SharedTimeline(Arc<Mutex<Timeline>>);

impl SharedTimeline {
    pub(super) fn push(&self, state: &Arc<Checkpoint>) {
        self.lock().push(state.clone());
    }

    /// Clears the timeline for another run.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn forget_after(&self, step: u64) {
        self.lock().forget_after(step);
    }

    pub(super) fn set_budget(&self, bytes: usize) {
        self.lock().set_budget(bytes);
    }

    /// Updates `seen`, and returns whether it has changed; the copy shares the weights.
    pub(super) fn read_into(&self, seen: &mut Timeline) -> bool {
        let current = self.lock();
        let is_new = current.version != seen.version;
        if is_new {
            *seen = current.clone();
        }
        is_new
    }

    /// The timeline is valid after every statement, so a panic elsewhere cannot corrupt it.
    fn lock(&self) -> MutexGuard<'_, Timeline> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
