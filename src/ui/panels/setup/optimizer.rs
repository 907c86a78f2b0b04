//! The optimizer and its settings.

use egui::Ui;

use super::PanelContext;
use super::rows::{number_ui, switch_ui};
use crate::studio::Effect;
use crate::train::{Field, Optimizer, TrainConfig};
use crate::ui::widgets::{Number, Row, combo};

/// Draws and edits the optimizer of `draft`.
pub(super) fn optimizer_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Optimizer",
        explanation: "The rule from gradients to updates: Adam adapts its step sizes, SGD needs a \
                      well-chosen learning rate but often ends slightly better. Lion needs a learning \
                      rate 3 to 10 times smaller than AdamW's, and a weight decay as much larger.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Optimizer", draft.optimizer.label(), |ui| {
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
        Optimizer::Sgd {
            momentum,
            nesterov,
            decoupled,
        } => {
            momentum_ui(ui, cx, momentum);
            nesterov_ui(ui, cx, nesterov);
            decoupled_ui(ui, cx, decoupled);
        }
        Optimizer::Rmsprop {
            alpha,
            momentum,
            epsilon,
            decoupled,
        } => {
            alpha_ui(ui, cx, alpha);
            momentum_ui(ui, cx, momentum);
            epsilon_ui(ui, cx, epsilon);
            decoupled_ui(ui, cx, decoupled);
        }
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
        Optimizer::Lion { beta1, beta2 } => lion_ui(ui, cx, beta1, beta2),
    }
}

/// Changes the optimizer, and the learning rate with it if it was the old optimizer's default.
fn choose_optimizer(draft: &mut TrainConfig, optimizer: Optimizer) {
    if draft.learning_rate == draft.optimizer.default_learning_rate() {
        draft.learning_rate = optimizer.default_learning_rate();
    }
    draft.optimizer = optimizer;
}

fn momentum_ui(ui: &mut Ui, cx: &PanelContext<'_>, momentum: &mut f64) {
    let explanation = "Share of the last update carried into the next: without it, progress in \
                       long valleys is slow; close to 1, it overshoots.";
    let share = Number::share();
    number_ui(
        ui,
        cx,
        Field::Momentum,
        "Momentum",
        explanation,
        &share,
        momentum,
    );
}

fn alpha_ui(ui: &mut Ui, cx: &PanelContext<'_>, alpha: &mut f64) {
    let explanation = "Decay of the running mean of the squared gradient, which scales each \
                       weight's step: too small and the steps become erratic.";
    let share = Number::share();
    number_ui(
        ui,
        cx,
        Field::Alpha,
        "α (smoothing)",
        explanation,
        &share,
        alpha,
    );
}

fn nesterov_ui(ui: &mut Ui, cx: &PanelContext<'_>, nesterov: &mut bool) {
    let explanation = "Evaluates the gradient where momentum leads instead of at the current \
                       weights: often slightly faster, and never much worse.";
    switch_ui(ui, cx, "Nesterov", explanation, nesterov);
}

fn decoupled_ui(ui: &mut Ui, cx: &PanelContext<'_>, decoupled: &mut bool) {
    let explanation = "Applies weight decay to the weights instead of adding it to the gradient, \
                       as AdamW does: its strength then does not depend on the size of the \
                       gradients.";
    switch_ui(ui, cx, "Decoupled decay", explanation, decoupled);
}

fn adam_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    beta1: &mut f64,
    beta2: &mut f64,
    epsilon: &mut f64,
) {
    let mean = "Decay of the running mean of the gradient: too small is jumpy, too close to 1 is \
                sluggish.";
    number_ui(
        ui,
        cx,
        Field::Beta1,
        "β₁ (momentum)",
        mean,
        &Number::share(),
        beta1,
    );
    let square = "Decay of the running mean of the squared gradient, which scales each weight's \
                  step: too small and the steps become erratic.";
    number_ui(
        ui,
        cx,
        Field::Beta2,
        "β₂ (scale)",
        square,
        &Number::share(),
        beta2,
    );
    epsilon_ui(ui, cx, epsilon);
}

fn lion_ui(ui: &mut Ui, cx: &PanelContext<'_>, beta1: &mut f64, beta2: &mut f64) {
    let share = Number::share();
    let mean = "Share of the momentum in the mean whose sign is the step; the rest is the current \
                gradient: too small is jumpy, too close to 1 is sluggish.";
    number_ui(ui, cx, Field::Beta1, "β₁", mean, &share, beta1);
    let momentum = "Decay of the momentum, the running mean of the gradient: the closer to 1, the \
                    more past updates count.";
    number_ui(
        ui,
        cx,
        Field::Beta2,
        "β₂ (momentum)",
        momentum,
        &share,
        beta2,
    );
}

fn epsilon_ui(ui: &mut Ui, cx: &PanelContext<'_>, epsilon: &mut f64) {
    let explanation = "Keeps steps finite where gradients are almost zero: too big and step sizes \
                       no longer adapt.";
    let rate = Number::rate(1.0);
    number_ui(ui, cx, Field::Epsilon, "ε", explanation, &rate, epsilon);
}
