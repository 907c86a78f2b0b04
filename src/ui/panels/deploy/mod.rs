//! Deploy: the model as files that others can run, and as a service.

mod files;
#[cfg(feature = "serve")]
mod service;

use egui::{Label, RichText, ScrollArea, Ui};

use super::PanelContext;
use crate::ui::command::{Command, RunCommand};
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
#[cfg(feature = "serve")]
use crate::ui::widgets::Columns;
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
        let columns = Columns {
            share: 0.46,
            points: [280.0, 460.0],
            gap: 4.0 * UNIT,
        };
        columns.ui(
            ui,
            &mut (self, cx),
            |ui, (_, cx)| scrolled_ui(ui, "files", |ui| files::ui(ui, cx)),
            |ui, (this, cx)| scrolled_ui(ui, "service", |ui| this.service.ui(ui, cx)),
        );
    }

    #[cfg(not(feature = "serve"))]
    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        scrolled_ui(ui, "files", |ui| files::ui(ui, cx));
    }
}

fn scrolled_ui(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical()
        .id_salt(name)
        .auto_shrink(false)
        .show(ui, add);
}
