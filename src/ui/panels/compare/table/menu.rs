//! The context menu of runs.

use egui::Ui;

use super::notes::NotesDialog;
use crate::runs::{Notes, RunId};
use crate::studio::{DraftAction, LibraryAction, Run};
use crate::ui::panels::PanelContext;

/// Shows the menu for these runs, at least one.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    runs: &[&Run],
    notes: &mut Option<NotesDialog>,
) {
    let [first, ..] = runs else {
        return;
    };
    ui.set_min_width(200.0);
    if let [run] = runs {
        one_ui(ui, cx, run, notes);
        ui.separator();
    }
    let is_visible = runs.iter().all(|run| run.is_visible);
    let text = if is_visible {
        "Hide curves"
    } else {
        "Show curves"
    };
    if item(ui, text, "Curves are shown in Train.") {
        for run in runs {
            cx.act(LibraryAction::ShowRun(run.id.clone(), !is_visible));
        }
    }
    let is_starred = runs.iter().all(|run| run.record.notes.starred);
    let text = if is_starred { "Remove star" } else { "Star" };
    if item(ui, text, "Marks good runs; `starred = yes` finds them.") {
        change(cx, runs, |notes| notes.starred = !is_starred);
    }
    let is_archived = first.record.notes.archived;
    let text = if is_archived { "Unarchive" } else { "Archive" };
    let about = "Hides runs without deleting them; `archived = yes` finds them.";
    if item(ui, text, about) {
        change(cx, runs, |notes| notes.archived = !is_archived);
    }
    ui.separator();
    let about = "Moves the runs to the trash, where they can be restored.";
    if item(ui, "Delete", about) {
        let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
        cx.act(LibraryAction::Delete(ids));
    }
}

fn one_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run, notes: &mut Option<NotesDialog>) {
    let about = "Copies this run's settings to the panel on the left; takes effect with a new run.";
    if item(ui, "Copy settings", about) {
        cx.act(DraftAction::UseSettings(run.id.clone()));
    }
    let is_baseline = cx.studio.baseline().is_some_and(|b| b.id == run.id);
    let text = if is_baseline {
        "Clear baseline"
    } else {
        "Set as baseline"
    };
    let about = "Shows the results of the other runs as differences from the baseline.";
    if item(ui, text, about) {
        cx.act(LibraryAction::SetBaseline(
            (!is_baseline).then(|| run.id.clone()),
        ));
    }
    let about = "Edits name, tags and note; settings and results do not change.";
    if item(ui, "Name, tags and note…", about) {
        *notes = Some(NotesDialog::new(run));
    }
    if let Some(workspace) = cx.studio.workspace() {
        let folder = workspace.join(run.id.as_str());
        if item(ui, "Open folder", &folder.display().to_string()) {
            cx.output.folders.push(folder);
        }
    }
}

fn item(ui: &mut Ui, text: &str, about: &str) -> bool {
    ui.button(text).on_hover_text(about).clicked()
}

fn change(cx: &mut PanelContext<'_>, runs: &[&Run], change: impl Fn(&mut Notes)) {
    for run in runs {
        let mut notes = run.record.notes.clone();
        change(&mut notes);
        cx.act(LibraryAction::SetNotes(run.id.clone(), Box::new(notes)));
    }
}
