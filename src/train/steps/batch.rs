//! One batch: forward, backward, update.

use super::{Steps, TrainError};
use crate::data::Batch;
use crate::model::Mode;
use crate::train::metrics::n_correct;
use crate::train::{Pace, StepPoint};

/// Updates between two copies of the weights kept in case the next ones are not finite.
const KEEP_EVERY: u64 = 100;

impl Steps<'_> {
    /// Forward, backward, update. `None` when the loss is not finite: nothing was updated then.
    pub(super) fn one_batch(
        &mut self,
        indices: &[u32],
        n_epoch: usize,
    ) -> Result<Option<StepPoint>, TrainError> {
        let Batch { images, labels } = self.images(indices)?;
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        let pace = self.pace();
        let network = &self.network;
        let loss_of = self.config.loss;
        let mut n_right = 0;
        let forward = || {
            let logits = network.forward(&images, mode)?;
            n_right = n_correct(&logits.detach(), &labels.to_vec1()?)?;
            loss_of.of(&logits, &labels)
        };
        let loss = self
            .optimizer
            .update(network.params(), &self.config, pace, forward)?;
        if !loss.is_finite() {
            return Ok(None);
        }
        if self.optimizer.step.is_multiple_of(KEEP_EVERY) {
            self.keep_if_finite()?;
        }
        self.average()?;
        let n = indices.len() as f64;
        self.cursor.images += indices.len() as u64;
        self.cursor.loss_sum += loss * n;
        self.cursor.n_right += n_right as f64;
        let in_epoch = (self.cursor.n_done + indices.len()) as f64 / n_epoch as f64;
        Ok(Some(StepPoint {
            step: self.optimizer.step,
            images: self.cursor.images,
            epoch: self.cursor.epoch as f64 + in_epoch,
            secs: self.cursor.secs,
            loss,
            accuracy: n_right as f64 / n,
            learning_rate: pace.learning_rate,
        }))
    }

    /// What the schedule says now.
    fn pace(&self) -> Pace {
        let epoch = self.epochs_done();
        let reduced = self.config.schedule.reduced(self.cursor.plateau.n_reduced);
        Pace {
            learning_rate: self.config.learning_rate_at(epoch) * reduced,
            momentum: self.config.momentum_at(epoch),
        }
    }
}
