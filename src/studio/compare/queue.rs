//! Runs that start one after the other.

use crate::studio::Studio;
use crate::studio::handle::Refusal;
use crate::train::{Control, FieldError, TrainConfig};

impl Studio {
    /// Configurations that wait to be trained, the next one first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = &TrainConfig> {
        self.queue.iter()
    }

    /// Trains these one after the other, once nothing else is live.
    pub(in crate::studio) fn enqueue(&mut self, configs: Vec<TrainConfig>) {
        self.queue.extend(configs);
        self.train_next();
    }

    /// Starts the next run of the queue if nothing is live.
    pub(in crate::studio) fn train_next(&mut self) {
        if self.queue.is_empty() || self.live_run().is_some() || self.dataset().is_none() {
            return;
        }
        let Some(config) = self.queue.pop_front() else {
            return;
        };
        let reason = match self.begin(config, Control::default()) {
            Ok(()) => {
                self.is_from_queue = true;
                return;
            }
            Err(Refusal::NotNow) => return,
            Err(Refusal::NoThread(text)) => text,
            Err(Refusal::Wrong(errors)) => FieldError::joined(&errors),
        };
        self.queue.clear();
        self.notify_error(format!("the runs that wait were given up: {reason}"));
    }

    /// Nothing waits any more.
    pub(in crate::studio) fn clear_queue(&mut self) {
        if !self.queue.is_empty() {
            let n = self.queue.len();
            self.queue.clear();
            let runs = if n == 1 { "run" } else { "runs" };
            self.notify(format!("{n} {runs} that waited will not be trained"));
        }
    }
}
