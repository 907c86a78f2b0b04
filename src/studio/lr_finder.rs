//! The LR finder of the window.

use super::Studio;
use super::action::LrFinderAction;
use super::background::Message;
use crate::train::{Job, LrCurve, LrSearch, find_lr};

/// The state of the LR finder.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LrFinder {
    /// Not started, or closed.
    #[default]
    Closed,
    /// The trial run is in progress.
    Searching,
    /// The trial run has finished.
    Found(LrCurve),
}

impl Studio {
    pub(super) fn handle_lr_finder(&mut self, action: LrFinderAction) {
        match action {
            LrFinderAction::Start => self.find_lr(),
            LrFinderAction::UseLr(rate) => self.use_lr(rate),
            LrFinderAction::Close => self.lr_finder = LrFinder::Closed,
        }
    }

    /// The state of the LR finder.
    pub fn lr_finder(&self) -> &LrFinder {
        &self.lr_finder
    }

    /// Starts the trial run for the settings of the panel.
    fn find_lr(&mut self) {
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
            .run("finding a learning rate".to_owned(), move || {
                let found = find_lr(&job, &LrSearch::default(), &control);
                Message::Rates(found.map_err(|e| e.to_string()))
            });
    }

    /// Stores the result of the trial run, unless the finder was closed meanwhile.
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

    /// Copies a learning rate into the settings.
    fn use_lr(&mut self, rate: f64) {
        let mut draft = self.draft.clone();
        draft.learning_rate = rate;
        self.set_draft(draft);
        self.lr_finder = LrFinder::Closed;
    }
}
