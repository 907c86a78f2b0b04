//! What a front end reads from the studio.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::canvas::Model;
use super::classified::Classified;
use super::compare::Compared;
use super::data::DataState;
use super::draft::Effect;
use super::library::{Filter, Run};
use super::lr_finder::LrFinder;
use super::notices::Notice;
use super::pad::Pad;
use super::recent::Recent;
use super::sweeps::Sweeps;
use super::{LastEdited, Studio};
use crate::data::Dataset;
use crate::model::{Classifier, Layer};
use crate::predict::Prediction;
use crate::runs::{MODEL_FILE, RunId, RunState, UnreadableRun};
use crate::train::{FieldError, Inspection, Setting, TrainConfig};

impl Studio {
    /// The state of the dataset.
    pub fn data(&self) -> &DataState {
        &self.data
    }

    /// The dataset, once it is loaded.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.data.dataset()
    }

    /// The settings in the panel; they may be invalid.
    pub fn draft(&self) -> &TrainConfig {
        self.draft.config()
    }

    /// What was edited last.
    pub fn last_edited(&self) -> LastEdited {
        self.last_edited
    }

    /// Whether an edit of the settings can be undone.
    pub fn can_undo_edit(&self) -> bool {
        self.draft.can_undo()
    }

    /// Whether an edit of the settings can be redone.
    pub fn can_redo_edit(&self) -> bool {
        self.draft.can_redo()
    }

    /// All errors in the settings. A run can start if there are none.
    pub fn errors(&self) -> &[FieldError] {
        self.draft.errors()
    }

    /// The error at `setting`.
    pub fn error_at(&self, setting: Setting) -> Option<&FieldError> {
        self.errors().iter().find(|e| e.setting == setting)
    }

    /// Whether a run can start: the dataset is loaded, the settings are valid, and no run is live.
    pub fn can_train(&self) -> bool {
        self.dataset().is_some()
            && self.errors().is_empty()
            && self.live_run().is_none()
            && !self.sweeps.is_live()
    }

    /// When a change of `setting` would take effect.
    pub fn effect_of(&self, setting: Setting) -> Effect {
        // A dropout rate belongs to its layer; the other layers require a new network.
        if let Setting::Layer(idx) = setting {
            let layer = self.draft().model.layers.get(idx);
            return layer.map_or(Effect::NextRun, |layer| self.effect_of_layer(layer));
        }
        let fits = |r: &RunState| setting.can_change(&r.config, self.draft());
        self.effect_if(self.live_run().is_some_and(fits))
    }

    /// When a change of a number of `layer` would take effect: immediately only for a dropout rate,
    /// as long as the other layers are those of the run.
    pub fn effect_of_layer(&self, layer: &Layer) -> Effect {
        let fits = |r: &RunState| Setting::Dropout.can_change(&r.config, self.draft());
        let is_rate = matches!(layer, Layer::Dropout(_) | Layer::Dropout2d(_));
        self.effect_if(is_rate && self.live_run().is_some_and(fits))
    }

    fn effect_if(&self, is_live_setting: bool) -> Effect {
        if is_live_setting && self.live_run().is_some() && !self.queue.is_current {
            Effect::Now
        } else {
            Effect::NextRun
        }
    }

    /// The runs in the workspace, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.library.runs
    }

    /// The runs in the workspace that cannot be read, by id.
    pub fn unreadable_runs(&self) -> &[UnreadableRun] {
        &self.library.unreadable
    }

    /// The run in training, or trained last.
    pub fn own_run(&self) -> Option<&Run> {
        self.library.own()
    }

    /// The run whose model is the trained one: this session's newest run, or that of the last session.
    pub fn trained_run(&self) -> Option<&Run> {
        let restored = || self.run(self.canvas.restored()?);
        self.own_run().or_else(restored)
    }

    /// What was opened lately.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// The run with this `id`.
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.library.get(id)
    }

    /// The filter, shared by every view of runs.
    pub fn filter(&self) -> &Filter {
        self.library.filter()
    }

    /// The runs that match the filter, oldest first.
    pub fn filtered_runs(&self) -> impl Iterator<Item = &Run> {
        self.library.filtered()
    }

    /// Changes whenever the runs or the filter change, so that everything derived from them must be
    /// recomputed.
    pub fn runs_version(&self) -> u64 {
        self.library.version
    }

    /// Whether the runs of the workspace are still being read for the first time.
    pub fn is_reading_runs(&self) -> bool {
        self.library.is_reading()
    }

    /// Folder in which runs are saved; `None` saves none.
    pub fn workspace(&self) -> Option<&Path> {
        self.library.workspace.folder()
    }

    /// The model file of a run that is saved on disk; it is written when the run ends.
    pub fn model_file(&self, id: &RunId) -> Option<PathBuf> {
        let folder = self.library.workspace.folder_of(id)?;
        Some(folder.join(MODEL_FILE))
    }

    /// Whether runs are saved on disk.
    pub fn is_kept(&self) -> bool {
        self.workspace().is_some()
    }

    /// The runs in the trash, as of the last update.
    pub fn trash(&self) -> &[RunId] {
        &self.library.workspace.trash
    }

    /// The baseline, if there is one.
    pub fn baseline(&self) -> Option<&Run> {
        self.library.get(self.library.baseline.as_ref()?)
    }

    /// Whether the run is selected.
    pub fn is_selected(&self, id: &RunId) -> bool {
        self.library.selection.contains(id)
    }

    /// The ids of the selected runs.
    pub fn selection(&self) -> &BTreeSet<RunId> {
        &self.library.selection
    }

    /// The selected runs, oldest first, whether or not they match the filter.
    pub fn selected_runs(&self) -> impl Iterator<Item = &Run> {
        self.runs().iter().filter(|run| self.is_selected(&run.id))
    }

    /// The run that is training or paused, if there is one.
    pub fn live_run(&self) -> Option<&RunState> {
        let own = self.library.own().map(|run| &run.state);
        own.filter(|state| state.is_live())
    }

    /// Whether the run is saved in the workspace and has ended, so that it can be resumed.
    pub fn can_continue(&self, id: &RunId) -> bool {
        let is_over = self.run(id).is_some_and(|run| !run.state.is_live());
        self.is_kept() && is_over && self.live_run().is_none()
    }

    /// Whether a branch can start from the snapshot that the timeline shows.
    pub fn can_branch(&self) -> bool {
        self.can_train() && !self.timeline().states().is_empty()
    }

    /// Whether layer statistics are on.
    pub fn watches_layers(&self) -> bool {
        self.live.watches_layers()
    }

    /// The batch that was inspected last, until the inspection is closed.
    pub fn inspection(&self) -> Option<&Inspection> {
        self.inspection.as_ref()
    }

    /// The state of the LR finder.
    pub fn lr_finder(&self) -> &LrFinder {
        &self.lr_finder
    }

    /// The results of the analyses.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    /// The sweeps.
    pub fn sweeps(&self) -> &Sweeps {
        &self.sweeps
    }

    /// The id of the live run.
    pub fn live_run_id(&self) -> Option<&RunId> {
        let own = self.library.own().filter(|run| run.state.is_live());
        own.map(|run| &run.id)
    }

    /// The model that classifies the drawing.
    pub fn model(&self) -> &Model {
        self.canvas.model()
    }

    /// The network that classifies the drawing, whatever its origin.
    pub fn classifier(&self) -> Option<&Arc<Classifier>> {
        self.canvas.classifier()
    }

    /// Whether the network that classifies the drawing is the EMA of a run's weights.
    pub fn is_averaged(&self) -> bool {
        let config = self.classifier().map(|c| &c.provenance.config);
        let decay = config.and_then(|c| c.get("ema_decay").or(c.get("average"))?.as_f64());
        decay.is_some_and(|decay| decay > 0.0)
    }

    /// Whether there is a trained network to return to from an opened one.
    pub fn has_trained_model(&self) -> bool {
        self.canvas.trained().is_some()
    }

    /// Images with the answer to each, until they are closed.
    pub fn classified(&self) -> &Arc<[Classified]> {
        &self.classified
    }

    /// The canvas.
    pub fn pad(&self) -> &Pad {
        &self.canvas.pad
    }

    /// The newest prediction for the drawing; `None` while the canvas is empty, there is no model,
    /// or the first prediction is in progress.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.canvas.answer()?.as_ref().ok()
    }

    /// Whether a prediction for the newest strokes is to come.
    pub fn is_predicting(&self) -> bool {
        self.canvas.is_predicting()
    }

    /// Why the network could not classify the drawing: one sentence, to show in place of the
    /// prediction.
    pub fn prediction_error(&self) -> Option<&str> {
        self.canvas.answer()?.as_ref().err().map(String::as_str)
    }

    /// Notices to the user, oldest first.
    pub fn notices(&self) -> &[Notice] {
        self.notices.all()
    }

    /// Background tasks, such as `saving digits.safetensors`; for the status line.
    pub fn activities(&self) -> &[String] {
        self.files.activities()
    }
}
