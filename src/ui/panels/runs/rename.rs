//! The name of a run, edited in place.

use egui::text::{CCursor, CCursorRange};
use egui::{Key, TextEdit, Ui};

use crate::runs::{Notes, RunId};
use crate::studio::{LibraryAction, Run};
use crate::ui::panels::PanelContext;

/// A name while it is edited.
pub struct Rename {
    id: RunId,
    text: String,
    is_new: bool,
}

impl Rename {
    /// Begins to edit the name of `run`.
    pub fn new(run: &Run) -> Rename {
        Rename {
            id: run.id.clone(),
            text: run.record.name.clone(),
            is_new: true,
        }
    }

    /// The run whose name is edited, as long as its field has not been drawn.
    pub fn requested(&self) -> Option<&RunId> {
        self.is_new.then_some(&self.id)
    }

    /// Draws the field in the available space; returns `true` when it is left. Enter and a click
    /// elsewhere keep the text, Escape drops it.
    fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) -> bool {
        let edit = TextEdit::singleline(&mut self.text).desired_width(ui.available_width() - 8.0);
        let mut output = edit.show(ui);
        let response = output.response.response;
        let response = response.accessible_name(format!("Name of {}", run.record.name));
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
            let end = CCursor::new(self.text.chars().count());
            let all = CCursorRange::two(CCursor::new(0), end);
            output.state.cursor.set_char_range(Some(all));
            output.state.store(ui, response.id);
            return false;
        }
        if response.has_focus() {
            return false;
        }
        if !ui.input(|i| i.key_pressed(Key::Escape)) {
            self.save(cx, run);
        }
        true
    }

    /// Requests the new name; an empty one restores the original.
    fn save(&self, cx: &mut PanelContext<'_>, run: &Run) {
        let name = self.text.trim();
        if name == run.record.name {
            return;
        }
        let notes = Notes {
            name: (!name.is_empty()).then(|| name.to_owned()),
            ..run.record.notes.clone()
        };
        cx.act(LibraryAction::SetNotes(run.id.clone(), Box::new(notes)));
    }
}

/// Draws the field in place of the name if the name of `run` is edited; returns whether it is.
pub fn in_place_ui(
    rename: &mut Option<Rename>,
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    run: &Run,
) -> bool {
    let Some(edited) = rename.as_mut().filter(|rename| rename.id == run.id) else {
        return false;
    };
    if edited.ui(ui, cx, run) {
        *rename = None;
    }
    true
}

/// Whether the name `response` asks to be edited: a double click, or F2 while it has the focus.
pub fn is_requested(ui: &Ui, response: &egui::Response) -> bool {
    let is_key = response.has_focus() && ui.input(|i| i.key_pressed(Key::F2));
    response.double_clicked() || is_key
}
