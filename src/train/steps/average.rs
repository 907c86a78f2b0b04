//! The EMA of the weights, and the weights of the best epoch.

use super::loop_state::{Steps, evaluated_network};
use crate::evaluate::Metrics;
use crate::kernels::{Copies, update::average};
use crate::model::ParamKind;
use crate::train::checkpoint::{ExtraWeights, load, values};
use crate::train::config::Schedule;
use crate::train::error::TrainError;
use crate::train::event::{Event, Finish};

/// Share of the new weights in the EMA after update number `step`. The decay grows with the number
/// of updates, or a young average would keep the initial weights for too long (as
/// `tf.train.ExponentialMovingAverage` with `num_updates`).
fn share(decay: f64, step: u64) -> f64 {
    let step = step as f64;
    1.0 - decay.min((1.0 + step) / (10.0 + step))
}

impl Steps<'_> {
    /// Adds the weights after an update to their EMA, and batch norm's running statistics with
    /// them.
    pub(super) fn average(&mut self) -> Result<(), TrainError> {
        let Some(mean) = &self.mean else {
            return Ok(());
        };
        let share = share(self.config.ema_decay, self.optimizer.step);
        for (mean, param) in mean.params().iter().zip(self.network.params()) {
            if param.is_frozen {
                // The average of equal values is not always that value.
                continue;
            }
            let value = param.var.as_detached_tensor();
            match param.kind {
                ParamKind::Count => mean.var.set(&value)?,
                _ => average(&mean.var, &value, share)?,
            }
        }
        Ok(())
    }

    /// Restarts the EMA from the current weights.
    pub(super) fn begin_average(&mut self) -> Result<(), TrainError> {
        let is_wanted = self.config.ema_decay > 0.0;
        self.mean = is_wanted.then(|| self.network.deep_copy()).transpose()?;
        Ok(())
    }

    /// Copies the EMA and the best weights for a checkpoint.
    pub(super) fn kept(&self, copies: &mut Copies) -> Result<ExtraWeights, TrainError> {
        let mean = self.mean.as_ref().map(|m| values(m.params(), copies));
        Ok(ExtraWeights {
            average: mean.transpose()?.unwrap_or_default(),
            best: self.best.iter().map(|values| copies.of(values)).collect(),
        })
    }

    /// Restores the EMA and the best weights from a checkpoint.
    pub(super) fn restore_kept(&mut self, kept: ExtraWeights) -> Result<(), TrainError> {
        self.begin_average()?;
        if let (Some(mean), false) = (&self.mean, kept.average.is_empty()) {
            load(&kept.average, mean.params())?;
        }
        self.best = kept.best;
        Ok(())
    }

    /// At the end of an epoch: keeps the weights if they are the best so far, and reduces the
    /// learning rate on a plateau.
    pub(super) fn track_best(&mut self, train: Metrics) -> Result<(), TrainError> {
        let (cursor, config) = (&mut self.cursor, &self.config);
        let metrics = cursor.validation.unwrap_or(train);
        if let Schedule::Plateau { patience, .. } = config.schedule {
            cursor.plateau.see(metrics.loss, patience, cursor.epoch);
        }
        let early = config.early_stopping;
        if early.is_on() && cursor.early.observe(early, metrics, cursor.epoch) {
            cursor.best_validation = cursor.validation;
            let params = evaluated_network(&self.mean, &self.network).params();
            self.best = values(params, &mut Copies::default())?;
        }
        Ok(())
    }

    /// Whether early stopping has run out of patience.
    pub(super) fn is_out_of_patience(&self) -> bool {
        let early = self.config.early_stopping;
        early.is_on() && self.cursor.early.n_waited >= early.patience
    }

    /// Restores the weights of the best epoch at the end of a run, if early stopping kept them:
    /// also of one that was stopped, whose checkpoint has the last weights to resume from.
    pub(super) fn restore_best(&mut self, finish: &Finish) -> Result<(), TrainError> {
        let is_regular = matches!(
            finish,
            Finish::Completed | Finish::EarlyStopped | Finish::Stopped
        );
        let best = self.cursor.early.best_epoch;
        let is_best = best == self.cursor.epoch && self.cursor.n_done == 0;
        if !is_regular || self.best.is_empty() || is_best {
            return Ok(());
        }
        load(
            &self.best,
            evaluated_network(&self.mean, &self.network).params(),
        )?;
        self.cursor.validation = self.cursor.best_validation;
        self.observer.event(&Event::Restored { epoch: best });
        Ok(())
    }
}
