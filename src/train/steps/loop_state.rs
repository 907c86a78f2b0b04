//! The loop's state between two batches.

use std::time::Instant;

use super::outcome::Observer;
use super::private::first_ledger;
use super::states::States;
use crate::model::Network;
use crate::train::checkpoint::{Checkpoint, Cursor};
use crate::train::config::TrainConfig;
use crate::train::control::Control;
use crate::train::error::TrainError;
use crate::train::features::Features;
use crate::train::inspect::layer_stats::LayerPoint;
use crate::train::job::Job;
use crate::train::optim::OptimizerState;
use crate::train::parts;
use crate::train::points::StepPoint;

/// The loop's state between two batches.
pub(super) struct Steps<'a> {
    pub(super) job: &'a Job,
    pub(super) control: &'a Control,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) config: TrainConfig,
    pub(super) network: Network,
    /// How many images are computed at once.
    pub(super) part_size: usize,
    pub(super) optimizer: OptimizerState,
    /// Recent full states.
    pub(super) states: States,
    pub(super) cursor: Cursor,
    /// The EMA of the weights, if configured.
    pub(super) mean: Option<Network>,
    /// The weights of the best epoch so far, if early stopping keeps them; else empty.
    pub(super) best: Vec<Vec<f32>>,
    /// Number of anomalies; consecutive ones if such batches are skipped.
    pub(super) n_rollbacks: usize,
    pub(super) unsent: Vec<StepPoint>,
    /// The step of the observer's last checkpoint that was not made because of the time.
    pub(super) last_checkpoint: u64,
    /// When the observer got its last checkpoint.
    last_checkpoint_at: Instant,
    /// Layer statistics that were not reported yet.
    pub(super) layers: Option<Box<LayerPoint>>,
    pub(super) last_emit: Instant,
    /// The outputs of frozen layers: `None` before they are computed.
    features: Option<Option<Features>>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        job: &'a Job,
        network: Network,
        control: &'a Control,
        observer: &'a mut dyn Observer,
    ) -> Result<Steps<'a>, TrainError> {
        let config = job.config();
        let mut run = Steps {
            job,
            control,
            observer,
            config: config.clone(),
            optimizer: OptimizerState::new(network.params().len()),
            part_size: parts::size(network.spec()),
            network,
            states: States::default(),
            cursor: Cursor {
                privacy: first_ledger(job, config),
                ..Cursor::default()
            },
            mean: None,
            best: Vec::new(),
            n_rollbacks: 0,
            unsent: Vec::new(),
            last_checkpoint: 0,
            last_checkpoint_at: Instant::now(),
            layers: None,
            last_emit: Instant::now(),
            features: None,
        };
        run.begin_average()?;
        run.observer.weights(&run.network);
        Ok(run)
    }

    pub(super) fn restore(&mut self, mut checkpoint: Checkpoint) -> Result<(), TrainError> {
        let params = self.network.params();
        checkpoint.sort_like(params);
        if !checkpoint.fits(params) {
            return Err(TrainError::Checkpoint(checkpoint.step()));
        }
        checkpoint.restore(params)?;
        self.config = checkpoint.config;
        // A branch may be the first to train on sketches, which its state does not name yet.
        self.config.sketches.clone_from(&self.job.config().sketches);
        self.network.set_dropout(&self.config.model);
        self.cursor = checkpoint.cursor;
        self.optimizer = checkpoint.optimizer;
        self.restore_kept(checkpoint.kept)?;
        self.last_checkpoint = checkpoint.after.unwrap_or(self.optimizer.step);
        self.restore_rollback(checkpoint.rollback)?;
        self.observer
            .weights(evaluated_network(&self.mean, &self.network));
        Ok(())
    }

    /// Computes the outputs of frozen layers, unless they are there or of no use.
    pub(super) fn prepare_features(&mut self) -> Result<(), TrainError> {
        if self.features.is_none() && self.config.augment.is_off() {
            self.features = Some(Features::new(self.job, &self.config, &self.network)?);
        }
        Ok(())
    }

    /// The outputs of frozen layers, if they are computed once and not for each batch.
    pub(super) fn features(&self) -> Option<&Features> {
        let is_usable = self.config.augment.is_off();
        self.features.as_ref()?.as_ref().filter(|_| is_usable)
    }

    pub(super) fn checkpoint(&mut self) -> Result<(), TrainError> {
        self.last_checkpoint = self.optimizer.step;
        self.make_checkpoint(None)
    }

    /// Makes a checkpoint in the middle of an epoch, if it is due by its step or by the time.
    pub(super) fn checkpoint_if_due(&mut self) -> Result<(), TrainError> {
        if self.job.wants_checkpoint(self.optimizer.step) {
            return self.checkpoint();
        }
        if self
            .job
            .wants_checkpoint_now(self.last_checkpoint_at.elapsed())
        {
            // Which epochs end with a checkpoint must not depend on the clock.
            return self.make_checkpoint(Some(self.last_checkpoint));
        }
        Ok(())
    }

    fn make_checkpoint(&mut self, after: Option<u64>) -> Result<(), TrainError> {
        let mut checkpoint = self.full_state()?;
        checkpoint.rollback = Some(self.rollback());
        checkpoint.after = after;
        self.last_checkpoint_at = Instant::now();
        self.emit();
        self.observer.checkpoint(checkpoint);
        Ok(())
    }
}

/// The network that is evaluated, shown and saved: the EMA of the weights if there is one.
pub(super) fn evaluated_network<'n>(
    mean: &'n Option<Network>,
    network: &'n Network,
) -> &'n Network {
    mean.as_ref().unwrap_or(network)
}
