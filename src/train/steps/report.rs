//! The loop's events, and the evaluation at the end of an epoch and of the run.

use std::time::{Duration, Instant};

use super::loop_state::{Steps, evaluated_network};
use super::outcome::Outcome;
use crate::evaluate::{Metrics, measure};
use crate::train::error::TrainError;
use crate::train::event::{Event, Finish};
use crate::train::points::{EpochPoint, SketchPoint};

/// Time between two [`Event::Steps`]: 30 per second, as often as the window is redrawn.
const EMIT_EVERY: Duration = Duration::from_millis(33);

impl Steps<'_> {
    pub(super) fn end_epoch(&mut self) -> Result<(), TrainError> {
        self.emit();
        let cursor = &mut self.cursor;
        let n = (cursor.n_done - cursor.n_skipped).max(1) as f64;
        let train = Metrics {
            loss: cursor.loss_sum / n,
            accuracy: cursor.n_right / n,
        };
        let epoch_secs = cursor.secs - cursor.secs_at_epoch;
        cursor.epoch_secs.push(epoch_secs);
        cursor.epoch += 1;
        cursor.n_done = 0;
        cursor.n_batches = 0;
        cursor.n_skipped = 0;
        cursor.secs_at_epoch = cursor.secs;
        cursor.loss_sum = 0.0;
        cursor.n_right = 0.0;
        let validation = &self.job.split().validation;
        if !validation.is_empty() {
            let set = &self.job.dataset().train;
            let metrics = measure(
                evaluated_network(&self.mean, &self.network),
                self.config.loss,
                set,
                validation,
                |_, _| Ok(()),
            )?;
            self.cursor.validation = Some(metrics);
        }
        self.track_best(train)?;
        let point = EpochPoint {
            epoch: self.cursor.epoch,
            step: self.optimizer.step,
            images: self.cursor.images,
            secs: self.cursor.secs,
            epoch_secs,
            train,
            validation: self.cursor.validation,
            sketches: self.measure_sketches()?,
            epsilon: self.config.privacy.epsilon(&self.cursor.privacy),
        };
        self.observer.event(&Event::EpochDone { point });
        Ok(())
    }

    /// Measures the network on the user's labeled sketches that it is not trained on, if there are any. Nothing of the run
    /// depends on them: they are only reported.
    fn measure_sketches(&self) -> Result<Option<SketchPoint>, TrainError> {
        let Some(set) = self.job.dataset().sketches.get() else {
            return Ok(None);
        };
        let unseen = self.job.unseen_sketches(set.labels());
        if unseen.is_empty() {
            return Ok(None);
        }
        let network = evaluated_network(&self.mean, &self.network);
        let metrics = measure(network, self.config.loss, &set, &unseen, |_, _| Ok(()))?;
        Ok(Some(SketchPoint {
            n: unseen.len(),
            metrics,
        }))
    }

    pub(super) fn emit_now_and_then(&mut self) {
        if self.last_emit.elapsed() >= EMIT_EVERY {
            self.emit();
        }
    }

    /// Reports every update since the last call.
    pub(super) fn emit(&mut self) {
        self.last_emit = Instant::now();
        if self.unsent.is_empty() {
            return;
        }
        let points = std::mem::take(&mut self.unsent);
        self.observer.event(&Event::Steps { points });
        self.observer
            .weights(evaluated_network(&self.mean, &self.network));
    }

    pub(super) fn epochs_done(&self) -> f64 {
        let n_train = self.job.split().train.len();
        self.cursor.epoch as f64 + self.config.share_of_epoch(&self.cursor, n_train)
    }

    /// Evaluates the test set, once, reports the end, and returns the outcome.
    pub(super) fn finish(mut self, finish: Finish) -> Result<Outcome, TrainError> {
        self.emit();
        self.keep_state()?;
        self.restore_best(&finish)?;
        let epochs = self.epochs_done();
        let set = &self.job.dataset().test;
        let all: Vec<u32> = (0..set.len() as u32).collect();
        let test = Some(measure(
            evaluated_network(&self.mean, &self.network),
            self.config.loss,
            set,
            &all,
            |_, _| Ok(()),
        )?);
        self.observer
            .weights(evaluated_network(&self.mean, &self.network));
        self.observer.event(&Event::Finished {
            finish: finish.clone(),
            test,
        });
        Ok(Outcome {
            network: self.mean.unwrap_or(self.network),
            config: self.config,
            finish,
            test,
            epochs,
            epoch_secs: self.cursor.epoch_secs,
            train_secs: self.cursor.secs,
            validation: self.cursor.validation,
            images: self.cursor.images,
        })
    }
}
