//! Branching: a run that starts from another run's full state.

use super::Checkpoint;
use crate::train::config::TrainConfig;
use crate::train::privacy::Ledger;

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
        if wanted.privacy.is_on() && self.cursor.privacy.steps() != self.step() {
            return Err(
                "private training cannot continue a run that was trained without it, whose weights \
                 depend on every image already: start a new run"
                    .to_owned(),
            );
        }
        let mut child = self.clone();
        child.cursor.privacy = match wanted.privacy.is_on() {
            true => self.branched_ledger(wanted),
            false => Ledger::default(),
        };
        child.cursor.n_batches = self.cursor.n_batches * u64::from(wanted.privacy.is_on());
        // The rollback states belong to the parent, and so do its events.
        child.rollback = None;
        child.n_event_bytes = None;
        child.after = None;
        child.config = TrainConfig {
            init: self.config.init,
            // The parent's, if it trained on sketches: otherwise those that are there now.
            sketches: self.config.sketches.clone(),
            ..wanted.clone()
        };
        if wanted.optimizer.name() != self.config.optimizer.name() {
            child.optimizer.first.iter_mut().for_each(Vec::clear);
            child.optimizer.second.iter_mut().for_each(Vec::clear);
        }
        Ok(child)
    }

    /// What the parent has spent, with noise of its own if anything differs: the difference of both
    /// models must not be free of it.
    fn branched_ledger(&self, wanted: &TrainConfig) -> Ledger {
        let settings = wanted.noise_key();
        if settings == self.config.noise_key() {
            return self.cursor.privacy.clone();
        }
        let step = self.step().to_string();
        self.cursor.privacy.branched(&[&step, &settings])
    }

    /// Returns the state for a run that trains `n_epochs` more than its settings say.
    #[must_use]
    pub fn extended(mut self, n_epochs: usize) -> Checkpoint {
        // The check of the configuration reports a number that is too large.
        self.config.epochs = self.config.epochs.saturating_add(n_epochs);
        self
    }
}
