//! Which model predicts.

use egui::{Align, Layout, Ui};

use crate::studio::Model;
use crate::text;
use crate::ui::command::{CanvasCommand, Command, FileCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};

/// Draws which model predicts, and the buttons to save or change it.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let is_live = cx.studio.live_run().is_some();
    let (name, about) = match cx.studio.model() {
        Model::None => (
            "no model yet".to_owned(),
            "Train a model or open one to get predictions.".to_owned(),
        ),
        Model::Snapshot { step, .. } => (
            format!("update {}", text::thousands(*step)),
            "Predicted with the weights after this update; \"Now\" on the timeline returns to the \
             current ones."
                .to_owned(),
        ),
        Model::Trained(_) if is_live => (
            "run in training".to_owned(),
            "Predicted with the current weights of the run in training.".to_owned(),
        ),
        Model::Trained(_) => (
            "last trained run".to_owned(),
            "Predicted with the weights of the last trained run.".to_owned(),
        ),
        Model::Opened { path, .. } => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            let about = format!("Predicted with the model from {}.", path.display());
            (name.to_string_lossy().into_owned(), about)
        }
    };
    let (name, about) = match cx.studio.is_averaged() {
        true => (
            format!("{name}, EMA"),
            format!("{about} Uses the EMA of the weights, which is also evaluated and saved."),
        ),
        false => (name, about),
    };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            model_button(ui, cx, "Save…", FileCommand::SaveModel.into());
            model_button(ui, cx, "Open…", FileCommand::OpenModel.into());
            let back = Command::from(CanvasCommand::UseTrainedModel);
            if back.is_possible(cx.studio) {
                let button = icon_button(ui, Icon::Undo, &back.label(), true);
                if button.on_hover_text(back.explanation()).clicked() {
                    cx.command(back);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = theme::quiet(ui, name);
                ui.add(egui::Label::new(text).truncate())
                    .on_hover_text(about);
            });
        });
    });
}

fn model_button(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Plain, 0.0, is_possible)
        .accessible_name(command.label())
        .on_hover_text(command.tooltip(ui));
    if button.clicked() {
        cx.command(command);
    }
}
