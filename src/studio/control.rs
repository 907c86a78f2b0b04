//! Actions on a run beyond start, pause and stop: recoveries and the timeline.

use std::sync::Arc;

use super::action::TimelineAction;
use super::timeline::Timeline;
use super::{Model, Studio};
use crate::model::Classifier;
use crate::runs::RunState;
use crate::train::{Event, Recovery};

impl Studio {
    pub(super) fn handle_timeline(&mut self, action: TimelineAction) {
        match action {
            TimelineAction::Open(id) => self.open_timeline(&id),
            TimelineAction::Close => self.close_timeline(),
            TimelineAction::ShowStep(step) => self.show_step(step),
            TimelineAction::ShowNext => self.move_along_timeline(true),
            TimelineAction::ShowPrevious => self.move_along_timeline(false),
            TimelineAction::SetBudget(bytes) => self.background.timeline().set_budget(bytes),
        }
    }

    /// The states of the newest run of this session, or of the run whose timeline is open.
    pub fn timeline(&self) -> &Timeline {
        match &self.earlier {
            Some(earlier) => &earlier.timeline,
            None => &self.timeline,
        }
    }

    /// The run that [`Studio::timeline`] belongs to.
    pub fn timeline_run(&self) -> Option<&RunState> {
        match &self.earlier {
            Some(earlier) => Some(&earlier.state),
            None => self.own_run().map(|run| &run.state),
        }
    }

    /// The step of the snapshot that classifies the drawing; `None` for the newest weights.
    pub fn shown_step(&self) -> Option<u64> {
        match &self.model {
            Model::Snapshot { step, .. } => Some(*step),
            _ => None,
        }
    }

    /// Recovers from the anomaly that training is paused for.
    pub(super) fn recover(&self, recovery: Recovery) {
        let is_troubled = self.live_run().is_some_and(|run| run.divergence.is_some());
        if let Some(trainer) = self.background.trainer().filter(|_| is_troubled) {
            trainer.control().recovery(recovery);
        }
    }

    /// Classifies the drawing with the weights after `step` updates, or the newest ones.
    pub(super) fn show_step(&mut self, step: Option<u64>) {
        let Some(step) = step else {
            return self.use_trained_model();
        };
        let state = self.timeline().at(step).cloned();
        let template = match &self.earlier {
            Some(earlier) => Some(&earlier.template),
            None => self.trained.as_deref(),
        };
        let (Some(state), Some(template)) = (state, template) else {
            return;
        };
        let Ok(network) = template.network.deep_copy() else {
            // If there is no memory for a copy, the drawing is classified as before.
            return;
        };
        if let Err(error) = state.load_into(&network) {
            return self.notify_error(format!("Update {step} cannot be shown: {error}"));
        }
        let mut provenance = template.provenance.clone();
        provenance.epochs = state.epochs(self.timeline_run().map_or(0, |run| run.n_train));
        provenance.test_accuracy = None;
        self.model = Model::Snapshot {
            step,
            classifier: Arc::new(Classifier {
                network,
                classes: template.classes.clone(),
                provenance,
            }),
        };
        self.ask();
    }

    /// Shows the previous or the next snapshot; after the last one of the newest run, the newest
    /// weights.
    fn move_along_timeline(&mut self, is_forward: bool) {
        let steps = self.timeline().states().iter().map(|s| s.step());
        let shown = self.shown_step();
        let step = match (shown, is_forward) {
            (None, true) => return,
            (None, false) => steps.max(),
            (Some(shown), true) => {
                let next = steps.filter(|&s| s > shown).min();
                next.or(self.earlier.is_some().then_some(shown))
            }
            (Some(shown), false) => steps.filter(|&s| s < shown).max().or(Some(shown)),
        };
        self.show_step(step);
    }

    /// Copies changes that a live run reports to the settings: it may change them by itself.
    pub(super) fn follow_run(&mut self, event: &Event) {
        match event {
            Event::Changed {
                setting, old, new, ..
            } if self.draft.setting(*setting) == *old => {
                self.draft.set_setting(*setting, new);
                self.check_draft();
            }
            Event::RolledBack { step, .. }
                if self.earlier.is_none() && self.shown_step().is_some_and(|s| s > *step) =>
            {
                self.use_trained_model();
            }
            _ => {}
        }
    }
}
