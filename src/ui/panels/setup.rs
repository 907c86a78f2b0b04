//! The panel on the left: everything that decides a run.

use egui::{ScrollArea, Ui, vec2};

use super::layers::LayersPanel;
use super::{Cx, schedule};
use crate::model::Init;
use crate::studio::{Action, Effect};
use crate::train::{Field, Optimizer, TrainConfig};
use crate::ui::command::Command;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::{Icon, Number, Row, VALUE_WIDTH, combo, icon_button};

/// The settings.
#[derive(Default)]
pub struct SetupPanel {
    layers: LayersPanel,
}

impl SetupPanel {
    /// Shows the settings; an edit is handed on as a whole new configuration.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ScrollArea::vertical()
            .auto_shrink(false)
            .content_margin(egui::Margin::symmetric(theme::PANEL_PADDING, 8))
            .show(ui, |ui| {
                let mut draft = cx.studio.draft().clone();
                self.layers.ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                ui.label(theme::section(ui, "Training"));
                optimizer_ui(ui, cx, &mut draft);
                rates_ui(ui, cx, &mut draft);
                amounts_ui(ui, cx, &mut draft);
                ui.add_space(12.0);
                ui.label(theme::section(ui, "Start"));
                start_ui(ui, cx, &mut draft);
                if draft != *cx.studio.draft() {
                    cx.act(Action::SetDraft(Box::new(draft)));
                }
            });
    }
}

/// When a change of `field` takes effect; only worth saying while a run is live.
pub(super) fn effect(cx: &Cx<'_>, field: Field) -> Option<Effect> {
    cx.studio.live_run().map(|_| cx.studio.effect_of(field))
}

/// A row for a number in the settings.
pub(super) fn number_ui(
    ui: &mut Ui,
    cx: &Cx<'_>,
    field: Field,
    label: &str,
    explanation: &str,
    number: &Number,
    value: &mut f64,
) {
    let row = Row {
        label,
        explanation,
        effect: effect(cx, field),
        error: cx.studio.error_at(field).map(|e| e.message.as_str()),
    };
    let number = number.clone().held(row.effect == Some(Effect::Now));
    let new = row.show(ui, |ui| {
        let (response, new) = number.ui(ui, label, *value);
        response.on_hover_text(row.tooltip());
        new
    });
    if let Some(new) = new {
        *value = new;
    }
}

/// The same for a count.
fn count_ui(
    ui: &mut Ui,
    cx: &Cx<'_>,
    field: Field,
    label: &str,
    explanation: &str,
    number: &Number,
    value: &mut usize,
) {
    let mut real = *value as f64;
    number_ui(ui, cx, field, label, explanation, number, &mut real);
    *value = real.max(0.0) as usize;
}

fn optimizer_ui(ui: &mut Ui, cx: &Cx<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Optimiser",
        explanation: "The rule that turns gradients into new weights: Adam finds its own step sizes, SGD needs \
                      a well chosen learning rate but often ends a little better.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Optimiser", draft.optimizer.label(), |ui| {
            for optimizer in Optimizer::ALL {
                let is_chosen = optimizer.name() == draft.optimizer.name();
                if ui.selectable_label(is_chosen, optimizer.label()).clicked() && !is_chosen {
                    choose_optimizer(draft, optimizer);
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    match &mut draft.optimizer {
        Optimizer::Sgd { momentum, nesterov } => sgd_ui(ui, cx, momentum, nesterov),
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
        }
        | Optimizer::Adamw {
            beta1,
            beta2,
            epsilon,
        } => {
            adam_ui(ui, cx, beta1, beta2, epsilon);
        }
    }
}

/// Changes the rule, and the learning rate with it where it was the usual one of the old rule.
fn choose_optimizer(draft: &mut TrainConfig, optimizer: Optimizer) {
    if draft.learning_rate == draft.optimizer.usual_learning_rate() {
        draft.learning_rate = optimizer.usual_learning_rate();
    }
    draft.optimizer = optimizer;
}

fn sgd_ui(ui: &mut Ui, cx: &Cx<'_>, momentum: &mut f64, nesterov: &mut bool) {
    let explanation = "Share of the last update carried into the next: without it progress is slow in long valleys, \
                       close to 1 it overshoots.";
    number_ui(
        ui,
        cx,
        Field::Momentum,
        "Momentum",
        explanation,
        &Number::share(),
        momentum,
    );
    let row = Row {
        label: "Nesterov",
        explanation: "Takes the gradient where the momentum leads instead of where the weights are: often a little \
                      faster, and never much worse.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let checkbox = ui.add(egui::Checkbox::without_text(nesterov));
        checkbox
            .accessible_name("Nesterov")
            .on_hover_text(row.tooltip());
    });
}

fn adam_ui(ui: &mut Ui, cx: &Cx<'_>, beta1: &mut f64, beta2: &mut f64, epsilon: &mut f64) {
    let mean = "How long Adam remembers the mean of the gradient: too short is jumpy, too long is sluggish.";
    number_ui(
        ui,
        cx,
        Field::Beta1,
        "β₁ (momentum)",
        mean,
        &Number::share(),
        beta1,
    );
    let square = "How long Adam remembers the size of the gradient, which sets each weight's own step: too short and \
                  the steps become erratic.";
    number_ui(
        ui,
        cx,
        Field::Beta2,
        "β₂ (scale)",
        square,
        &Number::share(),
        beta2,
    );
    let least = "Keeps steps finite where gradients are almost zero: too big and Adam turns into plain descent.";
    number_ui(
        ui,
        cx,
        Field::Epsilon,
        "ε",
        least,
        &Number::rate(1.0),
        epsilon,
    );
}

fn rates_ui(ui: &mut Ui, cx: &Cx<'_>, draft: &mut TrainConfig) {
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
    let decay = "Pulls all weights towards zero, against memorising: too much of it and the network cannot fit even \
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

fn amounts_ui(ui: &mut Ui, cx: &Cx<'_>, draft: &mut TrainConfig) {
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
                  memorises.";
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

fn start_ui(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut TrainConfig) {
    let next_run = cx.studio.live_run().map(|_| Effect::NextRun);
    let row = Row {
        label: "First weights",
        explanation: "How large the first random weights are: Glorot suits tanh and sigmoid and is Keras' choice, He \
                      suits deep stacks of ReLU.",
        effect: next_run,
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "First weights", init_label(draft.init), |ui| {
            for init in [Init::GlorotUniform, Init::HeUniform] {
                ui.selectable_value(&mut draft.init, init, init_label(init));
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    seed_ui(ui, cx, draft, next_run);
}

fn init_label(init: Init) -> &'static str {
    match init {
        Init::GlorotUniform => "Glorot",
        Init::HeUniform => "He",
    }
}

fn seed_ui(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut TrainConfig, effect: Option<Effect>) {
    let row = Row {
        label: "Seed",
        explanation: "The number behind all chance, first weights, split, order and dropout: the same seed and \
                      settings give the same run again.",
        effect,
        error: None,
    };
    row.show(ui, |ui| {
        let die = icon_button(ui, Icon::Die, "New seed", true);
        if die.on_hover_text(Command::NewSeed.explanation()).clicked() {
            cx.command(Command::NewSeed);
        }
        let width = VALUE_WIDTH - ROW_HEIGHT - ui.spacing().item_spacing.x;
        let mut text = draft.seed.to_string();
        let edit = egui::TextEdit::singleline(&mut text)
            .font(egui::TextStyle::Monospace)
            .align(egui::Align2::CENTER_CENTER)
            .min_size(vec2(width, ROW_HEIGHT))
            .desired_width(width - 16.0);
        let edit = ui
            .add(edit)
            .accessible_name("Seed")
            .on_hover_text(row.tooltip());
        if edit.changed()
            && let Ok(seed) = text.trim().parse()
        {
            draft.seed = seed;
        }
    });
}
