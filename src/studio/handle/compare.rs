//! Analyses of several runs.

use crate::studio::Studio;
use crate::studio::compare::{Analysis, CompareContext, Compared};

impl Studio {
    pub(super) fn handle_compare(&mut self, analysis: Analysis) {
        match self.compared.spawn(&self.wake) {
            Ok(()) => self.with_compared(|compared, context| compared.start(analysis, context)),
            Err(error) => {
                let text = format!("Runs cannot be compared: no thread ({error})");
                self.notices.error(text);
            }
        }
    }

    /// Requests a prediction for the drawing, and those of the runs that follow it.
    pub(in crate::studio) fn ask(&mut self) {
        self.with_compared(|compared, context| compared.request_predictions(context));
        self.canvas.ask();
    }

    /// Runs `work` with the analyses and the rest of the state that they need.
    fn with_compared(&mut self, work: impl FnOnce(&mut Compared, &CompareContext<'_>)) {
        let context = CompareContext {
            library: &self.library,
            dataset: self.data.dataset(),
            trained: self.canvas.trained(),
            sketch: self.canvas.pad.input(),
        };
        work(&mut self.compared, &context);
    }
}
