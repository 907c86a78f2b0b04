//! Deploy: the model as files that others can run, and as a service.

mod files;
#[cfg(feature = "serve")]
mod service;

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::PanelContext;
use crate::ui::command::{Command, RunCommand};
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::first_step_ui;

/// The state of Deploy.
#[derive(Default)]
pub struct DeployPanel {
    #[cfg(feature = "serve")]
    service: service::ServiceView,
}

impl DeployPanel {
    /// Shows the place in the available space.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let Some(name) = cx.studio.model_name() else {
            let line = "There is no model yet: train one, or open a model file.";
            let train = Command::from(RunCommand::Train);
            let is_possible = train.is_possible(cx.studio);
            if first_step_ui(ui, line, "Start training", train.tooltip(ui), is_possible) {
                cx.command(train);
            }
            return;
        };
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.add(Label::new(RichText::new(name).strong()).truncate());
            ui.label(theme::quiet(ui, "the model on the canvas"));
        });
        ui.add_space(UNIT);
        self.columns_ui(ui, cx);
    }

    #[cfg(feature = "serve")]
    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let size = ui.available_size();
        let gap = 4.0 * UNIT;
        let left = (0.46 * size.x).clamp(280.0, 460.0).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            column_ui(ui, "files", [left, size.y], |ui| files::ui(ui, cx));
            let right = [size.x - left - gap, size.y];
            column_ui(ui, "service", right, |ui| self.service.ui(ui, cx));
        });
    }

    #[cfg(not(feature = "serve"))]
    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let size = ui.available_size();
        column_ui(ui, "files", [size.x, size.y], |ui| files::ui(ui, cx));
    }
}

fn column_ui(ui: &mut Ui, name: &str, size: [f32; 2], add: impl FnOnce(&mut Ui)) {
    let size = vec2(size[0], size[1]);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = UNIT;
        ScrollArea::vertical()
            .id_salt(name)
            .auto_shrink(false)
            .show(ui, add);
    });
}
