//! Actions on the evaluation.

use std::path::PathBuf;
use std::sync::Arc;

use super::Evaluator;
use super::history::Snapshots;
use super::job::{Job, Subject, Task};
use super::save::Saved;
use crate::data::Dataset;
use crate::evaluate::{Selection, SplitName};
use crate::export::model::int8_twin;
use crate::model::Classifier;
use crate::runs::{MODEL_FILE, RunId, RunState};
use crate::studio::Studio;
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::text;

/// An action on the evaluation of the model that predicts.
#[derive(Clone, Debug)]
pub enum EvaluateAction {
    /// Keep evaluating the model, or stop.
    Show(bool),
    /// Evaluate it on these images.
    Split(SplitName),
    /// Evaluate the model in training as it is now.
    Now,
    /// Look at these images, in this order.
    Select(Selection),
    /// Put the image at this position on the canvas.
    Open(usize),
    /// Fit a temperature on the validation images, and use it.
    FitTemperature,
    /// Use the probabilities of the network as they are.
    RemoveTemperature,
    /// Evaluate all snapshots of the run whose timeline is shown.
    MakeHistory,
    /// Stop that.
    StopHistory,
    /// Keep the model on the canvas, as it is now, beside the one that is evaluated.
    KeepBeside,
    /// Show the model of a run beside the one that is evaluated.
    AddBeside(RunId),
    /// Show the int8 twin of the model on the canvas beside it.
    AddInt8,
    /// Remove one of the models beside.
    RemoveBeside(usize),
    /// Save something of the newest evaluation to a file.
    Save(Saved, PathBuf),
}

impl Evaluator {
    /// Whether an action would change anything.
    pub(in crate::studio) fn would_change(&self, action: &EvaluateAction) -> bool {
        match action {
            EvaluateAction::Show(is_shown) => *is_shown != self.is_shown,
            EvaluateAction::Split(split) => *split != self.split,
            EvaluateAction::Select(selection) => *selection != self.selection,
            EvaluateAction::Now
            | EvaluateAction::Open(_)
            | EvaluateAction::FitTemperature
            | EvaluateAction::RemoveTemperature
            | EvaluateAction::MakeHistory
            | EvaluateAction::StopHistory
            | EvaluateAction::KeepBeside
            | EvaluateAction::AddBeside(_)
            | EvaluateAction::AddInt8
            | EvaluateAction::RemoveBeside(_)
            | EvaluateAction::Save(..) => true,
        }
    }

    /// Forgets results of another dataset.
    pub(in crate::studio) fn leave_data(&mut self) {
        self.kept.clear();
        self.asked = None;
        self.newest = None;
        self.before = None;
        self.opened = None;
        self.selection.filter.among = None;
        self.historian.forget();
        self.beside.forget();
        self.select();
    }

    fn fit(&mut self, subject: Subject, dataset: Arc<Dataset>) {
        self.thread.ask(Job {
            task: Task::FitTemperature,
            subject,
            dataset,
        });
    }
}

impl Studio {
    pub(in crate::studio) fn handle_evaluate(&mut self, action: EvaluateAction) {
        let evaluator = &mut self.evaluator;
        match action {
            EvaluateAction::Show(is_shown) => evaluator.is_shown = is_shown,
            EvaluateAction::Split(split) => {
                evaluator.split = split;
                // Those were images of the other split.
                evaluator.selection.filter.among = None;
            }
            EvaluateAction::Now => {
                evaluator.is_due = true;
                evaluator.last = None;
            }
            EvaluateAction::Select(selection) => {
                evaluator.selection = selection;
                evaluator.select();
            }
            EvaluateAction::Open(position) => self.open_evaluated(position),
            EvaluateAction::FitTemperature => {
                if let (Some(subject), Some(dataset)) = (self.subject(), self.dataset().cloned()) {
                    self.evaluator.fit(subject, dataset);
                }
            }
            EvaluateAction::RemoveTemperature => self.set_temperature(None),
            EvaluateAction::MakeHistory => self.make_history(),
            EvaluateAction::StopHistory => evaluator.historian.stop(),
            EvaluateAction::KeepBeside => {
                if let (Some(name), Some(model)) = (self.model_name(), self.classifier().cloned()) {
                    self.evaluator.beside.add(name, model);
                }
            }
            EvaluateAction::AddBeside(id) => self.add_beside(&id),
            EvaluateAction::AddInt8 => self.add_int8(),
            EvaluateAction::RemoveBeside(idx) => evaluator.beside.remove(idx),
            EvaluateAction::Save(saved, path) => self.save_evaluation(saved, path),
        }
    }

    /// What Evaluate shows.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// Takes results of the evaluation, and asks for the next one.
    pub(in crate::studio) fn pump_evaluator(&mut self) {
        self.continue_history();
        let (subject, dataset) = (self.subject(), self.data.dataset().cloned());
        if let Some(temperature) = self.evaluator.pump(subject, dataset.as_ref()) {
            self.set_temperature(Some(temperature));
            let text = format!(
                "The probabilities are calibrated with a temperature of {}; saving the model keeps it",
                text::loss(temperature)
            );
            self.notices.info(text);
        }
    }

    /// Keeps the history of a run in training up to date.
    fn continue_history(&mut self) {
        let evaluator = &self.evaluator;
        let is_wanted = evaluator.is_shown
            && evaluator.has_more_history
            && evaluator.historian.progress().is_none();
        let is_of = |id: &RunId| evaluator.historian.of(id, evaluator.split).is_some();
        if is_wanted && self.timeline_run_id().is_some_and(is_of) {
            self.make_history();
        }
    }

    fn make_history(&mut self) {
        self.evaluator.has_more_history = false;
        let template = match self.timelines.opened() {
            Some(opened) => Some(opened.template.clone()),
            None => self.canvas.trained().cloned(),
        };
        let (Some(run), Some(template), Some(dataset)) = (
            self.timeline_run_id().cloned(),
            template,
            self.dataset().cloned(),
        ) else {
            return;
        };
        let snapshots = Snapshots {
            run,
            states: self.timeline().states().to_vec(),
            template,
            dataset,
        };
        self.evaluator
            .historian
            .ask(snapshots, self.evaluator.split);
    }

    /// The run whose timeline is shown.
    pub fn timeline_run_id(&self) -> Option<&RunId> {
        let own = || self.own_run().map(|run| &run.id);
        self.earlier_run().or_else(own)
    }

    /// What the model on the canvas is called: its run's name, with the update for a snapshot, or its
    /// file's.
    pub fn model_name(&self) -> Option<String> {
        let of_run = |run: Option<&RunState>| run.map_or("model", |run| &run.name).to_owned();
        match self.model() {
            Model::None => None,
            Model::Opened { path, .. } => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                Some(name.to_string_lossy().into_owned())
            }
            Model::Snapshot { step, .. } => {
                let (run, step) = (of_run(self.timeline_run()), text::thousands(*step));
                Some(format!("{run}, update {step}"))
            }
            Model::Trained(_) => Some(of_run(self.trained_run().map(|run| &run.state))),
        }
    }

    /// Reads the model of a run, to show it beside the one that is evaluated.
    fn add_beside(&mut self, id: &RunId) {
        let Some(run) = self.run(id) else {
            return;
        };
        let name = run.state.name.clone();
        let Some(path) = self.library.workspace.folder_of(id) else {
            return;
        };
        let path = path.join(MODEL_FILE);
        self.files
            .run(format!("opening {}", path.display()), move || {
                let read = Classifier::load(&path).map_err(|error| error.to_string());
                Message::Beside(name, read.map(Box::new))
            });
    }

    /// Makes the int8 twin of the model on the canvas, to show it beside.
    fn add_int8(&mut self) {
        let (Some(name), Some(model), Some(dataset)) = (
            self.model_name(),
            self.classifier().cloned(),
            self.dataset().cloned(),
        ) else {
            return;
        };
        let doing = format!("rounding {name} to 8 bits");
        self.files.run(doing, move || {
            let twin = int8_twin(&model, &dataset).map_err(|error| error.to_string());
            Message::Beside(format!("{name}, int8"), twin.map(Box::new))
        });
    }

    /// Shows a model that was read beside the one that is evaluated.
    pub(in crate::studio) fn receive_beside(&mut self, name: String, model: Classifier) {
        self.evaluator.beside.add(name, Arc::new(model));
    }

    /// The model that is evaluated: the one that predicts.
    fn subject(&self) -> Option<Subject> {
        let moment = || {
            let own = || self.trained_run().map(|run| run.id.clone());
            let run = self.earlier_run().cloned().or_else(own)?;
            Some((run, self.shown_step()?))
        };
        Some(Subject {
            classifier: self.classifier()?.clone(),
            moment: moment(),
            is_training: self.live_run().is_some() && matches!(self.model(), Model::Trained(_)),
        })
    }

    fn set_temperature(&mut self, temperature: Option<f64>) {
        if let Err(error) = self.canvas.set_temperature(temperature) {
            return self.notices.error(error.to_string());
        }
        self.evaluator.kept.clear();
        self.ask();
    }

    fn open_evaluated(&mut self, position: usize) {
        let Some(evaluation) = self.evaluator.newest.clone() else {
            return;
        };
        if position >= evaluation.predictions.len() {
            return;
        }
        self.evaluator.opened = Some(position);
        let (set, idx) = evaluation.image(position);
        self.put_image(set, idx);
    }
}
