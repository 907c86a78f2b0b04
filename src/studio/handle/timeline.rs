//! Actions on the timeline, and what a front end reads of it.

use std::sync::Arc;

use crate::model::Classifier;
use crate::runs::{RunId, RunState};
use crate::studio::Studio;
use crate::studio::action::TimelineAction;
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::studio::opened_timeline::{self, OpenedTimeline, Remembered};
use crate::studio::timeline::Timeline;

impl Studio {
    pub(super) fn handle_timeline(&mut self, action: TimelineAction) {
        match action {
            TimelineAction::Open(id) => self.open_timeline(&id),
            TimelineAction::Close => self.close_timeline(),
            TimelineAction::ShowStep(step) => self.show_step(step),
            TimelineAction::ShowNext => self.show_neighbor(true),
            TimelineAction::ShowPrevious => self.show_neighbor(false),
            TimelineAction::SetStateMemory(bytes) => self.live.set_state_memory(bytes),
        }
    }

    /// The states of the newest run of this session, or of the run whose timeline is open.
    pub fn timeline(&self) -> &Timeline {
        self.timelines.shown()
    }

    /// Memory limit of the states of all timelines and of those to roll back to, in bytes.
    pub fn state_memory(&self) -> usize {
        self.live.state_memory()
    }

    /// The run that [`Studio::timeline`] belongs to.
    pub fn timeline_run(&self) -> Option<&RunState> {
        match self.timelines.opened() {
            Some(opened) => Some(&opened.state),
            None => self.own_run().map(|run| &run.state),
        }
    }

    /// The run whose timeline is open, if it is not the newest run's.
    pub fn earlier_run(&self) -> Option<&RunId> {
        self.timelines.opened().map(|opened| &opened.id)
    }

    /// The step of the snapshot that classifies the drawing; `None` for the newest weights.
    pub fn shown_step(&self) -> Option<u64> {
        match self.model() {
            Model::Snapshot { step, .. } => Some(*step),
            Model::None | Model::Trained(_) | Model::Opened { .. } => None,
        }
    }

    /// Whether the run may have states that are not shown already: it has ended, and is in memory
    /// or in the workspace.
    pub fn can_open_timeline(&self, id: &RunId) -> bool {
        let is_over = self.run(id).is_some_and(|run| !run.state.is_live());
        let is_kept = self.is_kept() || self.timelines.past(id).is_some();
        let is_newest = self.own_run().is_some_and(|run| run.id == *id);
        is_over && is_kept && !is_newest && self.dataset().is_some()
    }

    /// Shows the states of a run, reading them if they are not in memory.
    fn open_timeline(&mut self, id: &RunId) {
        if !self.can_open_timeline(id) {
            return;
        }
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        let name = self.run(id).map_or("", |run| &run.state.name).to_owned();
        let remembered = self.remembered(id);
        let folder = self.library.workspace.folder_of(id);
        let activity = format!("opening the timeline of {name}");
        self.files.run(activity, move || {
            let in_memory = remembered.ok_or_else(|| format!("{name} has no checkpoint"));
            let opened = in_memory.and_then(|run| run.open(&dataset));
            // The dataset may have changed; reading the run's folder then reports it.
            let opened = opened.or_else(|error| match &folder {
                Some(folder) => opened_timeline::read(folder, &name, &dataset),
                None => Err(error),
            });
            Message::Timeline(opened.map(Box::new))
        });
    }

    /// A run of this session whose states are in memory.
    fn remembered(&self, id: &RunId) -> Option<Remembered> {
        Some(Remembered {
            id: id.clone(),
            timeline: self.timelines.past(id)?.clone(),
            state: self.run(id)?.state.clone(),
        })
    }

    /// Shows a timeline that was read, at its end. Its settings are copied to the panel, so that a
    /// branch can start from it, unless a live run would take them over.
    pub(in crate::studio) fn show_opened(&mut self, opened: OpenedTimeline) {
        let last = opened.timeline.states().last().cloned();
        self.timelines.open(opened);
        if let Some(last) = last {
            if self.live_run().is_none() {
                self.set_draft(last.config.clone());
            }
            self.show_step(Some(last.step()));
        }
    }

    /// Returns to the timeline of the newest run.
    fn close_timeline(&mut self) {
        if self.timelines.close() && self.shown_step().is_some() {
            self.use_trained_model();
        }
    }

    fn show_neighbor(&mut self, is_forward: bool) {
        let shown = self.shown_step();
        // After the newest weights comes nothing.
        if shown.is_some() || !is_forward {
            self.show_step(self.timelines.neighbor(shown, is_forward));
        }
    }

    /// Classifies the drawing with the weights after `step` updates, or the newest ones.
    fn show_step(&mut self, step: Option<u64>) {
        let Some(step) = step else {
            return self.use_trained_model();
        };
        let template = match self.timelines.opened() {
            Some(opened) => Some(&*opened.template),
            None => self.canvas.trained().map(|trained| &**trained),
        };
        let (Some(state), Some(template)) = (self.timeline().at(step), template) else {
            return;
        };
        let Ok(network) = template.network.deep_copy() else {
            // If there is no memory for a copy, the drawing is classified as before.
            return;
        };
        if let Err(error) = state.load_into(&network) {
            let text = format!("Update {step} cannot be shown: {error}");
            return self.notices.error(text);
        }
        let mut provenance = template.provenance.clone();
        provenance.epochs = state.epochs(self.timeline_run().map_or(0, |run| run.n_train));
        provenance.test_accuracy = None;
        // It was fitted for other weights.
        provenance.temperature = None;
        let classifier = Arc::new(Classifier {
            network,
            classes: template.classes.clone(),
            provenance,
        });
        self.canvas.use_model(Model::Snapshot { step, classifier });
        self.ask();
    }
}
