//! A run that can start: a configuration that was checked against its data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FieldError, OnDivergence, TrainConfig};
use crate::data::{Dataset, Split, stratified_split};
use crate::model::Provenance;

/// What belongs to a run beside its configuration: how it is guarded, kept and computed. A run that
/// goes on after an interruption goes on with the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// What it does when its loss cannot be trusted.
    pub on_divergence: OnDivergence,
    /// Updates between two full states for the observer; none for no full states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<u64>,
    /// Whether neighboring layers run as one operation.
    pub is_fused: bool,
    /// Whether statistics of the layers are measured from the start, see
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

/// A checked configuration with its data. There is no other way to make one than [`Job::new`], so
/// whoever holds a job need not check again.
#[derive(Clone, Debug)]
pub struct Job {
    config: TrainConfig,
    dataset: Arc<Dataset>,
    split: Split,
    options: RunOptions,
}

impl Job {
    /// Checks `config` against `dataset` and draws the validation split.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn new(config: TrainConfig, dataset: Arc<Dataset>) -> Result<Job, Vec<FieldError>> {
        let n_images = dataset.train.len();
        let mut errors = config.check(dataset.image_shape(), dataset.n_classes(), n_images);
        errors.extend(config.memory_problem(0));
        if !errors.is_empty() {
            return Err(errors);
        }
        let split = stratified_split(dataset.train.labels(), config.n_validation, config.seed);
        Ok(Job {
            config,
            dataset,
            split,
            options: RunOptions::default(),
        })
    }

    /// What belongs to the run beside its configuration.
    pub fn options(&self) -> RunOptions {
        self.options
    }

    /// All of it at once.
    #[must_use]
    pub fn with_options(mut self, options: RunOptions) -> Job {
        self.options = options;
        self
    }

    /// The observer gets the full state of the run every `steps` updates.
    #[must_use]
    pub fn with_checkpoints(mut self, steps: u64) -> Job {
        self.options.checkpoint_every = Some(steps.max(1));
        self
    }

    /// What the run does when its loss cannot be trusted.
    #[must_use]
    pub fn on_divergence(mut self, what: OnDivergence) -> Job {
        self.options.on_divergence = what;
        self
    }

    /// The network runs one operation a layer, for comparison; see [`Network::unfused`].
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

    /// Whether the end of an epoch, `n_since` updates after the last checkpoint, is worth one: with
    /// tiny epochs training would wait for the disk.
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

    pub(super) fn is_fused(&self) -> bool {
        self.options.is_fused
    }

    /// The configuration at the start of the run.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The images.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Which of the training images are learned from and which are held out.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// What a model file says about a model trained by this job.
    pub fn provenance(
        &self,
        config: &TrainConfig,
        epochs: f64,
        test_accuracy: Option<f64>,
    ) -> Provenance {
        config.provenance(&self.dataset.name, epochs, test_accuracy)
    }
}
