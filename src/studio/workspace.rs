//! Workspace actions: notes, trash, baseline, opening another workspace. They access files, so they
//! run on the file thread.

use std::path::{Path, PathBuf};

use super::action::LibraryAction;
use super::background::Message;
use super::{Notice, Studio};
use crate::runs::{
    Notes, RunFolderError, RunId, Watch, delete_run, deleted_runs, empty_trash, read_baseline,
    restore_run, write_baseline,
};

impl Studio {
    pub(super) fn handle_library(&mut self, action: LibraryAction) {
        match action {
            LibraryAction::ShowRun(id, is_visible) => {
                self.library.show(&id, is_visible, self.watch.as_ref());
            }
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
            LibraryAction::Export(format, path) => self.export(format, path),
        }
    }

    /// Sets the baseline, also for later sessions with the workspace.
    fn set_baseline(&mut self, id: Option<RunId>) {
        self.library.set_baseline(id.clone(), self.watch.as_ref());
        if let Some(workspace) = self.workspace.clone() {
            let activity = "saving the baseline".to_owned();
            self.background.run(activity, move || {
                let written = write_baseline(&workspace, id.as_ref());
                Message::Tidied(written.map_err(|e| e.to_string()))
            });
        }
    }

    /// Reads the saved baseline, once the runs are known.
    pub(super) fn recall_baseline(&mut self) {
        if let Some(workspace) = self.workspace.clone() {
            let activity = "reading the baseline".to_owned();
            self.background.run(activity, move || {
                let found = read_baseline(&workspace).map_err(|e| e.to_string());
                Message::Baseline(workspace, found)
            });
        }
    }

    /// A baseline that was set meanwhile takes precedence, and so does a change of the workspace.
    pub(super) fn receive_baseline(
        &mut self,
        workspace: &Path,
        found: Result<Option<RunId>, String>,
    ) {
        match found {
            Ok(id) if self.workspace() == Some(workspace) && self.baseline().is_none() => {
                self.library.set_baseline(id, self.watch.as_ref());
            }
            Ok(_) => {}
            Err(text) => self.notify_error(text),
        }
    }

    fn set_notes(&mut self, id: &RunId, notes: Notes) {
        let Some(workspace) = self.workspace.clone() else {
            // Notes of runs that are not saved are held in memory only.
            return self.library.note(id, notes);
        };
        let run = workspace.join(id.as_str());
        let activity = format!("writing notes on {id}");
        self.background.run(activity, move || {
            Message::Tidied(notes.write(&run).map_err(|e| e.to_string()))
        });
    }

    fn delete_runs(&mut self, ids: Vec<RunId>) {
        if let Some(live) = self.live_run_id().filter(|id| ids.contains(id)) {
            let text = format!("{live} is training: stop it before deleting it");
            return self.notify_error(text);
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
        change: impl FnOnce(&std::path::Path) -> Result<Vec<RunId>, RunFolderError> + Send + 'static,
    ) {
        let Some(workspace) = self.workspace.clone() else {
            return self
                .notify_error("These runs are not saved to disk, so there is no trash".to_owned());
        };
        self.background.run(activity.to_owned(), move || {
            let changed = change(&workspace).map_err(|e| e.to_string());
            let trash = deleted_runs(&workspace).map_err(|e| e.to_string());
            Message::Trash(changed, trash)
        });
    }

    /// Opens another folder; runs of this session stay where they were saved.
    fn open_workspace(&mut self, path: PathBuf) {
        if self.live_run().is_some() {
            let text = "A run is training in this workspace: stop it before opening another";
            return self.notify_error(text.to_owned());
        }
        if self.sweeps.is_live() {
            let text = "A sweep is running in this workspace: stop it before opening another";
            return self.notify_error(text.to_owned());
        }
        match Watch::spawn(path.clone(), self.background.wake()) {
            Ok(watch) => {
                self.watch = Some(watch);
                self.library.clear();
                self.trash.clear();
                self.notify(format!("Runs are saved in {}", path.display()));
                self.workspace = Some(path);
                self.sweeps.leave_workspace();
                self.read_sweeps();
            }
            Err(error) => self.notify_error(format!("Could not watch {}: {error}", path.display())),
        }
    }

    /// Handles the result of a change to the workspace.
    pub(super) fn receive_trash_result(&mut self, result: Result<(), String>) {
        if let Err(text) = result {
            self.notify_error(text);
        }
        if let Some(watch) = &self.watch {
            watch.look();
        }
    }

    pub(super) fn receive_trash(
        &mut self,
        changed: Result<Vec<RunId>, String>,
        trash: Result<Vec<RunId>, String>,
    ) {
        match trash {
            Ok(trash) => self.trash = trash,
            Err(text) => self.notify_error(text),
        }
        let deleted = changed.as_ref().map_or(&[][..], Vec::as_slice);
        if !deleted.is_empty() {
            let n = deleted.len();
            let text = match n {
                1 => format!("Moved {} to the trash", deleted[0]),
                _ => format!("Moved {n} runs to the trash"),
            };
            self.notices.push(Notice {
                is_error: false,
                text,
                deleted: deleted.to_vec(),
            });
        }
        self.receive_trash_result(changed.map(|_| ()));
    }

    /// The runs in the trash, as of the last update.
    pub fn trash(&self) -> &[RunId] {
        &self.trash
    }
}
