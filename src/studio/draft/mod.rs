//! The settings of the panel with their undo history and their errors.

mod effect;
mod history;

use std::sync::Arc;
use std::time::Instant;

use crate::data::Dataset;
use crate::model::{PRESETS, preset};
use crate::train::{FieldError, Job, Setting, TrainConfig, Value};
pub use effect::Effect;
use history::History;

/// Number of images in MNIST's training set, assumed until the dataset is read.
const MNIST_IMAGES: usize = 60_000;

/// The settings of the panel; they may be invalid.
pub(super) struct Draft {
    config: TrainConfig,
    history: History,
    errors: Vec<FieldError>,
}

impl Default for Draft {
    fn default() -> Draft {
        Draft {
            config: TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, MNIST_IMAGES),
            history: History::default(),
            errors: Vec::new(),
        }
    }
}

impl Draft {
    pub(super) fn config(&self) -> &TrainConfig {
        &self.config
    }

    pub(super) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub(super) fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    pub(super) fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Replaces the settings, as an edit that can be undone.
    pub(super) fn set(&mut self, mut config: TrainConfig) {
        config.rename_preset();
        self.forget_start(&mut config);
        self.history.record(&self.config, &config, Instant::now());
        self.config = config;
    }

    /// Weights and names of layers belong to the layers they were chosen for: other layers begin with
    /// random weights.
    fn forget_start(&self, config: &mut TrainConfig) {
        let shapes = |config: &TrainConfig| config.model.param_shapes().ok();
        if config.start == self.config.start && shapes(config) != shapes(&self.config) {
            config.start = None;
        }
        let names = |config: &TrainConfig| config.model.layer_names();
        if config.freeze == self.config.freeze && names(config) != names(&self.config) {
            config.train_all_layers();
        }
    }

    /// The settings before each edit, and those that were undone.
    pub(super) fn history(&self) -> (&[TrainConfig], &[TrainConfig]) {
        self.history.parts()
    }

    /// Returns to the settings of an earlier session, with their undo history.
    pub(super) fn restore(
        &mut self,
        config: TrainConfig,
        past: Vec<TrainConfig>,
        future: Vec<TrainConfig>,
    ) {
        self.config = config;
        self.history = History::of(past, future);
    }

    /// Undoes the last edit; returns whether there was one.
    pub(super) fn undo(&mut self) -> bool {
        let before = self.history.undo(&self.config);
        self.replace(before)
    }

    /// Redoes the edit that was undone last; returns whether there was one.
    pub(super) fn redo(&mut self) -> bool {
        let after = self.history.redo(&self.config);
        self.replace(after)
    }

    fn replace(&mut self, config: Option<TrainConfig>) -> bool {
        let Some(config) = config else {
            return false;
        };
        self.config = config;
        true
    }

    /// The preset's settings for the images in use.
    pub(super) fn of_preset(&self, name: &str) -> Option<TrainConfig> {
        let model = &self.config.model;
        let mut config = TrainConfig::new(preset(name)?, model.input, model.classes, 0);
        // The recipe comes from the preset; what makes runs comparable is kept.
        config.seed = self.config.seed;
        config.n_validation = self.config.n_validation;
        Some(config)
    }

    /// The default settings, for the images of `dataset`; without one, for those in use.
    pub(super) fn default_config(&self, dataset: Option<&Arc<Dataset>>) -> TrainConfig {
        let model = &self.config.model;
        let n_train = dataset.map_or(MNIST_IMAGES, |dataset| dataset.train.len());
        TrainConfig::new(&PRESETS[0], model.input, model.classes, n_train)
    }

    /// Changes what does not fit `dataset`.
    pub(super) fn adapt(&mut self, dataset: &Dataset) {
        let config = &mut self.config;
        if config.model.input != dataset.image_shape()
            || config.model.classes != dataset.n_classes()
        {
            let preset = preset(&config.preset).unwrap_or(&PRESETS[0]);
            config.model = preset.spec(dataset.image_shape(), dataset.n_classes());
            config.start = None;
            config.train_all_layers();
            config.rename_preset();
            // Undoing to settings for other images would be invalid.
            self.history = History::default();
        }
        if config.n_validation >= dataset.train.len() {
            config.n_validation = TrainConfig::default_validation(dataset.train.len());
        }
    }

    /// Follows a change that the run made by itself; returns whether the settings had its old value.
    pub(super) fn follow(&mut self, setting: Setting, old: &Value, new: &Value) -> bool {
        let follows = self.config.setting(setting) == *old;
        if follows {
            self.config.set_setting(setting, new);
        }
        follows
    }

    /// Checks the settings again. `n_live_bytes` is the memory of the run in training: it takes over
    /// the settings, or ends before they train another one.
    pub(super) fn check(&mut self, dataset: Option<&Arc<Dataset>>, n_live_bytes: u64) {
        let (input, classes, n_images) = match dataset {
            Some(d) => (d.image_shape(), d.n_classes(), d.train.len()),
            // Checked on its own until the dataset is available.
            None => {
                let model = &self.config.model;
                (model.input, model.classes, MNIST_IMAGES)
            }
        };
        self.errors = self.config.check(input, classes, n_images);
        self.errors.extend(self.config.memory_problem(n_live_bytes));
    }

    /// A job with the settings; if they are invalid, their errors are stored instead.
    pub(super) fn job(&mut self, dataset: Arc<Dataset>) -> Option<Job> {
        let job = Job::new(self.config.clone(), dataset);
        job.map_err(|errors| self.errors = errors).ok()
    }

    /// Stores errors that were found elsewhere.
    pub(super) fn set_errors(&mut self, errors: Vec<FieldError>) {
        self.errors = errors;
    }
}
