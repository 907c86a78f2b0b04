//! The settings of the panel: edits, undo, presets, and checks against the dataset.

use std::sync::Arc;
use std::time::Instant;

use super::action::DraftAction;
use super::history::History;
use super::{DataState, LastEdited, MNIST_IMAGES, Studio};
use crate::data::Dataset;
use crate::model::{PRESETS, preset};
use crate::runs::RunId;
use crate::train::{TrainConfig, live_changes};

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At the next batch of the run that is training.
    Now,
    /// With the next run.
    NextRun,
}

impl Effect {
    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Effect::Now => "takes effect at the next batch",
            Effect::NextRun => "takes effect with a new run",
        }
    }
}

impl Studio {
    pub(super) fn handle_draft(&mut self, action: DraftAction) {
        match action {
            DraftAction::Set(draft) => self.set_draft(*draft),
            DraftAction::Undo => self.undo_edit(),
            DraftAction::Redo => self.redo_edit(),
            DraftAction::ChoosePreset(name) => self.choose_preset(name),
            DraftAction::NewSeed => self.new_seed(),
            DraftAction::UseSettings(id) => self.use_settings(&id),
        }
    }

    pub(super) fn set_draft(&mut self, mut draft: TrainConfig) {
        draft.rename_preset();
        self.history.record(&self.draft, &draft, Instant::now());
        self.replace_draft(draft);
    }

    fn undo_edit(&mut self) {
        if let Some(draft) = self.history.undo(&self.draft) {
            self.replace_draft(draft);
        }
    }

    fn redo_edit(&mut self) {
        if let Some(draft) = self.history.redo(&self.draft) {
            self.replace_draft(draft);
        }
    }

    fn replace_draft(&mut self, draft: TrainConfig) {
        self.draft = draft;
        self.last_edited = LastEdited::Settings;
        self.check_draft();
        // A queued run exists for comparison: it keeps the settings it was queued with.
        if self.is_from_queue {
            return;
        }
        if let (Some(run), Some(trainer)) = (self.live_run(), self.background.trainer()) {
            // The training loop ignores invalid values, and the panel shows the errors.
            for change in live_changes(&run.config, &self.draft) {
                trainer.control().change(change);
            }
        }
    }

    fn choose_preset(&mut self, name: &'static str) {
        if let Some(preset) = preset(name) {
            let model = &self.draft.model;
            let mut draft = TrainConfig::new(preset, model.input, model.classes, 0);
            // The recipe comes from the preset; what makes runs comparable is kept.
            draft.seed = self.draft.seed;
            draft.n_validation = self.draft.n_validation;
            self.set_draft(draft);
        }
    }

    fn new_seed(&mut self) {
        let mut draft = self.draft.clone();
        // Short enough to be read aloud.
        draft.seed = self.pick() % 1_000_000;
        self.set_draft(draft);
    }

    fn use_settings(&mut self, id: &RunId) {
        if let Some(run) = self.run(id) {
            self.set_draft(run.state.config.clone());
        }
    }

    pub(super) fn use_data(&mut self, dataset: Arc<Dataset>) {
        let model = &self.draft.model;
        if model.input != dataset.image_shape() || model.classes != dataset.n_classes() {
            let preset = preset(&self.draft.preset).unwrap_or(&PRESETS[0]);
            self.draft.model = preset.spec(dataset.image_shape(), dataset.n_classes());
            self.draft.rename_preset();
            // Undoing to settings for other images would be invalid.
            self.history = History::default();
        }
        if self.draft.n_validation >= dataset.train.len() {
            self.draft.n_validation = TrainConfig::default_validation(dataset.train.len());
        }
        self.data = DataState::Ready(dataset);
        self.check_draft();
    }

    pub(super) fn check_draft(&mut self) {
        let (input, classes, n_images) = match &self.data {
            DataState::Ready(d) => (d.image_shape(), d.n_classes(), d.train.len()),
            // Checked on its own until the dataset is available.
            _ => (
                self.draft.model.input,
                self.draft.model.classes,
                MNIST_IMAGES,
            ),
        };
        self.errors = self.draft.check(input, classes, n_images);
        // A live run takes over the settings, or ends before they train another one.
        let live = self.live_run().map(|run| run.config.training_bytes());
        self.errors
            .extend(self.draft.memory_problem(live.unwrap_or(0)));
        self.with_sweeps(|sweeps, around| sweeps.check(around));
    }
}
