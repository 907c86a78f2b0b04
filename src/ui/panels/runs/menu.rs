//! The context menu of runs.

use egui::Ui;

use super::notes::NotesDialog;
use super::rename::Rename;
use crate::runs::{Notes, RunId};
use crate::studio::{DraftAction, FileAction, LibraryAction, Run, RunAction, continue_word};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::place::Place;

/// What the menu can open, in whichever list it is.
#[derive(Default)]
pub struct RunEdits {
    /// The name that is edited in its row.
    pub rename: Option<Rename>,
    /// The dialog for name, tags and note.
    notes: Option<NotesDialog>,
}

impl RunEdits {
    /// Shows the dialog, if it is open.
    pub fn ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) {
        if self.notes.as_mut().is_some_and(|dialog| dialog.ui(ui, cx)) {
            self.notes = None;
        }
    }
}

/// Shows the menu for these runs, at least one.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>, runs: &[&Run], edits: &mut RunEdits) {
    let [first, ..] = runs else {
        return;
    };
    ui.set_min_width(200.0);
    if let [run] = runs {
        one_ui(ui, cx, run, edits);
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
    let ids = || -> Vec<RunId> { runs.iter().map(|run| run.id.clone()).collect() };
    if cx.settings.place != Place::Compare
        && item(ui, "Open in Compare", "Selects the run in Compare.")
    {
        cx.act(LibraryAction::Select(ids()));
        cx.settings.place = Place::Compare;
    }
    let about = "Moves the runs to the trash, where they can be restored.";
    if item(ui, "Move to trash", about) {
        cx.act(LibraryAction::Delete(ids()));
    }
}

/// Shows the items for a single run.
fn one_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run, edits: &mut RunEdits) {
    let rename = egui::Button::new("Rename").shortcut_text("F2");
    let about = "Edits the name in its row; a double click on it does the same.";
    if ui.add(rename).on_hover_text(about).clicked() {
        edits.rename = Some(Rename::new(run));
    }
    let about = "Copies this run's settings to the panel on the left; takes effect with a new run.";
    if item(ui, "Copy settings", about) {
        cx.act(DraftAction::UseSettings(run.id.clone()));
    }
    continue_ui(ui, cx, run);
    let model = cx.studio.model_file(&run.id);
    if let Some(path) = model.filter(|_| !run.state.is_live())
        && item(
            ui,
            "Use model",
            "Opens its model, which then classifies the drawing.",
        )
    {
        cx.act(FileAction::OpenModel(path));
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
        edits.notes = Some(NotesDialog::new(run));
    }
    if let Some(workspace) = cx.studio.workspace() {
        let folder = workspace.join(run.id.as_str());
        if item(ui, "Open folder", &folder.display().to_string()) {
            cx.output.folders.push(folder);
        }
    }
}

/// Shows how the run can be trained further.
fn continue_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
    match continue_word(&run.state.status) {
        Some(word) if cx.studio.can_continue(&run.id) => {
            if word != "Resume" {
                ui.menu_button(word, |ui| more_epochs_ui(ui, cx, run));
            } else if item(ui, word, "Resumes exactly where the run ended.") {
                cx.act(RunAction::Continue(run.id.clone(), 0));
            }
        }
        _ => {}
    }
}

/// Shows by how many epochs a run can be extended.
pub fn more_epochs_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
    for n in [1, 5, 20] {
        let text = text::count(n, "more epoch");
        if ui.selectable_label(false, text).clicked() {
            cx.act(RunAction::Continue(run.id.clone(), n));
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
