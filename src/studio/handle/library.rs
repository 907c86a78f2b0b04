//! Actions on the runs of the workspace: filter, selection, baseline, notes, trash. Those that access
//! files run on the file thread.

use std::path::{Path, PathBuf};

use crate::runs::{
    Notes, RunFolderError, RunId, WatchNews, delete_run, deleted_runs, empty_trash, read_baseline,
    restore_run, write_baseline,
};
use crate::studio::Studio;
use crate::studio::action::LibraryAction;
use crate::studio::export::Format;
use crate::studio::library::Run;
use crate::studio::message::Message;
use crate::text::count;

impl Studio {
    pub(super) fn handle_library(&mut self, action: LibraryAction) {
        match action {
            LibraryAction::ShowRun(id, is_visible) => self.library.show(&id, is_visible),
            LibraryAction::SetFilter(text) => self.library.set_filter(text),
            LibraryAction::Select(ids) => self.library.select(ids),
            LibraryAction::SetBaseline(id) => self.set_baseline(id),
            LibraryAction::SetNotes(id, notes) => self.set_notes(&id, *notes),
            LibraryAction::Delete(ids) => self.delete_runs(ids),
            LibraryAction::Restore(ids) => self.change_trash("restoring runs", move |workspace| {
                ids.iter().try_for_each(|id| restore_run(workspace, id))?;
                Ok(Vec::new())
            }),
            LibraryAction::EmptyTrash => self.change_trash("emptying the trash", |workspace| {
                empty_trash(workspace).map(|_| Vec::new())
            }),
            LibraryAction::RefreshTrash => {
                self.change_trash("reading the trash", |_| Ok(Vec::new()));
            }
            LibraryAction::OpenWorkspace(path) => self.open_workspace(path),
            #[cfg(feature = "mlflow")]
            LibraryAction::Track(form) => self.tracker.set_form(form),
            LibraryAction::Export(format, path) => self.export(format, path),
        }
    }

    /// Sets the baseline, also for later sessions with the workspace.
    fn set_baseline(&mut self, id: Option<RunId>) {
        self.library.set_baseline(id.clone());
        if let Some(workspace) = self.workspace().map(Path::to_owned) {
            let activity = "saving the baseline".to_owned();
            self.files.run(activity, move || {
                let written = write_baseline(&workspace, id.as_ref());
                Message::Tidied(written.map_err(|e| e.to_string()))
            });
        }
    }

    /// Reads the saved baseline, once the runs are known.
    fn recall_baseline(&mut self) {
        if let Some(workspace) = self.workspace().map(Path::to_owned) {
            let activity = "reading the baseline".to_owned();
            self.files.run(activity, move || {
                let found = read_baseline(&workspace).map_err(|e| e.to_string());
                Message::Baseline(workspace, found)
            });
        }
    }

    /// A baseline that was set meanwhile takes precedence, and so does a change of the workspace.
    pub(in crate::studio) fn receive_baseline(
        &mut self,
        workspace: &Path,
        found: Result<Option<RunId>, String>,
    ) {
        if let Some(id) = self.notices.check(found)
            && self.workspace() == Some(workspace)
            && self.baseline().is_none()
        {
            self.library.set_baseline(id);
        }
    }

    fn set_notes(&mut self, id: &RunId, notes: Notes) {
        let Some(run) = self.library.workspace.folder_of(id) else {
            // Notes of runs that are not saved are held in memory only.
            return self.library.note(id, notes);
        };
        // What the user saw: what others changed since stays.
        let shown = self.library.get(id).map(|run| run.record.notes.clone());
        let shown = shown.unwrap_or_default();
        let activity = format!("writing notes on {id}");
        self.files.run(activity, move || {
            let written = Notes::change(&run, |current| current.merge(&shown, &notes));
            Message::Tidied(written.map_err(|e| e.to_string()))
        });
    }

    fn delete_runs(&mut self, ids: Vec<RunId>) {
        if let Some(live) = self.live_run_id().filter(|id| ids.contains(id)) {
            let text = format!("{live} is training: stop it before deleting it");
            return self.notices.error(text);
        }
        self.change_trash("moving runs to the trash", move |workspace| {
            ids.iter().try_for_each(|id| delete_run(workspace, id))?;
            Ok(ids)
        });
    }

    /// Changes the workspace or its trash, and then updates both. `change` returns the runs it moved
    /// to the trash.
    fn change_trash(
        &mut self,
        activity: &str,
        change: impl FnOnce(&Path) -> Result<Vec<RunId>, RunFolderError> + Send + 'static,
    ) {
        let Some(workspace) = self.workspace().map(Path::to_owned) else {
            let text = "These runs are not saved to disk, so there is no trash";
            return self.notices.error(text.to_owned());
        };
        self.files.run(activity.to_owned(), move || {
            let changed = change(&workspace).map_err(|e| e.to_string());
            let trash = deleted_runs(&workspace).map_err(|e| e.to_string());
            Message::Trash(changed, trash)
        });
    }

    /// Opens another folder; runs of this session stay where they were saved.
    fn open_workspace(&mut self, path: PathBuf) {
        if self.live_run().is_some() {
            let text = "A run is training in this workspace: stop it before opening another";
            return self.notices.error(text.to_owned());
        }
        if self.sweeps.is_live() {
            let text = "A sweep is running in this workspace: stop it before opening another";
            return self.notices.error(text.to_owned());
        }
        match self.library.open(path.clone(), self.wake.clone()) {
            Ok(()) => {
                self.notices
                    .info(format!("Runs are saved in {}", path.display()));
                self.sweeps.leave_workspace();
                self.read_sweeps();
                self.sketches.open(Some(&path));
                self.read_sketches();
                self.teach.open(Some(&path));
                self.read_examples();
            }
            Err(error) => {
                let text = format!("Could not watch {}: {error}", path.display());
                self.notices.error(text);
            }
        }
    }

    /// Exports the selected runs, or without a selection those that match the filter.
    fn export(&mut self, format: Format, path: PathBuf) {
        if !self.is_kept() {
            let text = "These runs are not saved to disk, so they cannot be exported";
            return self.notices.error(text.to_owned());
        }
        let mut runs: Vec<&Run> = self.selected_runs().collect();
        if runs.is_empty() {
            runs = self.filtered_runs().collect();
        }
        let folders: Vec<PathBuf> = runs
            .iter()
            .filter_map(|run| self.library.workspace.folder_of(&run.id))
            .collect();
        let activity = format!("exporting {}", count(folders.len(), "run"));
        self.files.run(activity, move || {
            let result = format.write(&folders, &path).map_err(|e| e.to_string());
            Message::Saved(path, result)
        });
    }

    /// Applies changes of the workspace.
    pub(in crate::studio) fn receive_run_news(&mut self, news: WatchNews) {
        let received = self.library.receive(news);
        if self.notices.check(received) == Some(true) {
            self.recall_baseline();
            self.restore_curves();
        }
    }

    /// Handles the result of a change to the workspace.
    pub(in crate::studio) fn receive_tidied(&mut self, result: Result<(), String>) {
        self.notices.check(result);
        self.library.workspace.look();
    }

    /// Handles the result of a change to the workspace and its trash.
    pub(in crate::studio) fn receive_trash(
        &mut self,
        changed: Result<Vec<RunId>, String>,
        trash: Result<Vec<RunId>, String>,
    ) {
        if let Some(trash) = self.notices.check(trash) {
            self.library.workspace.trash = trash;
        }
        if let Some(deleted) = self.notices.check(changed) {
            self.notices.deleted(deleted);
        }
        self.library.workspace.look();
    }
}
