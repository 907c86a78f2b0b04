//! Actions on the settings of the panel.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::Dataset;
use crate::model::Classifier;
use crate::random;
use crate::runs::MODEL_FILE;
use crate::studio::action::DraftAction;
use crate::studio::canvas::Model;
use crate::studio::data::DataState;
use crate::studio::{LastEdited, Studio};
use crate::text::sentence;
use crate::train::{TrainConfig, live_changes};

impl Studio {
    pub(super) fn handle_draft(&mut self, action: DraftAction) {
        match action {
            DraftAction::Set(config) => self.set_draft(*config),
            DraftAction::Undo => {
                if self.draft.undo() {
                    self.draft_changed();
                }
            }
            DraftAction::Redo => {
                if self.draft.redo() {
                    self.draft_changed();
                }
            }
            DraftAction::ChoosePreset(name) => {
                if let Some(config) = self.draft.of_preset(name) {
                    self.set_draft(config);
                }
            }
            DraftAction::NewSeed => {
                let mut config = self.draft.config().clone();
                config.seed = match config.privacy.is_on() {
                    true => random::secret_seed(),
                    // Short enough to be read aloud.
                    false => self.pick() % 1_000_000,
                };
                self.set_draft(config);
            }
            DraftAction::Reset => self.set_draft(self.draft.default_config(self.data.dataset())),
            DraftAction::FineTune => self.fine_tune(),
            DraftAction::UseSettings(id) => {
                if let Some(run) = self.run(&id) {
                    self.set_draft(run.state.config.clone());
                }
            }
        }
    }

    /// The model on the canvas with its file, if it has one.
    pub fn fine_tuned_model(&self) -> Option<(PathBuf, &Arc<Classifier>)> {
        let path = match self.model() {
            Model::Opened { path, .. } => path.clone(),
            Model::Trained(_) if self.live_run().is_none() => {
                let folder = self.library.workspace.folder_of(&self.trained_run()?.id)?;
                folder.join(MODEL_FILE)
            }
            Model::None | Model::Trained(_) | Model::Snapshot { .. } => return None,
        };
        Some((path, self.classifier()?))
    }

    fn fine_tune(&mut self) {
        let (Some((path, source)), Some(dataset)) = (self.fine_tuned_model(), self.dataset())
        else {
            return;
        };
        match TrainConfig::fine_tuning(source, &path, dataset) {
            Ok(tuned) => {
                let mut config = self.draft.config().clone();
                config.train_all_layers();
                (config.model, config.start) = (tuned.model, tuned.start);
                self.set_draft(config);
            }
            Err(error) => self.notices.error(sentence(&error.to_string())),
        }
    }

    /// Replaces the settings, as an edit that can be undone.
    pub(in crate::studio) fn set_draft(&mut self, config: TrainConfig) {
        self.draft.set(config);
        self.draft_changed();
    }

    fn draft_changed(&mut self) {
        self.last_edited = LastEdited::Settings;
        self.check_draft();
        // A queued run exists for comparison: it keeps the settings it was queued with.
        if self.queue.is_current {
            return;
        }
        if let (Some(run), Some(control)) = (self.live_run(), self.live.control()) {
            // The training loop ignores invalid values, and the panel shows the errors.
            for change in live_changes(&run.config, self.draft.config()) {
                control.change(change);
            }
        }
    }

    pub(in crate::studio) fn use_data(&mut self, dataset: Arc<Dataset>) {
        self.draft.adapt(&dataset);
        self.data = DataState::Ready(dataset);
        self.evaluator.leave_data();
        self.check_draft();
    }

    /// Checks the settings, and the sweep that is based on them.
    pub(in crate::studio) fn check_draft(&mut self) {
        // A live run takes over the settings, or ends before they train another one.
        let live = self.live_run().map(|run| run.config.training_bytes());
        self.draft.check(self.data.dataset(), live.unwrap_or(0));
        self.with_sweeps(|sweeps, context| sweeps.check(context));
    }
}
