//! A dialog to edit a run's name, tags and note.

use egui::{Align, Id, Key, Layout, Modal, RichText, TextEdit, Ui};

use crate::runs::{Notes, RunId};
use crate::studio::{LibraryAction, Run};
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Weight, labeled_button};

/// The dialog, with the edited text.
pub(super) struct NotesDialog {
    id: RunId,
    name: String,
    tags: String,
    notes: Notes,
    is_new: bool,
}

impl NotesDialog {
    pub(super) fn new(run: &Run) -> NotesDialog {
        NotesDialog {
            id: run.id.clone(),
            name: run.record.name.clone(),
            tags: run.record.notes.tags.join(", "),
            notes: run.record.notes.clone(),
            is_new: true,
        }
    }

    /// Shows the dialog; returns `true` when it is closed.
    pub(super) fn ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) -> bool {
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("notes")).frame(frame).show(ui, |ui| {
            ui.set_width(400.0);
            ui.label(RichText::new("About this run").heading());
            let text = format!("Saved with the run, in the folder {}.", self.id);
            ui.label(theme::quiet(ui, text));
            ui.add_space(8.0);
            let is_entered = self.fields_ui(ui);
            ui.add_space(12.0);
            buttons_ui(ui, is_entered)
        });
        if modal.inner == Some(true) {
            cx.act(LibraryAction::SetNotes(
                self.id.clone(),
                Box::new(self.notes()),
            ));
        }
        modal.inner.is_some() || modal.should_close()
    }

    /// Shows the fields; returns `true` when Enter is pressed in a single-line field.
    fn fields_ui(&mut self, ui: &mut Ui) -> bool {
        ui.label("Name");
        let name = TextEdit::singleline(&mut self.name).desired_width(f32::INFINITY);
        let name = ui.add(name).accessible_name("Run name");
        if std::mem::take(&mut self.is_new) {
            name.request_focus();
        }
        ui.label("Tags");
        let tags = TextEdit::singleline(&mut self.tags)
            .hint_text("keywords, separated by commas")
            .desired_width(f32::INFINITY);
        let tags = ui.add(tags).accessible_name("Run tags");
        ui.label("Note");
        let note = TextEdit::multiline(&mut self.notes.note)
            .desired_rows(3)
            .desired_width(f32::INFINITY);
        ui.add(note).accessible_name("Run note");
        let is_left = name.lost_focus() || tags.lost_focus();
        is_left && ui.input(|i| i.key_pressed(Key::Enter))
    }

    fn notes(&self) -> Notes {
        Notes {
            name: Some(self.name.trim().to_owned()).filter(|name| !name.is_empty()),
            tags: Notes::tags_of(&self.tags),
            ..self.notes.clone()
        }
    }
}

/// `Some(true)` to save, `Some(false)` to cancel.
fn buttons_ui(ui: &mut Ui, is_entered: bool) -> Option<bool> {
    let layout = Layout::right_to_left(Align::Center);
    let answer = ui.with_layout(layout, |ui| {
        let save = labeled_button(ui, None, "Save", Weight::Primary, 80.0, true);
        let cancel = labeled_button(ui, None, "Cancel", Weight::Plain, 0.0, true);
        if save.clicked() || is_entered {
            Some(true)
        } else {
            cancel.clicked().then_some(false)
        }
    });
    answer.inner
}
