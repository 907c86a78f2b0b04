//! Prepared states, for screenshots that are the same every time.

use std::sync::Arc;

use super::Studio;
use super::sweeps::ShownSweep;
use crate::model::Classifier;
use crate::runs::{RunId, RunState};
use crate::train::Checkpoint;

impl Studio {
    /// Shows `runs` as if they had been trained here, and classifies the drawing with `model`: for
    /// reproducible screenshots.
    #[must_use]
    pub fn with_history(mut self, runs: Vec<RunState>, model: Classifier) -> Studio {
        for state in runs {
            let color = self.library.next_color();
            self.library.begin(RunId::new(&state.name), color, state);
        }
        self.canvas.update_trained(Arc::new(model));
        self
    }

    /// Puts `states` on the timeline, for screenshots.
    #[must_use]
    pub fn with_timeline(mut self, states: &[Arc<Checkpoint>]) -> Studio {
        let timeline = self.live.timeline();
        states.iter().for_each(|state| timeline.push(state));
        self.timelines.update(timeline);
        self
    }

    /// Shows `sweep` as if it had run here, for reproducible screenshots.
    #[must_use]
    pub fn with_sweep(mut self, sweep: ShownSweep) -> Studio {
        self.sweeps.show(sweep);
        self
    }
}
