//! Commands to a running sweep from other threads.

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
    /// When the current pause began.
    paused: Option<Instant>,
    /// Duration of earlier pauses.
    waited: Duration,
    is_stopped: bool,
    /// Trials to rerun.
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
    /// Pauses every trial after its current batch; none starts.
    pub fn pause(&self) {
        let mut pending = self.lock();
        pending.paused.get_or_insert_with(Instant::now);
        pending.running.iter().for_each(|trial| trial.pause());
    }

    /// Resumes the trials.
    pub fn resume(&self) {
        let mut pending = self.lock();
        pending.end_pause();
        pending.running.iter().for_each(|trial| trial.resume());
        drop(pending);
        self.changed.notify_all();
    }

    /// Stops the sweep after the current batches; the interrupted trials are resumed the next time.
    pub fn stop(&self) {
        let mut pending = self.lock();
        pending.end_pause();
        pending.is_stopped = true;
        pending.running.iter().for_each(|trial| trial.stop());
        drop(pending);
        self.changed.notify_all();
    }

    /// Reruns a trial that has ended, from the start.
    pub fn retry(&self, trial: usize) {
        self.lock().retries.push(trial);
    }

    /// Returns whether the sweep is paused.
    pub fn is_paused(&self) -> bool {
        self.lock().paused.is_some()
    }

    /// Returns whether the sweep was stopped.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Returns the total duration of pauses.
    pub(super) fn waited(&self) -> Duration {
        let pending = self.lock();
        pending.waited
            + pending
                .paused
                .map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Returns the trials to rerun that were requested since the last call.
    pub(super) fn take_retries(&self) -> Vec<usize> {
        std::mem::take(&mut self.lock().retries)
    }

    pub(super) fn has_retries(&self) -> bool {
        !self.lock().retries.is_empty()
    }

    /// Blocks while the sweep is paused; returns `false` if it was stopped.
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

    /// Forwards the commands to the sweep to `trial`, including the current state.
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

    /// Stops forwarding to a trial that has ended.
    pub(super) fn leave(&self, trial: &Arc<Control>) {
        self.lock()
            .running
            .retain(|other| !Arc::ptr_eq(other, trial));
    }

    /// The state is valid after every statement, so a poisoned lock is still usable.
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
