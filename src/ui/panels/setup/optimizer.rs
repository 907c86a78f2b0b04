//! The optimizer and its numbers.

use egui::Ui;

use super::PanelContext;
use super::rows::{number_ui, switch_ui};
use crate::studio::Effect;
use crate::train::{Field, Optimizer, TrainConfig};
use crate::ui::widgets::{Number, Row, combo};

/// Shows the optimizer of `draft` and edits it.
pub(super) fn optimizer_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Optimizer",
        explanation: "The rule that turns gradients into new weights: Adam finds its own step sizes, SGD needs \
                      a well chosen learning rate but often ends a little better.",
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
    }
}

/// Changes the rule, and the learning rate with it where it was the usual one of the old rule.
fn choose_optimizer(draft: &mut TrainConfig, optimizer: Optimizer) {
    if draft.learning_rate == draft.optimizer.default_learning_rate() {
        draft.learning_rate = optimizer.default_learning_rate();
    }
    draft.optimizer = optimizer;
}

fn momentum_ui(ui: &mut Ui, cx: &PanelContext<'_>, momentum: &mut f64) {
    let explanation = "Share of the last update carried into the next: without it progress is slow in long valleys, \
                       close to 1 it overshoots.";
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
    let explanation = "How long RMSprop remembers the size of the gradient, which sets each weight's own step: too \
                       short and the steps become erratic.";
    let share = Number::share();
    number_ui(
        ui,
        cx,
        Field::Alpha,
        "α (memory)",
        explanation,
        &share,
        alpha,
    );
}

fn nesterov_ui(ui: &mut Ui, cx: &PanelContext<'_>, nesterov: &mut bool) {
    let explanation = "Takes the gradient where the momentum leads instead of where the weights are: often a little \
                       faster, and never much worse.";
    switch_ui(ui, cx, "Nesterov", explanation, nesterov);
}

fn decoupled_ui(ui: &mut Ui, cx: &PanelContext<'_>, decoupled: &mut bool) {
    let explanation = "Lets weight decay shrink the weights directly instead of joining the gradient, as AdamW does: \
                       its strength then no longer depends on the size of the gradients.";
    switch_ui(ui, cx, "Decoupled decay", explanation, decoupled);
}

fn adam_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    beta1: &mut f64,
    beta2: &mut f64,
    epsilon: &mut f64,
) {
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
    epsilon_ui(ui, cx, epsilon);
}

fn epsilon_ui(ui: &mut Ui, cx: &PanelContext<'_>, epsilon: &mut f64) {
    let explanation = "Keeps steps finite where gradients are almost zero: too big and every weight gets the same \
                       step.";
    let rate = Number::rate(1.0);
    number_ui(ui, cx, Field::Epsilon, "ε", explanation, &rate, epsilon);
}
