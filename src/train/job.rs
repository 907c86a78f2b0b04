//! A job: a configuration that was checked against its dataset.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::{FieldError, TrainConfig};
use super::divergence::OnDivergence;
use super::error::TrainError;
use crate::data::sketches::{unseen_sketches, with_sketches};
use crate::data::{Dataset, ImageSet, Split, balanced, shuffled, stratified_split};
use crate::model::Network;

/// Options of a run beside its configuration: guard, checkpoints, layer statistics. A resumed run
/// keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// What it does about an anomaly.
    pub on_divergence: OnDivergence,
    /// Updates between two checkpoints for the observer; `None` for no checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<u64>,
    /// Whether neighboring layers are fused into one operation.
    pub is_fused: bool,
    /// Whether layer statistics are measured from the start, see
    /// [`Control::watch_layers`](super::Control::watch_layers).
    pub layer_stats: bool,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            on_divergence: OnDivergence::default(),
            checkpoint_every: None,
            is_fused: true,
            layer_stats: false,
        }
    }
}

/// Time between two checkpoints, besides those at certain updates: what a crash costs a run whose
/// updates are slow.
const CHECKPOINT_TIME: Duration = Duration::from_secs(30);

/// A checked configuration with its dataset. [`Job::new`] is the only way to make one, so a job
/// need not be checked again.
#[derive(Clone, Debug)]
pub struct Job {
    config: TrainConfig,
    dataset: Arc<Dataset>,
    split: Split,
    /// The sketches that it trains on, if it does.
    sketches: Option<ImageSet>,
    options: RunOptions,
    checkpoint_time: Duration,
}

impl Job {
    /// Checks `config` against `dataset`, draws the validation split and chooses the sketches to train
    /// on.
    ///
    /// # Errors
    /// Every problem, all at once.
    pub fn new(mut config: TrainConfig, dataset: Arc<Dataset>) -> Result<Job, Vec<FieldError>> {
        let n_images = dataset.train.len();
        let mut errors = config.check(dataset.image_shape(), dataset.n_classes(), n_images);
        errors.extend(config.memory_problem(0));
        let sketches = config.choose_sketches(&dataset).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let split = stratified_split(dataset.train.labels(), config.n_validation, config.seed);
        Ok(Job {
            config,
            dataset,
            split,
            sketches,
            options: RunOptions::default(),
            checkpoint_time: CHECKPOINT_TIME,
        })
    }

    /// Trains and validates on other images than the configuration says: for cross-validation.
    #[must_use]
    pub(super) fn with_split(mut self, split: Split) -> Job {
        self.split = split;
        self
    }

    /// The indices of the training images in the order of an epoch, counted from 0: it depends on
    /// the seed and the epoch alone.
    pub(super) fn order(&self, epoch: u64) -> Vec<u32> {
        let (train, seed) = (&self.split.train, self.config.seed);
        let order = match self.config.balanced {
            true => balanced(train, self.dataset.train.labels(), seed, epoch),
            false => shuffled(train, seed, epoch),
        };
        let Some(sketches) = &self.sketches else {
            return order;
        };
        let numbers = [self.dataset.train.len() as u32, sketches.len() as u32];
        with_sketches(order, self.config.sketch_share, numbers, [seed, epoch])
    }

    /// The set of the image at `index` in an order, and its index there: sketches are numbered after
    /// the training images.
    pub(super) fn source_of(&self, index: u32) -> (&ImageSet, u32) {
        let n_own = self.dataset.train.len() as u32;
        match &self.sketches {
            Some(sketches) if index >= n_own => (sketches, index - n_own),
            _ => (&self.dataset.train, index),
        }
    }

    /// The labels of the images at `indices` in an order.
    pub(super) fn labels(&self, indices: &[u32]) -> Vec<u32> {
        let label = |&index: &u32| {
            let (set, idx) = self.source_of(index);
            set.labels()[idx as usize]
        };
        indices.iter().map(label).collect()
    }

    /// All images that it trains on, sorted.
    pub(super) fn trained_images(&self) -> Vec<u32> {
        let n_own = self.dataset.train.len() as u32;
        let n_sketches = self.sketches.as_ref().map_or(0, ImageSet::len) as u32;
        let mut all = self.split.train.clone();
        all.extend(n_own..n_own + n_sketches);
        all.sort_unstable();
        all
    }

    /// The sketches that are there now and that it does not train on: all, if it trains on none.
    pub(super) fn unseen_sketches(&self, labels: &[u32]) -> Vec<u32> {
        match &self.config.sketches {
            Some(mixed) => unseen_sketches(labels, mixed.n, self.config.seed),
            None => (0..labels.len() as u32).collect(),
        }
    }

    /// The options of the run.
    pub fn options(&self) -> RunOptions {
        self.options
    }

    /// Sets all options.
    #[must_use]
    pub fn with_options(mut self, options: RunOptions) -> Job {
        self.options = options;
        self
    }

    /// Passes a checkpoint to the observer every `steps` updates.
    #[must_use]
    pub fn with_checkpoints(mut self, steps: u64) -> Job {
        self.options.checkpoint_every = Some(steps.max(1));
        self
    }

    /// Sets the time after which a run that makes checkpoints makes one more, by default 30 seconds.
    /// It does not change what the run computes.
    #[must_use]
    pub fn with_checkpoint_time(mut self, time: Duration) -> Job {
        self.checkpoint_time = time;
        self
    }

    /// Sets what the run does about an anomaly.
    #[must_use]
    pub fn on_divergence(mut self, what: OnDivergence) -> Job {
        self.options.on_divergence = what;
        self
    }

    /// Runs the network with one operation per layer, for comparison; see [`Network::unfused`].
    ///
    /// [`Network::unfused`]: crate::model::Network::unfused
    #[must_use]
    pub fn unfused(mut self) -> Job {
        self.options.is_fused = false;
        self
    }

    pub(super) fn wants_checkpoint(&self, step: u64) -> bool {
        let every = self.options.checkpoint_every;
        every.is_some_and(|every| step.is_multiple_of(every))
    }

    /// Whether to make a checkpoint in the middle of an epoch, `elapsed` after the last one.
    pub(super) fn wants_checkpoint_now(&self, elapsed: Duration) -> bool {
        self.keeps_checkpoints() && elapsed >= self.checkpoint_time
    }

    /// Whether to make a checkpoint at the end of an epoch, `n_since` updates after the last one:
    /// with tiny epochs training would wait for the disk.
    pub(super) fn wants_epoch(&self, n_since: u64) -> bool {
        let every = self.options.checkpoint_every;
        every.is_some_and(|every| n_since >= every.div_ceil(10))
    }

    pub(super) fn keeps_checkpoints(&self) -> bool {
        self.options.checkpoint_every.is_some()
    }

    pub(super) fn divergence(&self) -> OnDivergence {
        self.options.on_divergence
    }

    /// The configuration at the start of the run.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The images.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The split into training and validation images.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// The network that a run with `config` begins with: of random weights, or those of a model.
    pub(super) fn first_network(&self, config: &TrainConfig) -> Result<Network, TrainError> {
        let network = self.network(config)?;
        if let Some(start) = &config.start {
            start.load_into(&network, &self.dataset.classes)?;
        }
        Ok(network)
    }

    /// A new network of `config`, which may have changed since the start of the run.
    pub(super) fn network(&self, config: &TrainConfig) -> Result<Network, TrainError> {
        let network = config.network()?;
        Ok(if self.options.is_fused {
            network
        } else {
            network.unfused()
        })
    }
}
