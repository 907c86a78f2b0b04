//! Actions on the LR finder.

use crate::studio::Studio;
use crate::studio::action::LrFinderAction;
use crate::studio::lr_finder::LrFinder;
use crate::studio::message::Message;
use crate::train::{LrSearch, find_lr};

impl Studio {
    pub(super) fn handle_lr_finder(&mut self, action: LrFinderAction) {
        match action {
            LrFinderAction::Start => self.find_lr(),
            LrFinderAction::UseLr(rate) => {
                let mut draft = self.draft().clone();
                draft.learning_rate = rate;
                self.set_draft(draft);
                self.lr_finder = LrFinder::Closed;
            }
            LrFinderAction::Close => self.lr_finder = LrFinder::Closed,
        }
    }

    /// Starts the trial run for the settings of the panel.
    fn find_lr(&mut self) {
        let Some(dataset) = self.dataset().cloned().filter(|_| self.can_train()) else {
            return;
        };
        let Some(job) = self.draft.job(dataset) else {
            return;
        };
        self.lr_finder = LrFinder::Searching;
        let control = self.files.closing();
        self.files
            .run("finding a learning rate".to_owned(), move || {
                let found = find_lr(&job, &LrSearch::default(), &control);
                Message::Rates(found.map_err(|e| e.to_string()))
            });
    }
}
