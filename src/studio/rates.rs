//! The learning-rate finder of the window.

use super::Studio;
use super::background::Message;
use crate::train::{Job, RateCurve, RateSearch, find_rate};

/// Where the search for a learning rate stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RateFinder {
    /// Nobody asked, or the answer was put away.
    #[default]
    Closed,
    /// The mock run runs.
    Searching,
    /// It is over.
    Found(RateCurve),
}

impl Studio {
    /// Where the search for a learning rate stands.
    pub fn rate_finder(&self) -> &RateFinder {
        &self.rate_finder
    }

    /// Starts the mock run for the settings of the panel.
    pub(super) fn find_rate(&mut self) {
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
        self.rate_finder = RateFinder::Searching;
        let control = self.background.closing();
        self.background
            .run("looking for a learning rate".to_owned(), move || {
                let found = find_rate(&job, &RateSearch::default(), &control);
                Message::Rates(found.map_err(|e| e.to_string()))
            });
    }

    /// Takes in what the mock run found, unless it was put away meanwhile.
    pub(super) fn hear_rates(&mut self, found: Result<RateCurve, String>) {
        if self.rate_finder != RateFinder::Searching {
            return;
        }
        self.rate_finder = match found {
            Ok(curve) => RateFinder::Found(curve),
            Err(text) => {
                self.complain(text);
                RateFinder::Closed
            }
        };
    }

    /// Puts a rate into the settings.
    pub(super) fn adopt_rate(&mut self, rate: f64) {
        let mut draft = self.draft.clone();
        draft.learning_rate = rate;
        self.set_draft(draft);
        self.rate_finder = RateFinder::Closed;
    }
}
