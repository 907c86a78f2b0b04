//! The optimizer and its settings.

use egui::Ui;

use super::rows::{choice_ui, setting_ui};
use crate::train::{Optimizer, Setting, TrainConfig};
use crate::ui::panels::PanelContext;

/// The settings of optimizers, in the order of the panel; each optimizer has some of them.
const NUMBERS: [Setting; 7] = [
    Setting::Alpha,
    Setting::Momentum,
    Setting::Beta1,
    Setting::Beta2,
    Setting::Epsilon,
    Setting::Nesterov,
    Setting::Decoupled,
];

/// Draws and edits the optimizer of `draft`.
pub(super) fn optimizer_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let chosen = draft.optimizer.label();
    let label = Optimizer::label;
    if let Some(new) = choice_ui(ui, cx, Setting::Optimizer, Optimizer::ALL, label, chosen) {
        choose_optimizer(draft, new);
    }
    for setting in NUMBERS {
        setting_ui(ui, cx, draft, setting);
    }
}

/// Changes the optimizer, and the learning rate with it if it was the old optimizer's default.
fn choose_optimizer(draft: &mut TrainConfig, optimizer: Optimizer) {
    if draft.learning_rate == draft.optimizer.default_learning_rate() {
        draft.learning_rate = optimizer.default_learning_rate();
    }
    draft.optimizer = optimizer;
}
