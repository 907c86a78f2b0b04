//! The epochs of a run, batch by batch.

use std::borrow::Cow;
use std::time::Instant;

use super::batch::Learned;
use super::divergence::Reaction;
use super::loop_state::Steps;
use crate::train::divergence::OnDivergence;
use crate::train::error::TrainError;
use crate::train::event::{Event, Finish};
use crate::train::points::StepPoint;

impl Steps<'_> {
    pub(super) fn all_epochs(&mut self) -> Result<Finish, TrainError> {
        while self.cursor.epoch < self.config.epochs {
            if self.is_out_of_patience() {
                return Ok(Finish::EarlyStopped);
            }
            if let Some(finish) = self.one_epoch()? {
                return Ok(finish);
            }
        }
        Ok(Finish::Completed)
    }

    /// Trains one epoch, or what is left of it; `Some` when the run ends before the epoch does. A
    /// rollback leaves the epoch, because it may lead to an earlier one.
    fn one_epoch(&mut self) -> Result<Option<Finish>, TrainError> {
        // Private training draws each batch by itself; so many images come on average.
        let order = self.job.order(self.cursor.epoch as u64);
        let mut accepts_spike = false;
        while self.has_next(&order) {
            if !self.poll_control()? {
                self.checkpoint()?;
                return Ok(Some(Finish::Stopped));
            }
            if self.cursor.epoch >= self.config.epochs {
                // The number of epochs was reduced to below the current one.
                return Ok(Some(Finish::Completed));
            }
            let start = Instant::now();
            let indices = self.next_indices(&order);
            let end = self.cursor.n_done + indices.len();
            let learned = self.one_batch(&indices, order.len(), accepts_spike)?;
            self.cursor.secs += start.elapsed().as_secs_f64();
            accepts_spike = false;
            match learned {
                Learned::Updated(point) => self.updated(point, end)?,
                Learned::OnlyNoise => self.keep_now_and_then()?,
                Learned::Refused { anomaly, loss } => {
                    match self.handle_anomaly(anomaly, loss, &indices)? {
                        Reaction::RolledBack => return Ok(None),
                        Reaction::Accept => accepts_spike = true,
                        Reaction::Skip => self.skip(end),
                        Reaction::End(finish) => return Ok(Some(finish)),
                    }
                }
            }
            if self.has_next(&order) {
                self.checkpoint_if_due()?;
            }
        }
        self.end_epoch()?;
        // The best epoch may be this one.
        let is_last = self.cursor.epoch >= self.config.epochs;
        let n_since = self.optimizer.step.saturating_sub(self.last_checkpoint);
        if self.job.wants_epoch(n_since) || (is_last && self.job.keeps_checkpoints()) {
            self.checkpoint()?;
        }
        Ok(None)
    }

    /// Whether the epoch has a further update.
    fn has_next(&self, order: &[u32]) -> bool {
        match self.config.privacy.is_on() {
            true => !self.is_private_epoch_over(),
            false => self.cursor.n_done < order.len(),
        }
    }

    /// The images of the next update; `order` is that of the epoch.
    fn next_indices<'o>(&self, order: &'o [u32]) -> Cow<'o, [u32]> {
        if self.config.privacy.is_on() {
            return Cow::Owned(self.private_indices());
        }
        let start = self.cursor.n_done;
        let end = order.len().min(start + self.config.batch_size);
        Cow::Borrowed(&order[start..end])
    }

    /// Records an update; `end` images of the epoch are done now.
    fn updated(&mut self, mut point: StepPoint, end: usize) -> Result<(), TrainError> {
        point.secs = self.cursor.secs;
        self.cursor.n_done = end;
        if self.job.divergence() == OnDivergence::Skip {
            self.n_rollbacks = 0;
        }
        self.unsent.push(point);
        if let Some(point) = self.layers.take() {
            self.emit();
            self.observer.event(&Event::Layers { point });
        }
        self.emit_now_and_then();
        self.keep_now_and_then()
    }

    /// Skips the images up to `end`.
    fn skip(&mut self, end: usize) {
        let n_images = end - self.cursor.n_done;
        self.cursor.n_done = end;
        self.cursor.n_skipped += n_images;
        self.observer.event(&Event::Skipped {
            step: self.optimizer.step,
            epoch: self.epochs_done(),
            n_images,
        });
    }
}
