//! The way in: what other threads may ask of a training run.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Recovery, Setting, Value};

/// A new value for a setting of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What.
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
    /// Batches to do although paused.
    n_single_steps: u64,
    changes: Vec<Change>,
    recovery: Option<Recovery>,
    watches_layers: bool,
}

/// What the loop should do next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Train one batch.
    Batch,
    /// Tell that training waits, then [`Control::wait`].
    Wait,
    /// End the run.
    Stop,
}

impl Control {
    /// Training waits after the current batch.
    pub fn pause(&self) {
        self.update(|w| w.is_paused = true);
    }

    /// Training goes on.
    pub fn resume(&self) {
        self.update(|w| {
            w.is_paused = false;
            w.n_single_steps = 0;
        });
    }

    /// Exactly one more batch, then training waits.
    pub fn step(&self) {
        self.update(|w| {
            w.is_paused = true;
            w.n_single_steps += 1;
        });
    }

    /// The run ends after the current batch.
    pub fn stop(&self) {
        self.update(|w| w.is_stopped = true);
    }

    /// A setting changes from the next batch on.
    pub fn change(&self, change: Change) {
        self.update(|w| w.changes.push(change));
    }

    /// Whether statistics of the layers are measured now and then, from the next batch on.
    pub fn watch_layers(&self, is_on: bool) {
        self.update(|w| w.watches_layers = is_on);
    }

    pub(super) fn watches_layers(&self) -> bool {
        self.lock().watches_layers
    }

    /// What to do about the loss that training waits because of.
    pub fn recovery(&self, recovery: Recovery) {
        self.update(|w| w.recovery = Some(recovery));
    }

    /// A remedy for an earlier trouble is not meant for the next one.
    pub(super) fn forget_recovery(&self) {
        self.update(|w| w.recovery = None);
    }

    /// Blocks until there is a remedy; `None` when the run was told to end instead.
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

    /// Whether training waits or is about to.
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// Whether the run was told to end.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// What to do now, and the changes asked for since the last call.
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

    /// Blocks until there is something to do other than to wait.
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

    /// The wishes are valid after every statement, so a panic elsewhere cannot spoil them.
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
