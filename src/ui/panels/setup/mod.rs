//! The panel on the left: everything that decides a run.

use egui::{Align, Layout, ScrollArea, Ui};

mod augment;
mod optimizer;
mod regularize;
mod rows;
mod seed;

use super::layers::LayersPanel;
use super::{PanelContext, schedule};
use crate::model::Init;
use crate::studio::{Action, Effect};
use crate::train::{Field, TrainConfig};
use crate::ui::command::Command;
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, Weight, combo, labeled_button};
use augment::AugmentSection;
use optimizer::optimizer_ui;
use rows::count_ui;
pub(super) use rows::{effect, number_ui};
use seed::seed_ui;

/// The settings.
#[derive(Default)]
pub struct SetupPanel {
    layers: LayersPanel,
    augment: AugmentSection,
}

impl SetupPanel {
    /// Shows the settings; an edit is handed on as a whole new configuration.
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
                ui.label(theme::section(ui, "Start"));
                start_ui(ui, cx, &mut draft);
                if draft != *cx.studio.draft() {
                    cx.act(Action::SetDraft(Box::new(draft)));
                }
            });
    }
}

/// The title of the part, and the way to a learning rate.
fn training_title_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::section(ui, "Training"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let command = Command::FindLr;
            let is_possible = command.is_possible(cx.studio);
            let button = labeled_button(ui, None, "Find rate…", Weight::Bare, 0.0, is_possible);
            if button.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        });
    });
}

fn rates_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let rate = "How far the weights move at each update: too small and learning crawls, too big and the loss jumps or \
                diverges.";
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
    let decay = "Pulls all weights toward zero, against memorizing: too much of it and the network cannot fit even \
                 what is simple.";
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
    let batch = "Images behind each update: small batches are noisy but learn more from each image, large ones are \
                 smooth and faster to compute.";
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
    let epochs = "How often training goes through all images: too few and it stops before it is good, too many and it \
                  memorizes.";
    count_ui(
        ui,
        cx,
        Field::Epochs,
        "Epochs",
        epochs,
        &Number::count(0.0, 1e5, ""),
        &mut draft.epochs,
    );
    let held_out = "Training images held back to watch how the network does on images it does not learn from: too few \
                    and the curve is noisy, too many and there is less to learn from.";
    let images = Number::count(0.0, 1e9, " images");
    count_ui(
        ui,
        cx,
        Field::Validation,
        "Validation",
        held_out,
        &images,
        &mut draft.n_validation,
    );
}

fn start_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
    let next_run = cx.studio.live_run().map(|_| Effect::NextRun);
    let row = Row {
        label: "First weights",
        explanation: "How large the first random weights are: Glorot suits tanh and sigmoid and is Keras' choice, He \
                      suits deep stacks of ReLU.",
        effect: next_run,
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "First weights", draft.init.label(), |ui| {
            for init in Init::ALL {
                ui.selectable_value(&mut draft.init, init, init.label());
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    seed_ui(ui, cx, draft, next_run);
}
