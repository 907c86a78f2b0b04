//! The queue of runs that train one after the other.

use crate::studio::Studio;
use crate::studio::launch::LaunchRefusal;
use crate::text::count;
use crate::train::{Control, FieldError, TrainConfig};

impl Studio {
    /// The queued configurations, the next one first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = &TrainConfig> {
        self.queue.waiting.iter()
    }

    /// Queues these; they train one after the other, once no other run is live.
    pub(super) fn enqueue(&mut self, configs: Vec<TrainConfig>) {
        self.queue.waiting.extend(configs);
        self.train_next();
    }

    /// Starts the next run of the queue if no run is live.
    pub(in crate::studio) fn train_next(&mut self) {
        if self.live_run().is_some() || self.dataset().is_none() {
            return;
        }
        let Some(config) = self.queue.waiting.pop_front() else {
            return;
        };
        let reason = match self.begin(config, Control::default()) {
            Ok(()) => {
                self.queue.is_current = true;
                return;
            }
            Err(LaunchRefusal::NotNow) => return,
            Err(LaunchRefusal::NoThread(text)) => text,
            Err(LaunchRefusal::Invalid(errors)) => FieldError::joined(&errors),
        };
        self.queue.waiting.clear();
        self.notices
            .error(format!("The queue was cleared: {reason}"));
    }

    /// Clears the queue.
    pub(super) fn clear_queue(&mut self) {
        let n = self.queue.waiting.len();
        if n > 0 {
            self.queue.waiting.clear();
            let text = format!("Removed {} from the queue", count(n, "run"));
            self.notices.info(text);
        }
    }
}
