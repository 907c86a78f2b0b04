//! Inspects the next batch of a paused run, and the layers of one in training.

use super::Studio;
use super::background::Message;
use crate::runs::Status;
use crate::train::{FieldError, Inspection, Job, inspect};

impl Studio {
    /// The batch that was inspected last, until the inspection is closed.
    pub fn inspection(&self) -> Option<&Inspection> {
        self.inspection.as_ref()
    }

    /// Whether a batch can be inspected: the run is paused between two of them.
    pub fn can_inspect(&self) -> bool {
        let Some(run) = self.live_run() else {
            return false;
        };
        let step = run.points.last().map_or(0, |p| p.step);
        let is_waiting = run.status == Status::Paused && run.divergence.is_none();
        is_waiting && self.timeline.at(step).is_some()
    }

    /// Computes the effect of the next batch.
    pub(super) fn inspect(&mut self) {
        if !self.can_inspect() {
            return;
        }
        let (Some(state), Some(dataset)) = (self.timeline.states().last(), self.dataset()) else {
            return;
        };
        let (state, dataset) = (state.clone(), dataset.clone());
        self.background
            .run("inspecting the batch".to_owned(), move || {
                let look = || {
                    let job = Job::new(state.config.clone(), dataset)
                        .map_err(|errors| FieldError::joined(&errors))?;
                    inspect(&job, &state).map_err(|e| e.to_string())
                };
                Message::Inspected(look().map(Box::new))
            });
    }

    /// Whether layer statistics are on.
    pub fn watches_layers(&self) -> bool {
        self.watches_layers
    }

    pub(super) fn watch_layers(&mut self, is_on: bool) {
        self.watches_layers = is_on;
        if let Some(trainer) = self.background.trainer() {
            trainer.control().watch_layers(is_on);
        }
    }
}
