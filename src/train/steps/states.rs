//! The rollback states: the last full states of the run.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::kernels::Copies;
use crate::train::checkpoint::Checkpoint;

/// Number of states kept, and the memory they may take; one is always kept.
// Five states reach back 400 to 500 updates. A state of Adam has three values per weight: 256 MiB are
// five states of a network of four million weights.
const MAX_STATES: usize = 5;
const MAX_BYTES: usize = 256 << 20;

/// Recent full states, oldest first. All their weights are finite.
#[derive(Default)]
pub(super) struct States {
    recent: VecDeque<Arc<Checkpoint>>,
    /// The memory of the last dropped state, for reuse.
    pub(super) copies: Copies,
}

impl States {
    /// Adds the newest state; all of them keep to `max_bytes`.
    pub(super) fn push(&mut self, state: Arc<Checkpoint>, max_bytes: Option<usize>) {
        let max_bytes = max_bytes.unwrap_or(MAX_BYTES);
        self.recent.push_back(state);
        let n_bytes = |states: &VecDeque<Arc<Checkpoint>>| -> usize {
            states.iter().map(|s| s.n_bytes()).sum()
        };
        while self.recent.len() > MAX_STATES
            || (self.recent.len() > 1 && n_bytes(&self.recent) > max_bytes)
        {
            // Another thread may still use it.
            if let Some(Ok(old)) = self.recent.pop_front().map(Arc::try_unwrap) {
                self.copies = old.into_copies();
            }
        }
    }

    pub(super) fn newest(&self) -> Option<&Arc<Checkpoint>> {
        self.recent.back()
    }

    pub(super) fn oldest(&self) -> Option<&Arc<Checkpoint>> {
        self.recent.front()
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Arc<Checkpoint>> {
        self.recent.iter().rev()
    }

    /// The newest state that was trained with a learning rate below `rate`.
    pub(super) fn before_raise(&self, rate: f64) -> Option<&Arc<Checkpoint>> {
        self.newest_first().find(|s| s.config.learning_rate < rate)
    }

    pub(super) fn at(&self, step: u64) -> Option<&Arc<Checkpoint>> {
        self.newest_first().find(|s| s.step() == step)
    }

    /// Their steps, newest first.
    pub(super) fn steps(&self) -> Vec<u64> {
        let mut steps: Vec<u64> = self.newest_first().map(|s| s.step()).collect();
        steps.dedup();
        steps
    }

    pub(super) fn all(&self) -> Vec<Arc<Checkpoint>> {
        self.recent.iter().cloned().collect()
    }

    pub(super) fn forget_after(&mut self, step: u64) {
        self.recent.retain(|s| s.step() <= step);
    }
}
