//! The way in: what other threads may ask of a sweep that is running.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::train::Control;

/// Commands to a sweep, from any thread.
#[derive(Debug, Default)]
pub struct SweepControl {
    wishes: Mutex<Wishes>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Wishes {
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

impl Wishes {
    fn end_pause(&mut self) {
        if let Some(since) = self.paused.take() {
            self.waited += since.elapsed();
        }
    }
}

impl SweepControl {
    /// Every trial waits after its current batch, and none starts.
    pub fn pause(&self) {
        let mut wishes = self.lock();
        wishes.paused.get_or_insert_with(Instant::now);
        wishes.running.iter().for_each(|trial| trial.pause());
    }

    /// The trials go on.
    pub fn resume(&self) {
        let mut wishes = self.lock();
        wishes.end_pause();
        wishes.running.iter().for_each(|trial| trial.resume());
        drop(wishes);
        self.changed.notify_all();
    }

    /// The sweep ends after the current batches; the trials it interrupts go on the next time.
    pub fn stop(&self) {
        let mut wishes = self.lock();
        wishes.end_pause();
        wishes.is_stopped = true;
        wishes.running.iter().for_each(|trial| trial.stop());
        drop(wishes);
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
        let wishes = self.lock();
        wishes.waited
            + wishes
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
        let mut wishes = self.lock();
        while wishes.paused.is_some() && !wishes.is_stopped {
            wishes = self
                .changed
                .wait(wishes)
                .unwrap_or_else(PoisonError::into_inner);
        }
        !wishes.is_stopped
    }

    /// From now on `trial` hears what is asked of the sweep, beginning with what was asked
    /// already.
    pub(super) fn enter(&self, trial: &Arc<Control>) {
        let mut wishes = self.lock();
        if wishes.is_stopped {
            trial.stop();
        }
        if wishes.paused.is_some() {
            trial.pause();
        }
        wishes.running.push(trial.clone());
    }

    /// The trial is over.
    pub(super) fn leave(&self, trial: &Arc<Control>) {
        self.lock()
            .running
            .retain(|other| !Arc::ptr_eq(other, trial));
    }

    /// The wishes are valid after every statement, so a panic elsewhere cannot spoil them.
    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
