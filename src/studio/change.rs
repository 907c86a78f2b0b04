//! Whether an action would change anything: if not, there is no reason to repaint.

use std::collections::BTreeSet;

use super::Studio;
use super::action::{
    Action, CanvasAction, DraftAction, LibraryAction, LrFinderAction, RunAction, TimelineAction,
};
use super::lr_finder::LrFinder;
use super::sweeps::SweepAction;

impl Studio {
    /// Whether `action` would change anything. Actions that start something always count as
    /// changes, as the result is not known in advance.
    pub fn would_change(&self, action: &Action) -> bool {
        match action {
            Action::Draft(action) => self.would_change_draft(action),
            Action::Run(action) => self.would_change_run(action),
            Action::LrFinder(LrFinderAction::Close) => self.lr_finder != LrFinder::Closed,
            Action::LrFinder(LrFinderAction::Start | LrFinderAction::UseLr(_)) => true,
            Action::Timeline(action) => self.would_change_timeline(action),
            Action::Library(action) => self.would_change_library(action),
            Action::Sketch(action) => self.would_change_sketches(action),
            Action::Teach(action) => self.teach.would_change(action),
            Action::Sweep(SweepAction::SetDraft(draft)) => **draft != *self.sweeps.draft(),
            Action::Evaluate(action) => self.evaluator.would_change(action),
            Action::Explain(action) => self.explainer.would_change(action),
            Action::Data(action) => self.datasets.would_change(action),
            Action::Compare(_) | Action::Sweep(_) | Action::File(_) | Action::Deploy(_) => true,
            Action::Canvas(action) => self.would_change_canvas(action),
            Action::DismissNotice(idx) => *idx < self.notices().len(),
        }
    }

    fn would_change_draft(&self, action: &DraftAction) -> bool {
        match action {
            DraftAction::Set(draft) => **draft != *self.draft(),
            DraftAction::Undo => self.can_undo_edit(),
            DraftAction::Redo => self.can_redo_edit(),
            DraftAction::ChoosePreset(_)
            | DraftAction::NewSeed
            | DraftAction::Reset
            | DraftAction::UseSettings(_)
            | DraftAction::FineTune => true,
        }
    }

    fn would_change_run(&self, action: &RunAction) -> bool {
        match action {
            RunAction::CloseInspection => self.inspection.is_some(),
            RunAction::Train
            | RunAction::Pause
            | RunAction::Resume
            | RunAction::Step
            | RunAction::Stop
            | RunAction::Recover(_)
            | RunAction::Continue(..)
            | RunAction::Branch
            | RunAction::Queue(_)
            | RunAction::ClearQueue
            | RunAction::WatchLayers(_)
            | RunAction::Inspect => true,
        }
    }

    fn would_change_timeline(&self, action: &TimelineAction) -> bool {
        match action {
            TimelineAction::ShowStep(step) => *step != self.shown_step(),
            TimelineAction::SetStateMemory(bytes) => *bytes != self.state_memory(),
            TimelineAction::Open(_)
            | TimelineAction::Close
            | TimelineAction::ShowNext
            | TimelineAction::ShowPrevious => true,
        }
    }

    fn would_change_library(&self, action: &LibraryAction) -> bool {
        match action {
            LibraryAction::ShowRun(id, is_visible) => self
                .run(id)
                .is_some_and(|run| run.is_visible != *is_visible),
            LibraryAction::SetFilter(text) => text != self.filter().text(),
            LibraryAction::Select(ids) => {
                let ids: BTreeSet<_> = ids.iter().cloned().collect();
                ids != *self.selection()
            }
            LibraryAction::SetBaseline(id) => id.as_ref() != self.baseline().map(|run| &run.id),
            #[cfg(feature = "mlflow")]
            LibraryAction::Track(form) => form != self.tracker.form(),
            LibraryAction::SetNotes(..)
            | LibraryAction::Delete(_)
            | LibraryAction::Restore(_)
            | LibraryAction::EmptyTrash
            | LibraryAction::RefreshTrash
            | LibraryAction::OpenWorkspace(_)
            | LibraryAction::Export(..) => true,
        }
    }

    fn would_change_canvas(&self, action: &CanvasAction) -> bool {
        match action {
            CanvasAction::SetBrush(brush) => *brush != self.pad().brush(),
            CanvasAction::ExtendStroke(points) => !points.is_empty(),
            CanvasAction::Clear => !self.pad().is_empty(),
            CanvasAction::Undo => self.can_undo_on_canvas(),
            CanvasAction::Redo => self.can_redo_on_canvas(),
            CanvasAction::CloseClassified => !self.classified().is_empty(),
            CanvasAction::SetRecipe(recipe) => *recipe != self.canvas.own_recipe(),
            CanvasAction::BeginStroke(_)
            | CanvasAction::ClassifyEach
            | CanvasAction::OpenClassified(_)
            | CanvasAction::EndStroke
            | CanvasAction::OpenImage(_)
            | CanvasAction::Classify(_)
            | CanvasAction::OpenImageBytes(..)
            | CanvasAction::TestImage(_)
            | CanvasAction::RandomTestImage
            | CanvasAction::UseTrainedModel => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn setting_what_is_set_changes_nothing() {
        let studio = Studio::new(None, Arc::new(|| {})).unwrap();
        let mut draft = studio.draft().clone();
        let set = |draft: &crate::train::TrainConfig| {
            Action::from(DraftAction::Set(Box::new(draft.clone())))
        };
        assert!(!studio.would_change(&set(&draft)));
        draft.learning_rate *= 2.0;
        assert!(studio.would_change(&set(&draft)));
        let brush = studio.pad().brush();
        assert!(!studio.would_change(&CanvasAction::SetBrush(brush).into()));
        assert!(studio.would_change(&CanvasAction::SetBrush(2.0 * brush).into()));
        for idle in [
            CanvasAction::Clear.into(),
            CanvasAction::Undo.into(),
            LibraryAction::SetFilter(String::new()).into(),
            LibraryAction::Select(Vec::new()).into(),
            LibraryAction::SetBaseline(None).into(),
            TimelineAction::ShowStep(None).into(),
            LrFinderAction::Close.into(),
            Action::DismissNotice(0),
        ] {
            assert!(!studio.would_change(&idle), "{idle:?}");
        }
        assert!(studio.would_change(&RunAction::Train.into()));
    }
}
