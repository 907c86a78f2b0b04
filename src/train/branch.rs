//! A run that starts from another run's full state.

use super::{Checkpoint, TrainConfig};

impl Checkpoint {
    /// The state for a run that goes on from here with the settings of `wanted`: the weights, the
    /// optimizer's memory, the random numbers and the place in the data are those of this state.
    ///
    /// What these depend on must stay as it is. Another kind of optimizer starts without a memory.
    ///
    /// # Errors
    /// When `wanted` has another network, seed or number of held-out images, in one sentence.
    pub fn branched(&self, wanted: &TrainConfig) -> Result<Checkpoint, String> {
        if wanted.model != self.config.model {
            return Err(
                "a branch keeps the network of its parent, and the settings have another one"
                    .to_owned(),
            );
        }
        for (what, is_same) in [
            ("seed", wanted.seed == self.config.seed),
            (
                "held-out images",
                wanted.n_validation == self.config.n_validation,
            ),
        ] {
            if !is_same {
                return Err(format!(
                    "a branch keeps the {what} of its parent, and the settings have another one"
                ));
            }
        }
        let mut child = self.clone();
        // The states before belong to the parent, and so do its events.
        child.rollback = None;
        child.n_event_bytes = None;
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

    /// The state for a run that goes on for `n_epochs` more than it was to.
    #[must_use]
    pub fn extended(mut self, n_epochs: usize) -> Checkpoint {
        self.config.epochs += n_epochs;
        self
    }
}
