//! Data: what is in the dataset, the datasets of the workspace, and imports.

mod active;
mod classes;
mod duplicates;
mod images;
mod import;
mod labels;
mod pixels;
mod space;
mod stored;
mod teach;

use std::sync::Arc;

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::PanelContext;
use crate::data::{BuiltIn, DataFormat, Dataset};
use crate::studio::{DataAction, DataState};
use crate::text;
use crate::ui::command::{Command, FileCommand};
use crate::ui::place::DataView;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Columns, first_step_ui};

/// The state of Data.
#[derive(Default)]
pub struct DataPanel {
    classes: classes::ClassesView,
    images: images::ImagesView,
    duplicates: duplicates::DuplicatesView,
    labels: labels::LabelsView,
    active: active::ActiveView,
    stored: stored::StoredView,
    teach: teach::TeachView,
    import: import::ImportView,
    /// Whether the place was shown in the last frame.
    is_shown: bool,
}

impl DataPanel {
    /// Shows the place in the available space.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let is_unknown = cx.studio.dataset_look().is_none() && !cx.studio.datasets().is_looking();
        if !self.is_shown || (cx.studio.dataset().is_some() && is_unknown) {
            cx.act(DataAction::Examine);
        }
        self.is_shown = true;
        if let Some(form) = cx.studio.datasets().form() {
            self.import.ui(ui, cx, form);
            return;
        }
        self.import.leave();
        match cx.studio.data() {
            DataState::Loading { name, .. } => {
                ui.label(theme::quiet(ui, format!("Loading {name}…")));
            }
            DataState::None => {
                let line = "No dataset is open: a folder of images, an archive, a table, arrays.";
                let open = Command::from(FileCommand::OpenData);
                if first_step_ui(ui, line, "Open dataset folder…", open.tooltip(ui), true) {
                    cx.command(open);
                }
            }
            DataState::Ready(dataset) => {
                header_ui(ui, cx, dataset);
                ui.add_space(UNIT);
                self.columns_ui(ui, cx, dataset);
            }
        }
    }

    /// Called while another place is shown.
    pub fn leave(&mut self) {
        self.is_shown = false;
        self.classes.leave();
        self.images.leave();
        self.teach.leave();
        self.import.leave();
    }

    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
        let columns = Columns {
            share: 0.44,
            points: [280.0, 480.0],
            gap: 3.0 * UNIT,
        };
        columns.ui(
            ui,
            &mut (self, cx),
            |ui, (this, cx)| {
                views_ui(ui, cx);
                this.view_ui(ui, cx, dataset);
            },
            |ui, (this, cx)| this.images.ui(ui, cx, dataset),
        );
    }

    fn view_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Arc<Dataset>) {
        let view = cx.settings.data_view;
        match view {
            DataView::Datasets => {
                ScrollArea::vertical()
                    .id_salt("datasets")
                    .auto_shrink(false)
                    .show(ui, |ui| self.stored.ui(ui, cx));
                return;
            }
            DataView::Teach => return self.teach.ui(ui, cx),
            _ => self.teach.leave(),
        }
        let Some(look) = cx.studio.dataset_look().cloned() else {
            ui.label(theme::quiet(ui, "Reading the images…"));
            return;
        };
        match view {
            DataView::Classes => self.classes.ui(ui, &mut self.images, &look),
            DataView::Pixels => {
                ScrollArea::vertical()
                    .id_salt("pixels")
                    .auto_shrink(false)
                    .show(ui, |ui| pixels::ui(ui, dataset, &look.statistics));
            }
            DataView::Duplicates => self.duplicates.ui(ui, cx, &mut self.images, &look),
            DataView::Labels => self.labels.ui(ui, cx, &mut self.images, dataset),
            DataView::Active => self.active.ui(ui, cx, dataset),
            DataView::Teach | DataView::Datasets => {}
        }
    }
}

fn views_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        for view in DataView::ALL {
            let chosen = &mut cx.settings.data_view;
            ui.selectable_value(chosen, view, view.label())
                .on_hover_text(view.explanation());
        }
    });
}

/// Draws which dataset is open, and what can be done with it.
fn header_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, dataset: &Dataset) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            open_ui(ui, cx);
            export_ui(ui, cx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let about = dataset.folder.as_ref().map_or_else(
                    || "It comes with the program.".to_owned(),
                    |folder| folder.display().to_string(),
                );
                let name = RichText::new(&dataset.name).strong();
                ui.add(egui::Label::new(name).truncate())
                    .on_hover_text(about);
                ui.add(egui::Label::new(theme::quiet(ui, describe(dataset))).truncate());
            });
        });
    });
}

/// Describes a dataset in a line.
fn describe(dataset: &Dataset) -> String {
    let [channels, height, width] = dataset.image_shape();
    let kind = if channels == 1 { "gray" } else { "color" };
    let [train, test] = [&dataset.train, &dataset.test].map(|set| set.len());
    let pixels = (train + test) * channels * height * width;
    format!(
        "{} training and {} test images, {height}×{width} {kind}, {}, {}",
        text::thousands(train as u64),
        text::thousands(test as u64),
        text::count(dataset.n_classes(), "class"),
        text::bytes(pixels as u64)
    )
}

fn open_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let menu = ui.menu_button("Open…", |ui| {
        ui.set_min_width(200.0);
        for command in [FileCommand::OpenData, FileCommand::OpenDataFile].map(Command::from) {
            let item = ui.button(command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
        ui.separator();
        for built_in in BuiltIn::ALL {
            let item = ui.button(built_in.label());
            if item.on_hover_text(built_in.about()).clicked() {
                cx.act(DataAction::OpenBuiltIn(built_in));
            }
        }
    });
    menu.response.on_hover_text(
        "Opens a dataset: your own, or one that needs no file. Dropping it on the window does the \
         same.",
    );
}

fn export_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let menu = ui.menu_button("Export…", |ui| {
        ui.set_min_width(200.0);
        for &format in DataFormat::ALL {
            let command = Command::from(FileCommand::ExportData(format));
            let item = ui.button(command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
    });
    menu.response
        .on_hover_text("Writes the dataset for other programs.");
}
