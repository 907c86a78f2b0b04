//! Restores a session: the settings and the sketch at once, the rest as it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{SavedModel, Session};
use crate::import::{self, NetworkHint};
use crate::model::Classifier;
use crate::runs::MODEL_FILE;
use crate::studio::action::FileAction;
use crate::studio::canvas::Model;
use crate::studio::message::Message;
use crate::studio::{LastEdited, Studio};

impl Studio {
    /// Begins to restore `session`, and reads its dataset.
    pub(in crate::studio) fn restore(&mut self, session: Session) {
        self.restoring.lost = session.lost;
        self.recent = session.recent;
        #[cfg(feature = "mlflow")]
        self.tracker.set_form(session.tracked);
        if let Some(config) = session.draft {
            self.draft.restore(config, session.past, session.future);
            self.last_edited = match self.can_undo_edit() {
                true => LastEdited::Settings,
                false => LastEdited::Canvas,
            };
        }
        let pad = &mut self.canvas.pad;
        session
            .brush
            .into_iter()
            .for_each(|brush| pad.set_brush(brush));
        session
            .sheet
            .into_iter()
            .for_each(|sheet| pad.restore(sheet));
        self.canvas.set_own_recipe(session.recipe);
        let memory = session.state_memory.into_iter();
        memory.for_each(|bytes| self.live.set_state_memory(bytes));
        match session.data {
            Some(folder) if folder.exists() => {
                self.restoring.data = Some(folder.clone());
                self.handle(FileAction::OpenData(folder));
            }
            gone => {
                let lost = gone.map(|folder| format!("the dataset {}", folder.display()));
                self.restoring.lost.extend(lost);
                self.handle(FileAction::UseMnist);
            }
        }
        let is_same_workspace = session.workspace.as_deref() == self.workspace();
        if is_same_workspace && self.is_kept() && !session.visible.is_empty() {
            self.restoring.visible = Some(session.visible);
        }
        match session.model {
            Some(SavedModel::Run(_) | SavedModel::Snapshot(..)) if !is_same_workspace => {}
            Some(model) => self.read_model(model, session.folder.as_deref()),
            None => {}
        }
        self.report_lost();
    }

    fn read_model(&mut self, model: SavedModel, session_folder: Option<&Path>) {
        let path = match &model {
            SavedModel::File(path) => Some(path.clone()),
            SavedModel::Run(id) | SavedModel::Snapshot(id, _) => {
                let folder = self.library.workspace.folder_of(id);
                folder.map(|folder| folder.join(MODEL_FILE))
            }
        };
        let Some(path) = path else {
            return;
        };
        let snapshot = model.snapshot_file().zip(session_folder);
        let snapshot = snapshot.map(|(name, folder)| folder.join(name));
        self.restoring.model = Some(model);
        let activity = format!("opening {}", path.display());
        let hint = NetworkHint::Perhaps(self.draft().model.clone());
        self.files.run(activity, move || {
            let read = |path: &Path| {
                let opened = import::open(path, &hint).map_err(|e| e.to_string());
                opened.map(|opened| opened.classifier)
            };
            match snapshot {
                Some(snapshot) => {
                    Message::RestoredSnapshot(Box::new([read(&snapshot), read(&path)]))
                }
                None => Message::Restored(path.clone(), read(&path)),
            }
        });
    }

    /// Classifies the drawing with the snapshot of the last session, or else with the final model of
    /// its run.
    pub(in crate::studio) fn receive_restored_snapshot(
        &mut self,
        [snapshot, last]: [Result<Classifier, String>; 2],
    ) {
        let Some(SavedModel::Snapshot(id, step)) = self.restoring.model.take() else {
            return;
        };
        if self.is_free() {
            match last {
                Ok(last) => self.canvas.restore_trained(id.clone(), last),
                Err(error) => self
                    .restoring
                    .lost
                    .push(format!("the model of {id} ({error})")),
            }
            match snapshot {
                Ok(snapshot) => self.canvas.use_model(Model::Snapshot {
                    step,
                    classifier: Arc::new(snapshot),
                }),
                Err(error) => {
                    let text = format!("update {step} of {id} ({error}; its final model is used)");
                    self.restoring.lost.push(text);
                }
            }
        }
        self.ask();
        self.report_lost();
    }

    /// Whether no model classifies the drawing yet, and none is in training.
    fn is_free(&self) -> bool {
        matches!(self.model(), Model::None) && self.own_run().is_none()
    }

    /// Classifies the drawing with the model of the last session, unless another one does already.
    pub(in crate::studio) fn receive_restored(
        &mut self,
        path: PathBuf,
        read: Result<Classifier, String>,
    ) {
        let Some(saved) = self.restoring.model.take() else {
            return;
        };
        match (read, saved) {
            (Err(error), _) => self.restoring.lost.push(format!("the model ({error})")),
            (Ok(_), _) if !self.is_free() => {}
            (Ok(classifier), SavedModel::File(_)) => {
                let classifier = Arc::new(classifier);
                self.canvas.use_model(Model::Opened { path, classifier });
            }
            (Ok(classifier), SavedModel::Run(id) | SavedModel::Snapshot(id, _)) => {
                self.canvas.restore_trained(id, classifier);
            }
        }
        self.ask();
        self.report_lost();
    }

    /// Shows the curves of the last session, once the runs are known.
    pub(in crate::studio) fn restore_curves(&mut self) {
        for id in self.restoring.visible.take().into_iter().flatten() {
            match self.run(&id) {
                Some(_) => self.library.show(&id, true),
                None => self.restoring.lost.push(format!("the curves of {id}")),
            }
        }
        self.report_lost();
    }

    /// Handles an error of reading a dataset: the previous one stays, or else MNIST is used.
    pub(in crate::studio) fn data_failed(&mut self, folder: Option<&Path>, text: String) {
        self.data.restore();
        match self.restoring.data.take().is_some() {
            true => self.restoring.lost.push(format!("the dataset ({text})")),
            false => self.notices.error(text),
        }
        if self.dataset().is_none() && folder.is_some() {
            self.handle(FileAction::UseMnist);
        }
        self.report_lost();
    }

    /// Called when a dataset was read.
    pub(in crate::studio) fn data_restored(&mut self) {
        self.restoring.data = None;
        self.report_lost();
    }

    /// Reports everything that cannot be restored in one notice, once that is known.
    fn report_lost(&mut self) {
        let pending = &mut self.restoring;
        let is_pending =
            pending.data.is_some() || pending.visible.is_some() || pending.model.is_some();
        if is_pending || pending.lost.is_empty() {
            return;
        }
        let lost = std::mem::take(&mut pending.lost).join("; ");
        let text = format!("Not restored from the last session: {lost}");
        self.notices.error(text);
    }
}
