//! The way in: what other threads may ask of a sweep that is running.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::train::Control;

/// Commands to a sweep, from any thread.
#[derive(Debug, Default)]
pub struct SweepControl {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    /// Since when the sweep waits.
    paused: Option<Instant>,
    /// How long it waited before.
    waited: Duration,
    is_stopped: bool,
    /// Trials to do again.
    retries: Vec<usize>,
    /// The trials that are training.
    running: Vec<Arc<Control>>,
}

impl Pending {
    fn end_pause(&mut self) {
        if let Some(since) = self.paused.take() {
            self.waited += since.elapsed();
        }
    }
}

impl SweepControl {
    /// Every trial waits after its current batch, and none starts.
    pub fn pause(&self) {
        let mut pending = self.lock();
        pending.paused.get_or_insert_with(Instant::now);
        pending.running.iter().for_each(|trial| trial.pause());
    }

    /// The trials go on.
    pub fn resume(&self) {
        let mut pending = self.lock();
        pending.end_pause();
        pending.running.iter().for_each(|trial| trial.resume());
        drop(pending);
        self.changed.notify_all();
    }

    /// The sweep ends after the current batches; the trials it interrupts go on the next time.
    pub fn stop(&self) {
        let mut pending = self.lock();
        pending.end_pause();
        pending.is_stopped = true;
        pending.running.iter().for_each(|trial| trial.stop());
        drop(pending);
        self.changed.notify_all();
    }

    /// A trial that is over is done again, from the beginning.
    pub fn retry(&self, trial: usize) {
        self.lock().retries.push(trial);
    }

    /// Whether the trials wait.
    pub fn is_paused(&self) -> bool {
        self.lock().paused.is_some()
    }

    /// Whether the sweep was told to end.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// How long the sweep has waited in all.
    pub(super) fn waited(&self) -> Duration {
        let pending = self.lock();
        pending.waited
            + pending
                .paused
                .map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Trials to do again, asked for since the last call.
    pub(super) fn take_retries(&self) -> Vec<usize> {
        std::mem::take(&mut self.lock().retries)
    }

    pub(super) fn has_retries(&self) -> bool {
        !self.lock().retries.is_empty()
    }

    /// Blocks while the sweep waits; `false` when it shall end.
    pub(super) fn may_start(&self) -> bool {
        let mut pending = self.lock();
        while pending.paused.is_some() && !pending.is_stopped {
            pending = self
                .changed
                .wait(pending)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !pending.is_stopped
    }

    /// From now on `trial` hears what is asked of the sweep, beginning with what was asked
    /// already.
    pub(super) fn enter(&self, trial: &Arc<Control>) {
        let mut pending = self.lock();
        if pending.is_stopped {
            trial.stop();
        }
        if pending.paused.is_some() {
            trial.pause();
        }
        pending.running.push(trial.clone());
    }

    /// The trial is over.
    pub(super) fn leave(&self, trial: &Arc<Control>) {
        self.lock()
            .running
            .retain(|other| !Arc::ptr_eq(other, trial));
    }

    /// The wishes are valid after every statement, so a panic elsewhere cannot spoil them.
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
