//! Collects what the next session begins with.

use super::{SavedModel, Session};
use crate::studio::Studio;
use crate::studio::canvas::Model;

impl Studio {
    /// The state to store for the next session.
    pub fn session(&self) -> Session {
        let pending = &self.restoring;
        let visible = self.runs().iter().filter(|run| run.is_visible);
        let (past, future) = self.draft.history();
        Session {
            workspace: self.workspace().map(ToOwned::to_owned),
            data: match self.dataset() {
                Some(dataset) => dataset.folder.clone(),
                None => pending.data.clone(),
            },
            draft: Some(self.draft().clone()),
            past: past.to_vec(),
            future: future.to_vec(),
            visible: visible
                .map(|run| run.id.clone())
                .chain(pending.visible.iter().flatten().cloned())
                .collect(),
            model: self.saved_model().or_else(|| pending.model.clone()),
            snapshot: match self.model() {
                Model::Snapshot { classifier, .. } => Some(classifier.clone()),
                Model::None | Model::Trained(_) | Model::Opened { .. } => None,
            },
            folder: None,
            sheet: Some(self.pad().sheet().clone()),
            brush: Some(self.pad().brush()),
            recipe: self.canvas.own_recipe(),
            state_memory: Some(self.state_memory()),
            recent: self.recent.clone(),
            #[cfg(feature = "mlflow")]
            tracked: self.tracker.form().clone(),
            lost: Vec::new(),
        }
    }

    fn saved_model(&self) -> Option<SavedModel> {
        let run = || self.trained_run().map(|run| run.id.clone());
        match self.model() {
            Model::None => None,
            Model::Trained(_) => Some(SavedModel::Run(run()?)),
            Model::Snapshot { step, .. } => {
                let id = self.earlier_run().cloned().or_else(run)?;
                Some(SavedModel::Snapshot(id, *step))
            }
            Model::Opened { path, .. } => {
                let absolute = std::path::absolute(path).ok();
                Some(SavedModel::File(absolute.unwrap_or_else(|| path.clone())))
            }
        }
    }
}
