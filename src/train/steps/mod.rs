//! The training loop. It owns no thread, no file and no window.

mod average;
mod batch;
mod commands;
mod divergence;
mod images;
mod report;
mod states;

use std::sync::Arc;
use std::time::Instant;

use candle_core::Device;

use super::checkpoint::{Checkpoint, Cursor};
use super::config::TrainConfig;
use super::control::Control;
use super::divergence::OnDivergence;
use super::event::{Event, Finish, Metrics, StepPoint};
use super::inspect::LayerPoint;
use super::job::Job;
use super::optim::OptimizerState;
use crate::data::shuffled;
use crate::kernels;
use crate::model::Network;
use average::evaluated_network;
use batch::Learned;
pub(super) use batch::hyper_of;
pub(crate) use commands::live_changes;
use divergence::Reaction;
pub(super) use images::images_of;
use states::States;

/// Receives the events of a run.
pub trait Observer {
    /// Receives an event. May block, which makes training wait.
    fn event(&mut self, event: &Event);

    /// Receives a checkpoint, as often as the job's options say and when the run ends early.
    fn checkpoint(&mut self, _checkpoint: Checkpoint) {}

    /// Receives a full state to look at or to branch from: often at the beginning, then every
    /// hundred updates, when training is paused, and at the end.
    fn snapshot(&mut self, _state: &Arc<Checkpoint>) {}

    /// Receives the current weights, after each batch of events. [`Network::deep_copy`] them to
    /// keep them: training continues in the same storage.
    fn weights(&mut self, _network: &Network) {}
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The network could not be built.
    #[error("the network could not be built: {0}")]
    Network(#[source] anyhow::Error),
    /// A tensor operation failed.
    #[error("training failed: {0}")]
    Candle(#[from] candle_core::Error),
    /// A checkpoint belongs to another network.
    #[error("the checkpoint of step {0} does not fit the network of its own configuration")]
    Checkpoint(u64),
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The network with its last finite weights: their EMA, or those of the best epoch, if the
    /// configuration says so.
    pub network: Network,
    /// The configuration with every change applied.
    pub config: TrainConfig,
    /// How it ended.
    pub finish: Finish,
    /// Test metrics; `None` if the run did not train at all.
    pub test: Option<Metrics>,
    /// Epochs done, fractions included.
    pub epochs: f64,
    /// Seconds each finished epoch took to train, without evaluation.
    pub epoch_secs: Vec<f64>,
    /// Seconds of training, pauses and evaluation excluded.
    pub train_secs: f64,
    /// Validation metrics after the last epoch.
    pub validation: Option<Metrics>,
    /// Training images seen.
    pub images: u64,
}

/// Runs `job` until its epochs are done, `control` stops it, or the loss becomes NaN or infinite.
///
/// # Errors
/// When the network cannot be built or run. The observer gets no event about it.
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
    run.keep_state()?;
    let finish = run.all_epochs()?;
    run.finish(finish)
}

/// Resumes from `checkpoint`, which is one of `job`'s: ends with the same bits as the run would
/// have without the interruption.
///
/// # Errors
/// Like [`train`], and when the checkpoint belongs to another network.
pub fn resume(
    job: &Job,
    checkpoint: Checkpoint,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.event(&Event::Resumed {
        step: checkpoint.step(),
    });
    if !checkpoint.is_of(&job.config().model) {
        return Err(TrainError::Checkpoint(checkpoint.step()));
    }
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
    /// Recent full states.
    states: States,
    cursor: Cursor,
    /// The EMA of the weights, if configured.
    mean: Option<Network>,
    /// The weights of the best epoch so far, if early stopping keeps them; else empty.
    best: Vec<Vec<f32>>,
    /// Number of anomalies; consecutive ones if such batches are skipped.
    n_rollbacks: usize,
    unsent: Vec<StepPoint>,
    /// The step of the observer's last checkpoint.
    last_checkpoint: u64,
    /// Layer statistics that were not reported yet.
    layers: Option<Box<LayerPoint>>,
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
            states: States::default(),
            cursor: Cursor::default(),
            mean: None,
            best: Vec::new(),
            n_rollbacks: 0,
            unsent: Vec::new(),
            last_checkpoint: 0,
            layers: None,
            last_emit: Instant::now(),
        };
        run.begin_average()?;
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
        self.network.set_dropout(&self.config.model);
        self.cursor = checkpoint.cursor;
        self.optimizer = checkpoint.optimizer;
        self.restore_kept(checkpoint.kept)?;
        self.last_checkpoint = self.optimizer.step;
        self.restore_rollback(checkpoint.rollback)?;
        self.observer
            .weights(evaluated_network(&self.mean, &self.network));
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        let mut checkpoint = self.full_state()?;
        checkpoint.rollback = Some(self.rollback());
        self.last_checkpoint = checkpoint.step();
        self.emit();
        self.observer.checkpoint(checkpoint);
        Ok(())
    }

    fn all_epochs(&mut self) -> Result<Finish, TrainError> {
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
        let train = &self.job.split().train;
        let order = shuffled(train, self.config.seed, self.cursor.epoch as u64);
        let mut accepts_spike = false;
        while self.cursor.n_done < order.len() {
            if !self.poll_control()? {
                self.checkpoint()?;
                return Ok(Some(Finish::Stopped));
            }
            if self.cursor.epoch >= self.config.epochs {
                // The number of epochs was reduced to below the current one.
                return Ok(Some(Finish::Completed));
            }
            let start = Instant::now();
            let end = order.len().min(self.cursor.n_done + self.config.batch_size);
            let indices = &order[self.cursor.n_done..end];
            let learned = self.one_batch(indices, order.len(), accepts_spike)?;
            self.cursor.secs += start.elapsed().as_secs_f64();
            accepts_spike = false;
            match learned {
                Learned::Updated(point) => self.updated(point, end)?,
                Learned::Refused { anomaly, loss } => {
                    match self.handle_anomaly(anomaly, loss, indices)? {
                        Reaction::RolledBack => return Ok(None),
                        Reaction::Accept => accepts_spike = true,
                        Reaction::Skip => self.skip(end),
                        Reaction::End(finish) => return Ok(Some(finish)),
                    }
                }
            }
            if self.job.wants_checkpoint(self.optimizer.step) && end < order.len() {
                self.checkpoint()?;
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
