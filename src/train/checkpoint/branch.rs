//! Branching: a run that starts from another run's full state.

use super::Checkpoint;
use crate::train::config::TrainConfig;

impl Checkpoint {
    /// Returns the state for a run that continues from here with the settings of `wanted`: weights,
    /// optimizer state, random numbers and position in the data are those of this state.
    ///
    /// Another kind of optimizer starts with an empty state.
    ///
    /// # Errors
    /// When `wanted` has a different network, seed or number of validation images, in one sentence.
    pub fn branched(&self, wanted: &TrainConfig) -> Result<Checkpoint, String> {
        if wanted.model != self.config.model {
            return Err(
                "a branch keeps the network of its parent, but the settings have a different one"
                    .to_owned(),
            );
        }
        for (what, is_same) in [
            ("seed", wanted.seed == self.config.seed),
            (
                "number of validation images",
                wanted.n_validation == self.config.n_validation,
            ),
        ] {
            if !is_same {
                return Err(format!(
                    "a branch keeps the {what} of its parent, but the settings have a different one"
                ));
            }
        }
        let mut child = self.clone();
        // The rollback states belong to the parent, and so do its events.
        child.rollback = None;
        child.n_event_bytes = None;
        child.after = None;
        child.config = TrainConfig {
            init: self.config.init,
            ..wanted.clone()
        };
        if wanted.optimizer.name() != self.config.optimizer.name() {
            child.optimizer.first.iter_mut().for_each(Vec::clear);
            child.optimizer.second.iter_mut().for_each(Vec::clear);
        }
        Ok(child)
    }

    /// Returns the state for a run that trains `n_epochs` more than its settings say.
    #[must_use]
    pub fn extended(mut self, n_epochs: usize) -> Checkpoint {
        // The check of the configuration reports a number that is too large.
        self.config.epochs = self.config.epochs.saturating_add(n_epochs);
        self
    }
}
