//! Commands from other threads to a training run.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::config::{Setting, Value};
use super::divergence::Recovery;

/// A new value for a setting of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The setting.
    pub setting: Setting,
    /// Its new value.
    pub value: Value,
}

/// Commands to a run, from any thread; they take effect between two batches.
#[derive(Debug, Default)]
pub struct Control {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    is_paused: bool,
    is_stopped: bool,
    /// Batches to train although paused.
    n_single_steps: u64,
    changes: Vec<Change>,
    recovery: Option<Recovery>,
    watches_layers: bool,
    state_bytes: Option<usize>,
}

/// The loop's next action.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Train one batch.
    Batch,
    /// Report the pause, then [`Control::wait`].
    Wait,
    /// End the run.
    Stop,
}

impl Control {
    /// Pauses training after the current batch.
    pub fn pause(&self) {
        self.update(|w| w.is_paused = true);
    }

    /// Resumes training.
    pub fn resume(&self) {
        self.update(|w| {
            w.is_paused = false;
            w.n_single_steps = 0;
        });
    }

    /// Trains exactly one more batch, then pauses.
    pub fn step(&self) {
        self.update(|w| {
            w.is_paused = true;
            w.n_single_steps += 1;
        });
    }

    /// Stops the run after the current batch.
    pub fn stop(&self) {
        self.update(|w| w.is_stopped = true);
    }

    /// Changes a setting from the next batch on.
    pub fn change(&self, change: Change) {
        self.update(|w| w.changes.push(change));
    }

    /// Turns layer statistics on or off, from the next batch on.
    pub fn watch_layers(&self, is_on: bool) {
        self.update(|w| w.watches_layers = is_on);
    }

    pub(super) fn watches_layers(&self) -> bool {
        self.lock().watches_layers
    }

    /// Limits the memory of the states to roll back to, in bytes; one is always kept.
    pub fn limit_states(&self, bytes: usize) {
        self.update(|w| w.state_bytes = Some(bytes));
    }

    /// Most bytes of states to roll back to, if they are limited.
    pub(super) fn state_bytes(&self) -> Option<usize> {
        self.lock().state_bytes
    }

    /// Answers a run that is paused at an anomaly.
    pub fn recovery(&self, recovery: Recovery) {
        self.update(|w| w.recovery = Some(recovery));
    }

    /// Drops an answer to an earlier anomaly: it is not meant for the next one.
    pub(super) fn forget_recovery(&self) {
        self.update(|w| w.recovery = None);
    }

    /// Blocks until there is a recovery; `None` when the run was stopped instead.
    pub(super) fn wait_for_recovery(&self) -> Option<Recovery> {
        let mut pending = self.lock();
        while pending.recovery.is_none() && !pending.is_stopped {
            pending = self
                .changed
                .wait(pending)
                .unwrap_or_else(PoisonError::into_inner);
        }
        pending.recovery.take().filter(|_| !pending.is_stopped)
    }

    /// Whether training is paused or about to be.
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// Whether the run was stopped.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Returns the next action, and the changes requested since the last call.
    pub(super) fn next(&self) -> (Next, Vec<Change>) {
        let mut pending = self.lock();
        let changes = std::mem::take(&mut pending.changes);
        let next = if pending.is_stopped {
            Next::Stop
        } else if pending.is_paused && pending.n_single_steps == 0 {
            Next::Wait
        } else {
            pending.n_single_steps = pending.n_single_steps.saturating_sub(1);
            Next::Batch
        };
        (next, changes)
    }

    /// Blocks until there is something to do other than wait.
    pub(super) fn wait(&self) {
        let mut pending = self.lock();
        while pending.is_paused
            && !pending.is_stopped
            && pending.n_single_steps == 0
            && pending.changes.is_empty()
        {
            pending = self
                .changed
                .wait(pending)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn update(&self, change: impl FnOnce(&mut Pending)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// `Pending` is valid after every statement, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_batch_and_then_waits() {
        let control = Control::default();
        assert_eq!(control.next().0, Next::Batch);
        control.step();
        assert_eq!(control.next().0, Next::Batch);
        assert_eq!(control.next().0, Next::Wait);
        control.resume();
        assert_eq!(control.next().0, Next::Batch);
        assert_eq!(control.next().0, Next::Batch);
        control.stop();
        assert_eq!(control.next().0, Next::Stop);
    }
}
