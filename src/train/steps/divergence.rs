//! Handling of an anomaly: finding where it started, and recovering.

use candle_core::Tensor;

use super::loop_state::Steps;
use crate::data::Batch;
use crate::model::Mode;
use crate::train::config::Setting;
use crate::train::control::Change;
use crate::train::divergence::{Anomaly, Divergence, OnDivergence, Origin, Recovery};
use crate::train::error::TrainError;
use crate::train::event::{Event, Finish};
use crate::train::inspect::forward_stats::{ForwardStats, forward_stats};

/// Number of worst images to report.
const N_WORST: usize = 8;

/// A run gives up after this many rollbacks, or this many skipped batches in a row.
const MAX_SETBACKS: usize = 8;

/// What to do with a batch whose loss is an anomaly.
pub(super) enum Reaction {
    /// The run rolled back: the epoch at hand is void.
    RolledBack,
    /// The batch is skipped.
    Skip,
    /// The batch is used anyway.
    Accept,
    /// The run ends.
    End(Finish),
}

impl Steps<'_> {
    /// Reports the anomaly in the batch of `indices`, and decides what to do about it.
    pub(super) fn handle_anomaly(
        &mut self,
        anomaly: Anomaly,
        loss: f64,
        indices: &[u32],
    ) -> Result<Reaction, TrainError> {
        self.emit();
        self.control.forget_recovery();
        let divergence = self.diagnose(anomaly, loss, indices)?;
        let event = Event::Diverged {
            divergence: Box::new(divergence.clone()),
        };
        self.observer.event(&event);
        let rollback = divergence
            .default_rollback_step()
            .map(|step| Recovery::RollBack {
                step,
                divides_rate: true,
            });
        self.n_rollbacks += 1;
        let gave_up = self.n_rollbacks > MAX_SETBACKS;
        let recovery = match self.job.divergence() {
            OnDivergence::Stop => None,
            OnDivergence::Ask => return self.ask(&divergence),
            OnDivergence::Rollback => rollback.filter(|_| !gave_up),
            OnDivergence::Skip => (divergence.can_skip && !gave_up).then_some(Recovery::SkipBatch),
        };
        if let Some(recovery) = recovery
            && let Some(reaction) = self.take(recovery, &divergence)?
        {
            return Ok(reaction);
        }
        Ok(Reaction::End(self.diverged(&divergence)?))
    }

    /// Waits for a recovery that is possible.
    fn ask(&mut self, divergence: &Divergence) -> Result<Reaction, TrainError> {
        while let Some(recovery) = self.control.wait_for_recovery() {
            if let Some(reaction) = self.take(recovery, divergence)? {
                return Ok(reaction);
            }
            self.begin_average()?;
        }
        // A stopped run can be resumed later from where it waited, if its weights are finite.
        if divergence.can_skip {
            self.checkpoint()?;
            return Ok(Reaction::End(Finish::Stopped));
        }
        Ok(Reaction::End(self.diverged(divergence)?))
    }

    /// Applies a recovery; `None` when it is not possible.
    fn take(
        &mut self,
        recovery: Recovery,
        divergence: &Divergence,
    ) -> Result<Option<Reaction>, TrainError> {
        match recovery {
            Recovery::RollBack { step, divides_rate } => {
                if !self.go_back(step)? {
                    return Ok(None);
                }
                if divides_rate {
                    self.apply_change(Change {
                        setting: Setting::LearningRate,
                        value: (self.config.learning_rate / 10.0).into(),
                    });
                }
                if self.job.keeps_checkpoints() {
                    self.checkpoint()?;
                }
                Ok(Some(Reaction::RolledBack))
            }
            Recovery::Continue if matches!(divergence.anomaly, Anomaly::Spike { .. }) => {
                // The losses before are no longer comparable.
                self.cursor.recent_losses.clear();
                self.observer.event(&Event::Resumed {
                    step: self.optimizer.step,
                });
                Ok(Some(Reaction::Accept))
            }
            Recovery::SkipBatch | Recovery::Continue => {
                Ok(divergence.can_skip.then_some(Reaction::Skip))
            }
        }
    }

    fn diagnose(
        &mut self,
        anomaly: Anomaly,
        loss: f64,
        indices: &[u32],
    ) -> Result<Divergence, TrainError> {
        let batch = self.images(indices)?;
        let now = self.read(&batch)?;
        let labels: Vec<u32> = batch.labels.to_vec1()?;
        let before = self.read_with_older_weights(&batch)?;
        let origin = now.origin(before.as_ref());
        Ok(Divergence {
            step: self.optimizer.step + 1,
            epoch: self.epochs_done(),
            loss,
            anomaly,
            worst: now.worst(indices, &labels, N_WORST),
            back_to: self.states.steps(),
            can_skip: !matches!(origin, Origin::Weights { .. }),
            origin,
        })
    }

    /// Forward statistics of the batch with the current weights.
    fn read(&self, batch: &Batch) -> Result<ForwardStats, TrainError> {
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        Ok(forward_stats(&self.network, batch, mode, self.config.loss)?)
    }

    /// Forward statistics of the batch with the oldest rollback state.
    fn read_with_older_weights(&self, batch: &Batch) -> Result<Option<ForwardStats>, TrainError> {
        let Some(state) = self.states.oldest() else {
            return Ok(None);
        };
        let copy = self.network.deep_copy()?;
        state.restore(copy.params())?;
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        Ok(Some(forward_stats(&copy, batch, mode, self.config.loss)?))
    }

    /// Rolls back to finite weights, if the current ones are not.
    fn diverged(&mut self, divergence: &Divergence) -> Result<Finish, TrainError> {
        if !self.full_state()?.is_finite()
            && let Some(state) = self.states.newest().cloned()
        {
            state.restore(self.network.params())?;
            self.restore_kept(state.kept.clone())?;
        }
        Ok(Finish::Diverged {
            step: divergence.step,
        })
    }

    /// Copies batch norm's running statistics: a forward pass changes them, even if its batch is
    /// skipped.
    pub(super) fn statistics(&self) -> Result<Vec<Tensor>, TrainError> {
        let params = self.network.params().iter();
        let measured = params.filter(|p| !p.is_trainable());
        let copies = measured.map(|p| p.var.as_detached_tensor().copy());
        Ok(copies.collect::<candle_core::Result<_>>()?)
    }

    /// Restores the copies of [`Steps::statistics`].
    pub(super) fn put_back(&self, statistics: &[Tensor]) -> Result<(), TrainError> {
        let params = self.network.params().iter();
        let measured = params.filter(|p| !p.is_trainable());
        for (param, value) in measured.zip(statistics) {
            param.var.set(value)?;
        }
        Ok(())
    }
}
