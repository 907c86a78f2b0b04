//! Inspects the next batch of a paused run.

use crate::runs::Status;
use crate::studio::Studio;
use crate::studio::message::Message;
use crate::train::{FieldError, Job, inspect};

impl Studio {
    /// Whether a batch can be inspected: the run is paused between two of them.
    pub fn can_inspect(&self) -> bool {
        let Some(run) = self.live_run() else {
            return false;
        };
        let step = run.points.last().map_or(0, |p| p.step);
        let is_waiting = run.status == Status::Paused && run.divergence.is_none();
        is_waiting && self.timelines.newest().at(step).is_some()
    }

    /// Computes the effect of the next batch.
    pub(super) fn inspect(&mut self) {
        if !self.can_inspect() {
            return;
        }
        let state = self.timelines.newest().states().last().cloned();
        let (Some(state), Some(dataset)) = (state, self.dataset().cloned()) else {
            return;
        };
        self.files.run("inspecting the batch".to_owned(), move || {
            let look = || {
                let job = Job::new(state.config.clone(), dataset)
                    .map_err(|errors| FieldError::joined(&errors))?;
                inspect(&job, &state).map_err(|e| e.to_string())
            };
            Message::Inspected(look().map(Box::new))
        });
    }
}
