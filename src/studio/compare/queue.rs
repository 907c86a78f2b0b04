//! The queue of runs that train one after the other.

use crate::studio::Studio;
use crate::studio::handle::Refusal;
use crate::text::count;
use crate::train::{Control, FieldError, TrainConfig};

impl Studio {
    /// The queued configurations, the next one first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = &TrainConfig> {
        self.queue.iter()
    }

    /// Queues these; they train one after the other, once no other run is live.
    pub(in crate::studio) fn enqueue(&mut self, configs: Vec<TrainConfig>) {
        self.queue.extend(configs);
        self.train_next();
    }

    /// Starts the next run of the queue if no run is live.
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
        self.notify_error(format!("The queue was cleared: {reason}"));
    }

    /// Clears the queue.
    pub(in crate::studio) fn clear_queue(&mut self) {
        if !self.queue.is_empty() {
            let n = self.queue.len();
            self.queue.clear();
            self.notify(format!("Removed {} from the queue", count(n, "run")));
        }
    }
}
