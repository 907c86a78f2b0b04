//! Handling of an anomaly: finding where it started, and recovering.

use std::sync::Arc;

use candle_core::Tensor;

use super::loop_state::Steps;
use crate::data::Batch;
use crate::model::Mode;
use crate::stats;
use crate::train::checkpoint::Checkpoint;
use crate::train::config::Setting;
use crate::train::control::Change;
use crate::train::divergence::{
    Anomaly, Divergence, OnDivergence, Origin, RateRaise, Recovery, RollbackRate, detect,
};
use crate::train::error::TrainError;
use crate::train::event::{Event, Finish};
use crate::train::inspect::forward_stats::{ForwardStats, forward_stats};

/// Number of worst images to report.
const N_WORST: usize = 8;

/// A run gives up after this many rollbacks, or this many skipped batches in a row.
const MAX_SETBACKS: usize = 8;

/// Rollback states from so many updates before are from shortly before.
const NEAR: u64 = 150;

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
        self.n_rollbacks += 1;
        let gave_up = self.n_rollbacks > MAX_SETBACKS;
        let recovery = match self.job.divergence() {
            // Going back would draw the same noise again, which the ledger counts once.
            _ if self.config.privacy.is_on() => None,
            OnDivergence::Stop => None,
            OnDivergence::Ask => return self.ask(&divergence, indices),
            OnDivergence::Rollback => divergence.default_rollback().filter(|_| !gave_up),
            OnDivergence::Skip => (divergence.can_skip && !gave_up).then_some(Recovery::SkipBatch),
        };
        if let Some(recovery) = recovery
            && let Some(reaction) = self.take(recovery, &divergence)?
        {
            return Ok(reaction);
        }
        Ok(Reaction::End(self.diverged(&divergence, indices)?))
    }

    /// Waits for a recovery that is possible.
    fn ask(&mut self, divergence: &Divergence, indices: &[u32]) -> Result<Reaction, TrainError> {
        while let Some(recovery) = self.control.wait_for_recovery() {
            if let Some(reaction) = self.take(recovery, divergence)? {
                return Ok(reaction);
            }
        }
        // What is tested, saved and resumed later must not be what the anomaly left.
        let sound = self.sound_state(indices)?;
        let step = sound.as_ref().map(|state| state.step());
        if let (Some(state), Some(step)) = (sound, step)
            && self.go_back(step)?
            && state.config.learning_rate < self.config.learning_rate
        {
            self.set_rate(state.config.learning_rate)?;
        }
        if step.is_none() && !divergence.can_skip {
            return Ok(Reaction::End(self.diverged(divergence, indices)?));
        }
        self.checkpoint()?;
        Ok(Reaction::End(Finish::Stopped))
    }

    /// Applies a recovery; `None` when it is not possible.
    fn take(
        &mut self,
        recovery: Recovery,
        divergence: &Divergence,
    ) -> Result<Option<Reaction>, TrainError> {
        match recovery {
            Recovery::RollBack { step, rate } => {
                let state = self.states.at(step).map(|s| s.config.learning_rate);
                if !self.go_back(step)? {
                    return Ok(None);
                }
                match (rate, state) {
                    (RollbackRate::Restored, Some(restored)) => self.set_rate(restored)?,
                    (RollbackRate::Divided, _) => {
                        self.set_rate(self.config.learning_rate / 10.0)?;
                    }
                    (RollbackRate::Current | RollbackRate::Restored, _) => {}
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

    fn set_rate(&mut self, rate: f64) -> Result<(), TrainError> {
        self.apply_change(Change {
            setting: Setting::LearningRate,
            value: rate.into(),
        })
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
        let before = match self.states.oldest() {
            Some(state) => Some(self.read_with(state, &batch)?),
            None => None,
        };
        let before_raise = self.states.before_raise(self.config.learning_rate);
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
            raise: before_raise.map(|state| RateRaise {
                from: state.config.learning_rate,
                step: state.step(),
            }),
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

    /// Forward statistics of the batch with the weights of a rollback state.
    fn read_with(&self, state: &Checkpoint, batch: &Batch) -> Result<ForwardStats, TrainError> {
        let copy = self.network.deep_copy()?;
        state.restore(copy.params())?;
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        Ok(forward_stats(&copy, batch, mode, self.config.loss)?)
    }

    /// The state that a run should end with: the newest of the rollback states from shortly before
    /// or from before a raise of the learning rate for which the batch of `indices` is no anomaly.
    /// `None` if it is one for all of them, so that the batch is to blame and not the current
    /// weights, provided that these are finite.
    fn sound_state(&self, indices: &[u32]) -> Result<Option<Arc<Checkpoint>>, TrainError> {
        let batch = self.images(indices)?;
        let n_classes = self.job.dataset().n_classes();
        let is_near = |s: &Checkpoint| s.step() + NEAR >= self.optimizer.step;
        let newest = self.states.newest();
        let near = self.states.newest_first().skip(1);
        let near = near.filter(|state| is_near(state));
        let before_raise = self.states.before_raise(self.config.learning_rate);
        for state in newest.into_iter().chain(near).chain(before_raise) {
            let losses = self.read_with(state, &batch)?.losses;
            let loss = stats::mean(losses.iter().copied());
            if detect(&state.cursor.recent_losses, loss, indices.len(), n_classes).is_none() {
                return Ok(Some(state.clone()));
            }
        }
        let is_finite = self.full_state()?.is_finite();
        Ok(newest.filter(|_| !is_finite).cloned())
    }

    /// Restores sound weights, if the current ones are not.
    fn diverged(&mut self, divergence: &Divergence, indices: &[u32]) -> Result<Finish, TrainError> {
        if let Some(state) = self.sound_state(indices)? {
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
