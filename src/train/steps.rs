//! The training loop. It owns no thread, no file and no window.

use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};

use super::control::Next;
use super::metrics::{measure, n_correct};
use super::{
    Change, Control, EpochPoint, Event, Finish, Job, Metrics, OptimizerState, Setting, StepPoint,
    TrainConfig,
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
    let config = job.config();
    let network = Network::new(&config.model, config.init, config.seed, &Device::Cpu)
        .map_err(TrainError::Network)?;
    train_network(network, job, control, observer)
}

/// As [`train`], from the weights `network` has.
pub(super) fn train_network(
    network: Network,
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
    let mut run = Steps::new(network, job, control, observer)?;
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
    /// Epochs finished.
    epoch: usize,
    /// Images of the current epoch already learned from.
    n_done: usize,
    images: u64,
    secs: f64,
    unsent: Vec<StepPoint>,
    last_emit: Instant,
    epoch_secs: Vec<f64>,
    validation: Option<Metrics>,
}

/// Sums over the batches of an epoch.
#[derive(Default)]
struct EpochSums {
    loss: f64,
    n_right: f64,
    n: f64,
}

impl<'a> Steps<'a> {
    fn new(
        network: Network,
        job: &'a Job,
        control: &'a Control,
        observer: &'a mut dyn Observer,
    ) -> Result<Steps<'a>, TrainError> {
        let mut run = Steps {
            job,
            control,
            observer,
            config: job.config().clone(),
            optimizer: OptimizerState::new(network.params().len()),
            network,
            kept: Vec::new(),
            epoch: 0,
            n_done: 0,
            images: 0,
            secs: 0.0,
            unsent: Vec::new(),
            last_emit: Instant::now(),
            epoch_secs: Vec::new(),
            validation: None,
        };
        run.keep_if_finite()?;
        run.observer.weights(&run.network);
        Ok(run)
    }

    fn all_epochs(&mut self) -> Result<Finish, TrainError> {
        while self.epoch < self.config.epochs {
            if let Some(finish) = self.one_epoch()? {
                return Ok(finish);
            }
        }
        Ok(Finish::Completed)
    }

    /// Trains one epoch; `Some` when the run ends before the epoch does.
    fn one_epoch(&mut self) -> Result<Option<Finish>, TrainError> {
        let order = shuffled(&self.job.split().train, self.config.seed, self.epoch as u64);
        let mut sums = EpochSums::default();
        let secs_before = self.secs;
        while self.n_done < order.len() {
            if !self.may_go_on() {
                return Ok(Some(Finish::Stopped));
            }
            if self.epoch >= self.config.epochs {
                // The number of epochs was lowered below where the run already is.
                return Ok(Some(Finish::Completed));
            }
            let end = order.len().min(self.n_done + self.config.batch_size);
            let start = Instant::now();
            let point = self.one_batch(&order[self.n_done..end], order.len())?;
            self.secs += start.elapsed().as_secs_f64();
            let Some(mut point) = point else {
                return Ok(Some(self.diverged()?));
            };
            point.secs = self.secs;
            let n = (end - self.n_done) as f64;
            sums.add(point.loss, point.accuracy, n);
            self.n_done = end;
            self.unsent.push(point);
            self.emit_now_and_then();
        }
        self.epoch += 1;
        self.n_done = 0;
        self.end_epoch(&sums, self.secs - secs_before)?;
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
        let mut n_right = 0;
        let (loss, grads) = kernels::gradients(|| {
            let logits = self.network.forward(&images, mode)?;
            n_right = n_correct(&logits.detach(), &labels.to_vec1()?)?;
            kernels::cross_entropy(&logits, &labels)
        })?;
        let loss_value = f64::from(loss.to_scalar::<f32>()?);
        if !loss_value.is_finite() {
            return Ok(None);
        }
        let lr = self.config.learning_rate_at(self.epochs_done());
        self.optimizer
            .update(self.network.params(), &grads, lr, &self.config)?;
        if self.optimizer.step.is_multiple_of(KEEP_EVERY) {
            self.keep_if_finite()?;
        }
        self.images += indices.len() as u64;
        let in_epoch = (self.n_done + indices.len()) as f64 / n_epoch as f64;
        Ok(Some(StepPoint {
            step: self.optimizer.step,
            images: self.images,
            epoch: self.epoch as f64 + in_epoch,
            secs: self.secs,
            loss: loss_value,
            accuracy: n_right as f64 / indices.len() as f64,
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

    fn end_epoch(&mut self, sums: &EpochSums, epoch_secs: f64) -> Result<(), TrainError> {
        self.epoch_secs.push(epoch_secs);
        self.emit();
        let held_out = &self.job.split().validation;
        self.validation = if held_out.is_empty() {
            None
        } else {
            let set = &self.job.dataset().train;
            Some(measure(&self.network, set, held_out, |_, _| Ok(()))?)
        };
        let point = EpochPoint {
            epoch: self.epoch,
            step: self.optimizer.step,
            images: self.images,
            secs: self.secs,
            epoch_secs,
            train: sums.mean(),
            validation: self.validation,
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
        self.epoch as f64 + self.n_done as f64 / self.job.split().train.len() as f64
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
            epoch_secs: self.epoch_secs,
            train_secs: self.secs,
            validation: self.validation,
            images: self.images,
        })
    }
}

impl EpochSums {
    fn add(&mut self, mean_loss: f64, accuracy: f64, n: f64) {
        self.loss += mean_loss * n;
        self.n_right += accuracy * n;
        self.n += n;
    }

    fn mean(&self) -> Metrics {
        Metrics {
            loss: self.loss / self.n.max(1.0),
            accuracy: self.n_right / self.n.max(1.0),
        }
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
