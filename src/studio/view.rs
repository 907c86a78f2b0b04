//! What a front end reads of the studio.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::{DataState, Effect, Filter, LastEdited, Model, Notice, Pad, Run, Studio, Sweeps};
use crate::data::Dataset;
use crate::model::{Classifier, Layer};
use crate::predict::Prediction;
use crate::runs::{RunId, RunState};
use crate::train::{Field, FieldError, Setting, TrainConfig};

impl Studio {
    /// The images to learn from.
    pub fn data(&self) -> &DataState {
        &self.data
    }

    /// The data, once it is there.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match &self.data {
            DataState::Ready(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// The settings as they stand in the panel; they may be wrong.
    pub fn draft(&self) -> &TrainConfig {
        &self.draft
    }

    /// What was changed last.
    pub fn last_edited(&self) -> LastEdited {
        self.last_edited
    }

    /// Whether an edit of the settings can be taken back.
    pub fn can_undo_edit(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether an edit of the settings can be put back.
    pub fn can_redo_edit(&self) -> bool {
        self.history.can_redo()
    }

    /// Everything that is wrong with the settings. Empty means that a run can start.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What there is to say about `field`.
    pub fn error_at(&self, field: Field) -> Option<&FieldError> {
        self.errors.iter().find(|e| e.field == field)
    }

    /// Whether a run can start: the data is there, the settings are right, and none is live.
    pub fn can_train(&self) -> bool {
        self.dataset().is_some() && self.errors.is_empty() && self.live_run().is_none()
    }

    /// When a change of `field` would take effect.
    pub fn effect_of(&self, field: Field) -> Effect {
        let is_live_setting = match field {
            Field::LearningRate
            | Field::WeightDecay
            | Field::BatchSize
            | Field::Epochs
            | Field::Schedule
            | Field::Warmup
            | Field::L1
            | Field::Augment(_) => true,
            // A rate belongs to its layer; the other layers are another network.
            Field::Layer(idx) => {
                let layer = self.draft.model.layers.get(idx);
                return layer.map_or(Effect::NextRun, |layer| self.effect_of_layer(layer));
            }
            // Momentum means different things to different optimizers.
            Field::Momentum | Field::Beta1 => self
                .live_run()
                .is_some_and(|r| r.config.optimizer.name() == self.draft.optimizer.name()),
            _ => false,
        };
        self.effect_if(is_live_setting)
    }

    /// When a change of a number of `layer`, one of the settings', would take effect: at once only
    /// for a rate of dropout, as long as the other layers are those of the run.
    pub fn effect_of_layer(&self, layer: &Layer) -> Effect {
        let fits = |r: &RunState| Setting::Dropout.can_change(&r.config, &self.draft);
        let is_rate = matches!(layer, Layer::Dropout { .. });
        self.effect_if(is_rate && self.live_run().is_some_and(fits))
    }

    fn effect_if(&self, is_live_setting: bool) -> Effect {
        if is_live_setting && self.live_run().is_some() && !self.is_from_queue {
            Effect::Now
        } else {
            Effect::NextRun
        }
    }

    /// The runs in the workspace, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.library.runs
    }

    /// The run this studio trains, or trained last.
    pub fn own_run(&self) -> Option<&Run> {
        self.library.own()
    }

    /// The run known by `id`.
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.library.get(id)
    }

    /// Which runs are looked for, in every view of them.
    pub fn filter(&self) -> &Filter {
        self.library.filter()
    }

    /// The runs that are looked for, oldest first.
    pub fn filtered_runs(&self) -> impl Iterator<Item = &Run> {
        self.library.filtered()
    }

    /// Another number whenever something about the runs, or about which are looked for, has
    /// changed: what was made of them has to be made again.
    pub fn runs_version(&self) -> u64 {
        self.library.version
    }

    /// Whether the runs of the workspace are still being read for the first time.
    pub fn is_reading_runs(&self) -> bool {
        self.watch.is_some() && !self.library.is_listed
    }

    /// Folder in which runs are kept; `None` keeps none.
    pub fn workspace(&self) -> Option<&Path> {
        self.workspace.as_deref()
    }

    /// The run that others are compared with, if one was chosen.
    pub fn baseline(&self) -> Option<&Run> {
        self.library.get(self.library.baseline.as_ref()?)
    }

    /// Whether the run is picked, in every view of runs.
    pub fn is_selected(&self, id: &RunId) -> bool {
        self.library.selection.contains(id)
    }

    /// The runs that are picked, by what they are known by.
    pub fn selection(&self) -> &BTreeSet<RunId> {
        &self.library.selection
    }

    /// The runs that are picked, oldest first, whether or not the filter lets them through.
    pub fn selected_runs(&self) -> impl Iterator<Item = &Run> {
        self.runs().iter().filter(|run| self.is_selected(&run.id))
    }

    /// The run that is training or waiting, if there is one.
    pub fn live_run(&self) -> Option<&RunState> {
        let own = self.library.own().map(|run| &run.state);
        own.filter(|state| state.is_live())
    }

    /// The sweeps.
    pub fn sweeps(&self) -> &Sweeps {
        &self.sweeps
    }

    /// What that run is known by.
    pub fn live_run_id(&self) -> Option<&RunId> {
        let own = self.library.own().filter(|run| run.state.is_live());
        own.map(|run| &run.id)
    }

    /// What the canvas asks.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The network the canvas asks, from wherever it came.
    pub fn classifier(&self) -> Option<&Arc<Classifier>> {
        match &self.model {
            Model::None => None,
            Model::Trained(classifier)
            | Model::Snapshot { classifier, .. }
            | Model::Opened { classifier, .. } => Some(classifier),
        }
    }

    /// Whether the network the canvas asks is the moving average of a run's weights.
    pub fn is_averaged(&self) -> bool {
        let config = self.classifier().map(|c| &c.provenance.config);
        let decay = config.and_then(|c| c.get("ema_decay").or(c.get("average"))?.as_f64());
        decay.is_some_and(|decay| decay > 0.0)
    }

    /// Whether there is a trained network to go back to from an opened one.
    pub fn has_trained_model(&self) -> bool {
        self.trained.is_some()
    }

    /// The canvas.
    pub fn pad(&self) -> &Pad {
        &self.pad
    }

    /// The newest answer to what is on the canvas; `None` while the canvas is empty, there is no
    /// model, or the first answer is on its way.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.answer.as_ref()?.as_ref().ok()
    }

    /// Why there is no answer to what is on the canvas, where the network was asked and could give
    /// none: one sentence, in the answer's place.
    pub fn prediction_error(&self) -> Option<&str> {
        self.answer.as_ref()?.as_ref().err().map(String::as_str)
    }

    /// What a person should read, oldest first.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What is going on elsewhere, such as `saving digits.safetensors`; for the status line.
    pub fn activities(&self) -> &[String] {
        &self.background.activities
    }
}
