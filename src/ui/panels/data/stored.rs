//! The datasets in the workspace.

use egui::{Align, Label, Layout, RichText, TextEdit, Ui, vec2};

use crate::data::store::Stored;
use crate::studio::DataAction;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// The dataset that is being renamed, and its new name.
#[derive(Default)]
pub(super) struct StoredView {
    renamed: Option<(String, String)>,
}

impl StoredView {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        if !cx.studio.is_kept() {
            let text = "Without a workspace, imported datasets are not kept.";
            ui.add(Label::new(theme::quiet(ui, text)).wrap());
            return;
        }
        let stored = cx.studio.datasets().stored().clone();
        if stored.is_empty() {
            let text = "No imported dataset yet: open or drop a folder of images, an archive, a \
                        table or arrays.";
            ui.add(Label::new(theme::quiet(ui, text)).wrap());
        }
        for one in stored.iter() {
            self.one_ui(ui, cx, one);
            ui.add_space(UNIT);
        }
        trash_ui(ui, cx);
    }

    fn one_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, stored: &Stored) {
        let name = &stored.name;
        if self.renamed.as_ref().is_some_and(|(old, _)| old == name) {
            self.rename_ui(ui, cx, name);
            return;
        }
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = UNIT;
                self.buttons_ui(ui, cx, stored);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(name).strong()).truncate());
                });
            });
        });
        let about = match &stored.description {
            Ok(about) => format!(
                "{} training and {} test images, {}, {}",
                text::thousands(about.n_train as u64),
                text::thousands(about.n_test as u64),
                text::count(about.classes.len(), "class"),
                text::bytes(stored.bytes)
            ),
            Err(problem) => text::sentence(problem),
        };
        let color = match stored.description {
            Ok(_) => tokens(ui).quiet,
            Err(_) => tokens(ui).bad,
        };
        let origin = stored.description.as_ref().ok();
        let origin = origin.map(|about| format!("Made of {}.", about.source.display()));
        ui.add(Label::new(RichText::new(about).small().color(color)).truncate())
            .on_hover_text(origin.unwrap_or_default());
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, stored: &Stored) {
        let name = &stored.name;
        let menu = ui.menu_button("More", |ui| {
            ui.set_min_width(220.0);
            if ui.button("Rename…").clicked() {
                self.renamed = Some((name.clone(), name.clone()));
            }
            let delete = ui.button("Delete");
            if delete
                .on_hover_text("Moves it to the trash; what it was made of stays.")
                .clicked()
            {
                cx.act(DataAction::Remove(name.clone()));
            }
        });
        let response = menu.response.accessible_name(format!("More for {name}"));
        response.on_hover_text("Rename or delete it.");
        let folder = cx.studio.dataset().and_then(|data| data.folder.as_deref());
        let is_open = folder.is_some_and(|folder| folder.file_name() == Some(name.as_ref()));
        let button = labeled_button(ui, None, "Open", Weight::Plain, 0.0, !is_open);
        let button = button.accessible_name(format!("Open {name}"));
        if button.on_hover_text("Opens it.").clicked() {
            cx.act(DataAction::OpenStored(name.clone()));
        }
    }

    fn rename_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, name: &str) {
        let Some((_, new)) = &mut self.renamed else {
            return;
        };
        let mut is_over = false;
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(new);
            let field = ui
                .add_sized(vec2(ui.available_width() - 150.0, ROW_HEIGHT), field)
                .accessible_name(format!("New name of {name}"));
            let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            let rename = labeled_button(ui, None, "Rename", Weight::Plain, 0.0, new != name);
            if is_entered || rename.clicked() {
                cx.act(DataAction::Rename {
                    name: name.to_owned(),
                    new: new.trim().to_owned(),
                });
                is_over = true;
            }
            is_over |= labeled_button(ui, None, "Keep", Weight::Bare, 0.0, true).clicked();
        });
        if is_over {
            self.renamed = None;
        }
    }
}

/// Draws what is in the trash, to restore or to delete for good.
fn trash_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let deleted = cx.studio.datasets().deleted().clone();
    if deleted.is_empty() {
        return;
    }
    let size = text::bytes(deleted.iter().map(|stored| stored.bytes).sum());
    let label = format!("Trash: {}, {size}", text::count(deleted.len(), "dataset"));
    let menu = ui.menu_button(label, |ui| {
        ui.set_min_width(220.0);
        for stored in deleted.iter() {
            if ui.button(format!("Restore {}", stored.name)).clicked() {
                cx.act(DataAction::Restore(stored.name.clone()));
            }
        }
        let empty = ui.button(format!("Delete all for good ({size})"));
        if empty
            .on_hover_text("Deletes the imported copies; what they were made of stays.")
            .clicked()
        {
            cx.act(DataAction::EmptyTrash);
        }
    });
    menu.response
        .on_hover_text("Restore deleted datasets, or delete them for good.");
}
