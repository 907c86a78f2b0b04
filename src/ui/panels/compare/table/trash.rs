//! A dialog with the deleted runs.

use egui::{Align, Id, Layout, Modal, RichText, ScrollArea, Ui};

use crate::studio::LibraryAction;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Weight, labeled_button};

/// The dialog.
pub(super) struct TrashDialog {
    /// Whether emptying was requested once: it needs confirmation, as it cannot be undone.
    is_sure: bool,
}

impl TrashDialog {
    /// Creates the dialog and reads the trash.
    pub(super) fn new(cx: &mut PanelContext<'_>) -> TrashDialog {
        cx.act(LibraryAction::RefreshTrash);
        TrashDialog { is_sure: false }
    }

    /// Shows the dialog; returns `true` when it is closed.
    pub(super) fn ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) -> bool {
        let frame = egui::Frame::popup(ui.style()).inner_margin(16);
        let modal = Modal::new(Id::unique("trash")).frame(frame).show(ui, |ui| {
            ui.set_width(480.0);
            ui.label(RichText::new("Trash").heading());
            if cx.studio.trash().is_empty() {
                ui.label(theme::quiet(ui, "The trash is empty."));
            }
            list_ui(ui, cx);
            ui.add_space(12.0);
            self.buttons_ui(ui, cx)
        });
        modal.inner || modal.should_close()
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) -> bool {
        let n = cx.studio.trash().len();
        ui.horizontal(|ui| {
            let text = match (self.is_sure, n) {
                (false, _) => "Empty trash…".to_owned(),
                (true, n) => format!("Delete {} permanently", text::count(n, "run")),
            };
            let empty = labeled_button(ui, None, &text, Weight::Plain, 0.0, n > 0);
            if empty
                .on_hover_text("Permanently deleted runs cannot be restored.")
                .clicked()
            {
                if self.is_sure {
                    cx.act(LibraryAction::EmptyTrash);
                }
                self.is_sure = !self.is_sure;
            }
            let layout = Layout::right_to_left(Align::Center);
            let close = ui.with_layout(layout, |ui| {
                labeled_button(ui, None, "Close", Weight::Primary, 80.0, true)
            });
            close.inner.clicked()
        })
        .inner
    }
}

fn list_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let trash = cx.studio.trash();
    ScrollArea::vertical().max_height(320.0).show_rows(
        ui,
        theme::ROW_HEIGHT,
        trash.len(),
        |ui, rows| {
            for id in &trash[rows] {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let restore = labeled_button(ui, None, "Restore", Weight::Plain, 0.0, true)
                        .accessible_name(format!("Restore {id}"));
                    if restore.clicked() {
                        cx.act(LibraryAction::Restore(vec![id.clone()]));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(egui::Label::new(id.as_str()).truncate());
                    });
                });
            }
        },
    );
}
