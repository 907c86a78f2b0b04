//! The learning-rate finder of the window.

use super::Studio;
use super::background::Message;
use crate::train::{Job, LrCurve, LrSearch, find_lr};

/// Where the search for a learning rate stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LrFinder {
    /// Nobody asked, or the answer was put away.
    #[default]
    Closed,
    /// The mock run runs.
    Searching,
    /// It is over.
    Found(LrCurve),
}

impl Studio {
    /// Where the search for a learning rate stands.
    pub fn lr_finder(&self) -> &LrFinder {
        &self.lr_finder
    }

    /// Starts the mock run for the settings of the panel.
    pub(super) fn find_lr(&mut self) {
        let Some(dataset) = self.dataset().cloned().filter(|_| self.can_train()) else {
            return;
        };
        let job = match Job::new(self.draft.clone(), dataset) {
            Ok(job) => job,
            Err(errors) => {
                self.errors = errors;
                return;
            }
        };
        self.lr_finder = LrFinder::Searching;
        let control = self.background.closing();
        self.background
            .run("looking for a learning rate".to_owned(), move || {
                let found = find_lr(&job, &LrSearch::default(), &control);
                Message::Rates(found.map_err(|e| e.to_string()))
            });
    }

    /// Takes in what the mock run found, unless it was put away meanwhile.
    pub(super) fn receive_lr_curve(&mut self, found: Result<LrCurve, String>) {
        if self.lr_finder != LrFinder::Searching {
            return;
        }
        self.lr_finder = match found {
            Ok(curve) => LrFinder::Found(curve),
            Err(text) => {
                self.notify_error(text);
                LrFinder::Closed
            }
        };
    }

    /// Puts a rate into the settings.
    pub(super) fn use_lr(&mut self, rate: f64) {
        let mut draft = self.draft.clone();
        draft.learning_rate = rate;
        self.set_draft(draft);
        self.lr_finder = LrFinder::Closed;
    }
}
