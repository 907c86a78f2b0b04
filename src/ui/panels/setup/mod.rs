//! The panel on the left: all settings of a run.

use egui::{Align, Layout, ScrollArea, Ui};

mod augment;
mod optimizer;
mod regularize;
mod rows;
mod seed;

use super::layers::LayersPanel;
use super::{PanelContext, schedule};
use crate::model::Init;
use crate::studio::{DraftAction, Effect};
use crate::train::{Field, TrainConfig};
use crate::ui::command::{Command, RunCommand};
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, Weight, combo, labeled_button};
use augment::AugmentSection;
use optimizer::optimizer_ui;
use rows::count_ui;
pub(super) use rows::{effect, number_ui};
use seed::seed_ui;

/// The settings panel.
#[derive(Default)]
pub struct SetupPanel {
    layers: LayersPanel,
    augment: AugmentSection,
}

impl SetupPanel {
    /// Draws the settings; an edit sends a complete new configuration.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        ScrollArea::vertical()
            .auto_shrink(false)
            .content_margin(egui::Margin::symmetric(theme::PANEL_PADDING, 8))
            .show(ui, |ui| {
                let mut draft = cx.studio.draft().clone();
                self.layers.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                training_title_ui(ui, cx);
                optimizer_ui(ui, cx, &mut draft);
                rates_ui(ui, cx, &mut draft);
                amounts_ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                regularize::ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                self.augment.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                ui.label(theme::section(ui, "Initialization"));
                start_ui(ui, cx, &mut draft);
                if draft != *cx.studio.draft() {
                    cx.act(DraftAction::Set(Box::new(draft)));
                }
            });
    }
}

/// Draws the heading, with the button of the LR finder.
fn training_title_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::section(ui, "Training"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let command = Command::from(RunCommand::FindLr);
            let is_possible = command.is_possible(cx.studio);
            let button = labeled_button(ui, None, "Find LR…", Weight::Bare, 0.0, is_possible);
            if button.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        });
    });
}

fn rates_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let rate = "How far the weights move per update: too small and training is slow, too big and \
                the loss jumps or diverges.";
    number_ui(
        ui,
        cx,
        Field::LearningRate,
        "Learning rate",
        rate,
        &Number::rate(100.0),
        &mut draft.learning_rate,
    );
    schedule::ui(ui, cx, draft);
    let decay = "Shrinks weights toward zero to reduce overfitting: too much of it and the network \
                 cannot fit even what is simple.";
    number_ui(
        ui,
        cx,
        Field::WeightDecay,
        "Weight decay",
        decay,
        &Number::rate(100.0),
        &mut draft.weight_decay,
    );
}

fn amounts_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let batch = "Images per update: small batches are noisy but learn more from each image, large \
                 ones are smooth and faster to compute.";
    let images = Number::count(0.0, 1e6, " images");
    count_ui(
        ui,
        cx,
        Field::BatchSize,
        "Batch size",
        batch,
        &images,
        &mut draft.batch_size,
    );
    let epochs = "Passes over the training images: too few and training ends too early, too many \
                  and the network overfits.";
    count_ui(
        ui,
        cx,
        Field::Epochs,
        "Epochs",
        epochs,
        &Number::count(0.0, 1e5, ""),
        &mut draft.epochs,
    );
    let validation = "Training images set aside to measure the network on images it is not trained \
                      on: too few and the curve is noisy, too many and less is left to train on.";
    let images = Number::count(0.0, 1e9, " images");
    count_ui(
        ui,
        cx,
        Field::Validation,
        "Validation",
        validation,
        &images,
        &mut draft.n_validation,
    );
}

fn start_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
    let next_run = cx.studio.live_run().map(|_| Effect::NextRun);
    let row = Row {
        label: "Initial weights",
        explanation: "Scale of the initial random weights: Glorot suits tanh and sigmoid and is \
                      Keras' default, He suits deep stacks of ReLU.",
        effect: next_run,
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Initial weights", draft.init.label(), |ui| {
            for init in Init::ALL {
                ui.selectable_value(&mut draft.init, init, init.label());
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    seed_ui(ui, cx, draft, next_run);
}
