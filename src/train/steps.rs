//! The training loop. It owns no thread, no file and no window.

use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};

use super::control::Next;
use super::metrics::{measure, n_correct};
use super::{
    Change, Checkpoint, Control, Cursor, EpochPoint, Event, Finish, Job, Metrics, OptimizerState,
    Setting, StepPoint, TrainConfig,
};
use crate::data::{Batch, shuffled};
use crate::kernels;
use crate::model::{Mode, Network};

/// Time between two [`Event::Steps`]: as often as a window is redrawn while it is only watched.
const EMIT_EVERY: Duration = Duration::from_millis(33);

/// Updates between two copies of the weights kept in case the next ones are not finite.
const KEEP_EVERY: u64 = 100;

/// Hears what happens in a run.
pub trait Observer {
    /// Something happened. May block, which makes training wait.
    fn event(&mut self, event: &Event);

    /// The full state of the run, as often as the job asks for and when the run ends early.
    fn checkpoint(&mut self, _checkpoint: Checkpoint) {}

    /// The weights right now, called between batches after each batch of events. To keep them,
    /// [`Network::deep_copy`] them: training goes on in the same storage.
    fn weights(&mut self, _network: &Network) {}
}

/// Why a run broke.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The network could not be built.
    #[error("the network could not be built: {0}")]
    Network(#[source] anyhow::Error),
    /// A tensor operation failed.
    #[error("training failed: {0}")]
    Candle(#[from] candle_core::Error),
    /// A checkpoint is of another network.
    #[error("the checkpoint of step {0} does not fit the network of its own configuration")]
    Checkpoint(u64),
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Outcome {
    /// The network with its last finite weights.
    pub network: Network,
    /// The configuration with every change applied.
    pub config: TrainConfig,
    /// How it ended.
    pub finish: Finish,
    /// On the test images; `None` if the run did not train at all.
    pub test: Option<Metrics>,
    /// Epochs done, fractions included.
    pub epochs: f64,
    /// Seconds each finished epoch took to train, without evaluation.
    pub epoch_secs: Vec<f64>,
    /// Seconds of training, pauses and evaluation excluded.
    pub train_secs: f64,
    /// On the held-out images after the last epoch.
    pub validation: Option<Metrics>,
    /// Training images seen.
    pub images: u64,
}

/// Runs `job` until its epochs are done, `control` stops it, or the loss is no longer a number.
///
/// # Errors
/// When the network cannot be built or run. Nothing is told to the observer about it.
pub fn train(
    job: &Job,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.event(&Event::Started {
        config: Box::new(job.config().clone()),
        dataset: job.dataset().name.clone(),
        n_train: job.split().train.len(),
        threads: kernels::threads(),
    });
    let mut run = Steps::new(job, control, observer)?;
    let finish = run.all_epochs()?;
    run.finish(finish)
}

/// Goes on from `checkpoint`, which is one of `job`'s: ends with the same bits as the run would
/// have without the interruption.
///
/// # Errors
/// As [`train`], and when the checkpoint is of another network.
pub fn resume(
    job: &Job,
    checkpoint: Checkpoint,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.event(&Event::Resumed {
        step: checkpoint.step(),
    });
    let mut run = Steps::new(job, control, observer)?;
    run.restore(checkpoint)?;
    let finish = run.all_epochs()?;
    run.finish(finish)
}

/// The loop's state between two batches.
struct Steps<'a> {
    job: &'a Job,
    control: &'a Control,
    observer: &'a mut dyn Observer,
    config: TrainConfig,
    network: Network,
    optimizer: OptimizerState,
    /// Weights of a moment ago, known to be finite, in the order of the parameters.
    kept: Vec<Tensor>,
    cursor: Cursor,
    unsent: Vec<StepPoint>,
    last_emit: Instant,
}

impl<'a> Steps<'a> {
    fn new(
        job: &'a Job,
        control: &'a Control,
        observer: &'a mut dyn Observer,
    ) -> Result<Steps<'a>, TrainError> {
        let config = job.config();
        let network = Network::new(&config.model, config.init, config.seed, &Device::Cpu)
            .map_err(TrainError::Network)?;
        let network = if job.is_fused() {
            network
        } else {
            network.unfused()
        };
        let mut run = Steps {
            job,
            control,
            observer,
            config: config.clone(),
            optimizer: OptimizerState::new(network.params().len()),
            network,
            kept: Vec::new(),
            cursor: Cursor::default(),
            unsent: Vec::new(),
            last_emit: Instant::now(),
        };
        run.keep_if_finite()?;
        run.observer.weights(&run.network);
        Ok(run)
    }

    fn restore(&mut self, mut checkpoint: Checkpoint) -> Result<(), TrainError> {
        let params = self.network.params();
        checkpoint.sort_like(params);
        if !checkpoint.fits(params) {
            return Err(TrainError::Checkpoint(checkpoint.step()));
        }
        checkpoint.restore(params)?;
        self.config = checkpoint.config;
        self.cursor = checkpoint.cursor;
        self.optimizer = checkpoint.optimizer;
        self.keep_if_finite()?;
        self.observer.weights(&self.network);
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        let params = self.network.params();
        let checkpoint = Checkpoint::new(&self.config, &self.cursor, &self.optimizer, params)?;
        self.emit();
        self.observer.checkpoint(checkpoint);
        Ok(())
    }

    fn all_epochs(&mut self) -> Result<Finish, TrainError> {
        while self.cursor.epoch < self.config.epochs {
            if let Some(finish) = self.one_epoch()? {
                return Ok(finish);
            }
        }
        Ok(Finish::Completed)
    }

    /// Trains one epoch, or what is left of it; `Some` when the run ends before the epoch does.
    fn one_epoch(&mut self) -> Result<Option<Finish>, TrainError> {
        let train = &self.job.split().train;
        let order = shuffled(train, self.config.seed, self.cursor.epoch as u64);
        while self.cursor.n_done < order.len() {
            if !self.may_go_on() {
                self.checkpoint()?;
                return Ok(Some(Finish::Stopped));
            }
            if self.cursor.epoch >= self.config.epochs {
                // The number of epochs was lowered below where the run already is.
                return Ok(Some(Finish::Completed));
            }
            let start = Instant::now();
            let end = order.len().min(self.cursor.n_done + self.config.batch_size);
            let point = self.one_batch(&order[self.cursor.n_done..end], order.len())?;
            self.cursor.secs += start.elapsed().as_secs_f64();
            let Some(mut point) = point else {
                return Ok(Some(self.diverged()?));
            };
            point.secs = self.cursor.secs;
            self.cursor.n_done = end;
            self.unsent.push(point);
            self.emit_now_and_then();
            if self.job.wants_checkpoint(self.optimizer.step) && end < order.len() {
                self.checkpoint()?;
            }
        }
        self.end_epoch()?;
        if self.job.wants_checkpoint(self.optimizer.step) {
            self.checkpoint()?;
        }
        Ok(None)
    }

    /// Obeys pauses and changes; `false` when the run must stop.
    fn may_go_on(&mut self) -> bool {
        let mut is_waiting = false;
        loop {
            let (next, changes) = self.control.next();
            for change in changes {
                self.apply_change(change);
            }
            match next {
                Next::Stop => return false,
                Next::Batch => {
                    if is_waiting && !self.control.is_paused() {
                        self.observer.event(&Event::Resumed {
                            step: self.optimizer.step,
                        });
                    }
                    return true;
                }
                Next::Wait => {
                    if !is_waiting {
                        self.emit();
                        self.observer.event(&Event::Paused {
                            step: self.optimizer.step,
                        });
                        is_waiting = true;
                    }
                    self.control.wait();
                }
            }
        }
    }

    /// A change that would make the configuration wrong is left out: the panel shows why.
    fn apply_change(&mut self, change: Change) {
        let mut config = self.config.clone();
        config.set_setting(change.setting, change.value);
        let dataset = self.job.dataset();
        let n_images = dataset.train.len();
        let old = self.config.setting(change.setting);
        let new = config.setting(change.setting);
        if old == new
            || !config
                .check(dataset.image_shape(), dataset.n_classes(), n_images)
                .is_empty()
        {
            return;
        }
        self.config = config;
        self.emit();
        let event = Event::Changed {
            step: self.optimizer.step,
            epoch: self.epochs_done(),
            setting: change.setting,
            old,
            new,
        };
        self.observer.event(&event);
    }

    /// Forward, backward, update. `None` when the loss is not finite: nothing was updated then.
    fn one_batch(
        &mut self,
        indices: &[u32],
        n_epoch: usize,
    ) -> Result<Option<StepPoint>, TrainError> {
        let Batch { images, labels } = self.job.dataset().train.batch(indices, &Device::Cpu)?;
        let mode = Mode::Train {
            seed: self.config.seed,
            step: self.optimizer.step,
        };
        let lr = self.config.learning_rate_at(self.epochs_done());
        let network = &self.network;
        let mut n_right = 0;
        let forward = || {
            let logits = network.forward(&images, mode)?;
            n_right = n_correct(&logits.detach(), &labels.to_vec1()?)?;
            kernels::cross_entropy(&logits, &labels)
        };
        let loss = self
            .optimizer
            .update(network.params(), &self.config, lr, forward)?;
        if !loss.is_finite() {
            return Ok(None);
        }
        if self.optimizer.step.is_multiple_of(KEEP_EVERY) {
            self.keep_if_finite()?;
        }
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
            learning_rate: lr,
        }))
    }

    /// Keeps a copy of the weights if they are all finite.
    fn keep_if_finite(&mut self) -> Result<(), TrainError> {
        let params = self.network.params();
        let copies = params
            .iter()
            .map(|p| p.var.as_detached_tensor().copy())
            .collect::<candle_core::Result<Vec<_>>>()?;
        for copy in &copies {
            // A sum is finite only if its terms are; one that overflows just keeps the older copy.
            if !copy.sum_all()?.to_scalar::<f32>()?.is_finite() {
                return Ok(());
            }
        }
        self.kept = copies;
        Ok(())
    }

    /// Goes back to weights that are finite, if these are not.
    fn diverged(&mut self) -> Result<Finish, TrainError> {
        let step = self.optimizer.step + 1;
        let mut is_finite = true;
        for param in self.network.params() {
            is_finite &= param.var.sum_all()?.to_scalar::<f32>()?.is_finite();
        }
        if !is_finite {
            for (param, kept) in self.network.params().iter().zip(&self.kept) {
                param.var.set(kept)?;
            }
        }
        Ok(Finish::Diverged { step })
    }

    fn end_epoch(&mut self) -> Result<(), TrainError> {
        self.emit();
        let cursor = &mut self.cursor;
        let n = cursor.n_done as f64;
        let train = Metrics {
            loss: cursor.loss_sum / n,
            accuracy: cursor.n_right / n,
        };
        let epoch_secs = cursor.secs - cursor.secs_at_epoch;
        cursor.epoch_secs.push(epoch_secs);
        cursor.epoch += 1;
        cursor.n_done = 0;
        cursor.secs_at_epoch = cursor.secs;
        cursor.loss_sum = 0.0;
        cursor.n_right = 0.0;
        let held_out = &self.job.split().validation;
        if !held_out.is_empty() {
            let set = &self.job.dataset().train;
            let metrics = measure(&self.network, set, held_out, |_, _| Ok(()))?;
            self.cursor.validation = Some(metrics);
        }
        let point = EpochPoint {
            epoch: self.cursor.epoch,
            step: self.optimizer.step,
            images: self.cursor.images,
            secs: self.cursor.secs,
            epoch_secs,
            train,
            validation: self.cursor.validation,
        };
        self.observer.event(&Event::EpochDone { point });
        Ok(())
    }

    fn emit_now_and_then(&mut self) {
        if self.last_emit.elapsed() >= EMIT_EVERY {
            self.emit();
        }
    }

    /// Tells every update since the last time.
    fn emit(&mut self) {
        self.last_emit = Instant::now();
        if self.unsent.is_empty() {
            return;
        }
        let points = std::mem::take(&mut self.unsent);
        self.observer.event(&Event::Steps { points });
        self.observer.weights(&self.network);
    }

    fn epochs_done(&self) -> f64 {
        self.cursor.epoch as f64 + self.cursor.n_done as f64 / self.job.split().train.len() as f64
    }

    /// Measures the test set, once, tells the end, and hands everything over.
    fn finish(mut self, finish: Finish) -> Result<Outcome, TrainError> {
        self.emit();
        let epochs = self.epochs_done();
        let set = &self.job.dataset().test;
        let all: Vec<u32> = (0..set.len() as u32).collect();
        let test = Some(measure(&self.network, set, &all, |_, _| Ok(()))?);
        self.observer.weights(&self.network);
        self.observer.event(&Event::Finished {
            finish: finish.clone(),
            test,
        });
        Ok(Outcome {
            network: self.network,
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

/// The settings a change in the panel would alter in a running job.
pub(crate) fn live_changes(running: &TrainConfig, wanted: &TrainConfig) -> Vec<Change> {
    Setting::ALL
        .into_iter()
        .filter(|&s| {
            // Momentum means different things to different optimisers.
            s != Setting::Momentum || running.optimizer.name() == wanted.optimizer.name()
        })
        .filter(|&s| running.setting(s) != wanted.setting(s))
        .map(|setting| Change {
            setting,
            value: wanted.setting(setting),
        })
        .collect()
}
