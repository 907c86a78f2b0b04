//! Whether an action would change anything: if not, there is no reason to repaint.

use std::collections::BTreeSet;

use super::Studio;
use super::action::Action;
use super::lr_finder::LrFinder;
use super::sweeps::SweepAction;

impl Studio {
    /// Whether `action` would change anything. Actions that start something always count as
    /// changes, as the result is not known in advance.
    pub fn would_change(&self, action: &Action) -> bool {
        match action {
            Action::SetDraft(draft) => **draft != self.draft,
            Action::Sweep(SweepAction::SetDraft(draft)) => **draft != *self.sweeps.draft(),
            Action::SetBrush(brush) => *brush != self.pad.brush(),
            Action::ExtendStroke(points) => !points.is_empty(),
            Action::ClearCanvas => !self.pad.is_empty(),
            Action::UndoStroke => self.pad.can_undo(),
            Action::RedoStroke => self.pad.can_redo(),
            Action::UndoEdit => self.can_undo_edit(),
            Action::RedoEdit => self.can_redo_edit(),
            Action::ShowRun(id, is_visible) => self
                .run(id)
                .is_some_and(|run| run.is_visible != *is_visible),
            Action::SetFilter(text) => text != self.filter().text(),
            Action::Select(ids) => {
                let ids: BTreeSet<_> = ids.iter().cloned().collect();
                ids != *self.selection()
            }
            Action::SetBaseline(id) => id.as_ref() != self.baseline().map(|run| &run.id),
            Action::ShowStep(step) => *step != self.shown_step(),
            Action::SetTimelineBudget(bytes) => *bytes != self.timeline().budget(),
            Action::CloseInspection => self.inspection.is_some(),
            Action::CloseLrFinder => self.lr_finder != LrFinder::Closed,
            Action::DismissNotice(idx) => *idx < self.notices.len(),
            _ => true,
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
        let set = |draft: &crate::train::TrainConfig| Action::SetDraft(Box::new(draft.clone()));
        assert!(!studio.would_change(&set(&draft)));
        draft.learning_rate *= 2.0;
        assert!(studio.would_change(&set(&draft)));
        let brush = studio.pad().brush();
        assert!(!studio.would_change(&Action::SetBrush(brush)));
        assert!(studio.would_change(&Action::SetBrush(2.0 * brush)));
        for idle in [
            Action::ClearCanvas,
            Action::UndoStroke,
            Action::SetFilter(String::new()),
            Action::Select(Vec::new()),
            Action::SetBaseline(None),
            Action::ShowStep(None),
            Action::CloseLrFinder,
            Action::DismissNotice(0),
        ] {
            assert!(!studio.would_change(&idle), "{idle:?}");
        }
        assert!(studio.would_change(&Action::Train));
    }
}
