//! When a loss cannot be trusted: finding out where it came from, and what to do about it.

use candle_core::Tensor;

use super::{Steps, TrainError};
use crate::data::Batch;
use crate::model::Mode;
use crate::train::{
    Alarm, Change, Event, Finish, OnDivergence, Origin, Readings, Remedy, Setting, Trouble, examine,
};

/// Worst images that are kept.
const N_WORST: usize = 8;

/// How often a run goes back, or leaves out batches in a row, before it gives up.
const MAX_SETBACKS: usize = 8;

/// What becomes of a batch whose loss cannot be trusted.
pub(super) enum Treatment {
    /// The run went back: nothing of the epoch at hand holds any more.
    WentBack,
    /// The batch is left out.
    Skip,
    /// The batch is learned from after all.
    Accept,
    /// The run ends.
    End(Finish),
}

impl Steps<'_> {
    /// Tells what is wrong with the batch of `indices`, and what to do about it.
    pub(super) fn treat(
        &mut self,
        alarm: Alarm,
        loss: f64,
        indices: &[u32],
    ) -> Result<Treatment, TrainError> {
        self.emit();
        self.control.forget_remedy();
        let trouble = self.diagnose(alarm, loss, indices)?;
        let event = Event::Troubled {
            trouble: Box::new(trouble.clone()),
        };
        self.observer.event(&event);
        let way_back = trouble.usual_way_back().map(|step| Remedy::GoBack {
            step,
            divides_rate: true,
        });
        self.n_setbacks += 1;
        let gave_up = self.n_setbacks > MAX_SETBACKS;
        let remedy = match self.job.divergence() {
            OnDivergence::Stop => None,
            OnDivergence::Ask => return self.ask(&trouble),
            OnDivergence::Back => way_back.filter(|_| !gave_up),
            OnDivergence::Skip => (trouble.can_skip && !gave_up).then_some(Remedy::Skip),
        };
        if let Some(remedy) = remedy
            && let Some(treatment) = self.take(remedy, &trouble)?
        {
            return Ok(treatment);
        }
        Ok(Treatment::End(self.diverged(&trouble)?))
    }

    /// Waits for a remedy that can be taken.
    fn ask(&mut self, trouble: &Trouble) -> Result<Treatment, TrainError> {
        while let Some(remedy) = self.control.wait_for_remedy() {
            if let Some(treatment) = self.take(remedy, trouble)? {
                return Ok(treatment);
            }
            self.begin_average()?;
        }
        // A run that was stopped can go on later from where it waited, if it has numbers to go on
        // from.
        if trouble.can_skip {
            self.checkpoint()?;
            return Ok(Treatment::End(Finish::Stopped));
        }
        Ok(Treatment::End(self.diverged(trouble)?))
    }

    /// Does what was asked for; `None` when it cannot be done.
    fn take(&mut self, remedy: Remedy, trouble: &Trouble) -> Result<Option<Treatment>, TrainError> {
        match remedy {
            Remedy::GoBack { step, divides_rate } => {
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
                Ok(Some(Treatment::WentBack))
            }
            Remedy::GoOn if matches!(trouble.alarm, Alarm::Spike { .. }) => {
                // What is usual has changed.
                self.cursor.recent_losses.clear();
                self.observer.event(&Event::Resumed {
                    step: self.optimizer.step,
                });
                Ok(Some(Treatment::Accept))
            }
            Remedy::Skip | Remedy::GoOn => Ok(trouble.can_skip.then_some(Treatment::Skip)),
        }
    }

    fn diagnose(
        &mut self,
        alarm: Alarm,
        loss: f64,
        indices: &[u32],
    ) -> Result<Trouble, TrainError> {
        let batch = self.images(indices)?;
        let now = self.read(&batch)?;
        let labels: Vec<u32> = batch.labels.to_vec1()?;
        let before = self.read_with_older_weights(&batch)?;
        let origin = now.origin(before.as_ref());
        Ok(Trouble {
            step: self.optimizer.step + 1,
            epoch: self.epochs_done(),
            loss,
            alarm,
            worst: now.worst(indices, &labels, N_WORST),
            back_to: self.states.steps(),
            can_skip: !matches!(origin, Origin::Weights { .. }),
            origin,
        })
    }

    /// What the network makes of the batch at this moment of training.
    fn read(&self, batch: &Batch) -> Result<Readings, TrainError> {
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        Ok(examine(&self.network, batch, mode, self.config.loss)?)
    }

    /// The same with the oldest weights that are still known.
    fn read_with_older_weights(&self, batch: &Batch) -> Result<Option<Readings>, TrainError> {
        let Some(state) = self.states.oldest() else {
            return Ok(None);
        };
        let copy = self.network.deep_copy()?;
        state.restore(copy.params())?;
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        Ok(Some(examine(&copy, batch, mode, self.config.loss)?))
    }

    /// Goes back to weights that are numbers, if these are not.
    fn diverged(&mut self, trouble: &Trouble) -> Result<Finish, TrainError> {
        if !self.full_state()?.is_finite()
            && let Some(state) = self.states.newest().cloned()
        {
            state.restore(self.network.params())?;
            self.restore_kept(state.kept.clone())?;
        }
        Ok(Finish::Diverged { step: trouble.step })
    }

    /// What batch norm measured so far: a forward pass moves it, also one whose batch is left out.
    pub(super) fn statistics(&self) -> Result<Vec<Tensor>, TrainError> {
        let params = self.network.params().iter();
        let measured = params.filter(|p| !p.is_trainable());
        let copies = measured.map(|p| p.var.as_detached_tensor().copy());
        Ok(copies.collect::<candle_core::Result<_>>()?)
    }

    /// Puts [`Steps::statistics`] back.
    pub(super) fn put_back(&self, statistics: &[Tensor]) -> Result<(), TrainError> {
        let params = self.network.params().iter();
        let measured = params.filter(|p| !p.is_trainable());
        for (param, value) in measured.zip(statistics) {
            param.var.set(value)?;
        }
        Ok(())
    }
}
