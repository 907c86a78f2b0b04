//! The form for an import: the recipe on the left, what it gives on the right.

mod class_list;
mod preview;
mod recipe;

use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};

use crate::studio::{DataAction, ImportForm};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Columns, Row, Weight, error_ui, labeled_button};

/// The state of the form.
#[derive(Default)]
pub(super) struct ImportView {
    classes: class_list::ClassList,
    preview: preview::PreviewView,
    replaces: bool,
}

impl ImportView {
    /// Called while no form is shown.
    pub(super) fn leave(&mut self) {
        *self = ImportView::default();
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ImportForm) {
        self.header_ui(ui, cx, form);
        if let Some(problem) = &form.problem {
            let problem = RichText::new(text::sentence(problem)).color(tokens(ui).bad);
            ui.add(Label::new(problem).wrap());
        }
        let columns = Columns {
            share: 0.42,
            points: [280.0, 380.0],
            gap: 3.0 * UNIT,
        };
        columns.ui(
            ui,
            &mut (self, cx),
            |ui, (this, cx)| {
                ScrollArea::vertical()
                    .id_salt("import")
                    .auto_shrink(false)
                    .show(ui, |ui| this.settings_ui(ui, cx, form));
            },
            |ui, (this, _)| this.preview.ui(ui, form),
        );
    }

    fn header_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ImportForm) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (cancel, about) = match form.imported() {
                    Some(_) => ("Cancel import", "Ends the import; nothing is stored."),
                    None => ("Cancel", "Closes this form; nothing is imported."),
                };
                let button = labeled_button(ui, None, cancel, Weight::Bare, 0.0, true);
                if button.on_hover_text(about).clicked() {
                    cx.act(DataAction::CancelImport);
                }
                let can_import = form.is_ready() && self.has_name(cx, form);
                let button = labeled_button(ui, None, "Import", Weight::Plain, 96.0, can_import);
                let about = "Makes the images, keeps them in the workspace, and opens them. The \
                             files they are made of stay as they are, and nothing leaves this \
                             machine.";
                if button.on_hover_text(about).clicked() {
                    let replaces = self.replaces;
                    cx.act(DataAction::Import { replaces });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = form.path.file_name().unwrap_or(form.path.as_os_str());
                    let title = format!("Import {}", name.to_string_lossy());
                    ui.add(Label::new(RichText::new(title).strong()).truncate())
                        .on_hover_text(form.path.display().to_string());
                    ui.add(Label::new(theme::quiet(ui, state(form))).truncate());
                });
            });
        });
    }

    fn has_name(&self, cx: &PanelContext<'_>, form: &ImportForm) -> bool {
        let is_taken = cx.studio.datasets().is_taken(&form.name);
        !form.name.trim().is_empty() && (!is_taken || self.replaces)
    }

    fn settings_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ImportForm) {
        ui.add_enabled_ui(form.imported().is_none(), |ui| {
            self.name_ui(ui, cx, form);
            let mut recipe = form.recipe.clone();
            recipe::ui(ui, &mut recipe);
            if let Some(source) = &form.source {
                self.classes.ui(ui, source, &mut recipe);
            }
            if recipe != form.recipe {
                cx.act(DataAction::SetRecipe(Box::new(recipe)));
            }
        });
    }

    fn name_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, form: &ImportForm) {
        let row = Row {
            label: "Name",
            explanation: "What the dataset is called in this workspace, in runs and with --data.",
            effect: None,
            error: None,
        };
        let mut name = form.name.clone();
        row.show(ui, |ui| {
            let field = TextEdit::singleline(&mut name);
            ui.add_sized(vec2(180.0, ROW_HEIGHT), field)
                .accessible_name("Name of the dataset".to_owned())
        });
        if name != form.name {
            cx.act(DataAction::SetName(name));
        }
        if cx.studio.datasets().is_taken(&form.name) {
            if !self.replaces {
                error_ui(ui, "there is a dataset of this name");
            }
            ui.checkbox(&mut self.replaces, "Replace it").on_hover_text(
                "The stored dataset of this name is deleted once the new one is there.",
            );
        }
    }
}

/// What is going on, in a few words.
fn state(form: &ImportForm) -> String {
    match (form.imported(), &form.source) {
        (Some([_, 0]), _) => "reading…".to_owned(),
        (Some([done, all]), _) => format!(
            "{} of {}",
            text::thousands(done as u64),
            text::count(all, "image")
        ),
        (None, None) if form.problem.is_some() => String::new(),
        (None, None) => "reading…".to_owned(),
        (None, Some(source)) => format!(
            "{}, {}",
            source.format,
            text::count(source.n_images, "image")
        ),
    }
}
