//! Actions on the evaluation.

use std::sync::Arc;

use super::Evaluator;
use super::job::{Job, Subject, Task};
use crate::data::Dataset;
use crate::evaluate::{Selection, SplitName};
use crate::studio::Studio;
use crate::studio::canvas::Model;
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
            | EvaluateAction::RemoveTemperature => true,
        }
    }

    /// Forgets results of another dataset.
    pub(in crate::studio) fn leave_data(&mut self) {
        self.kept.clear();
        self.asked = None;
        self.newest = None;
        self.before = None;
        self.opened = None;
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
            EvaluateAction::Split(split) => evaluator.split = split,
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
        }
    }

    /// What Evaluate shows.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// Takes results of the evaluation, and asks for the next one.
    pub(in crate::studio) fn pump_evaluator(&mut self) {
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
