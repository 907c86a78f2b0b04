//! Rows of settings: label, value, explanation and error.

use egui::Ui;

use super::PanelContext;
use crate::studio::Effect;
use crate::train::Field;
use crate::ui::widgets::{Number, Row};

/// Returns when a change of `field` takes effect; `None` without a live run.
pub(in super::super) fn effect(cx: &PanelContext<'_>, field: Field) -> Option<Effect> {
    cx.studio.live_run().map(|_| cx.studio.effect_of(field))
}

/// Draws the row of a number.
pub(in super::super) fn number_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
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
    if let Some(new) = row.number_ui(ui, &number, *value) {
        *value = new;
    }
}

/// Draws the row of a count.
pub(super) fn count_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
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

/// Draws the row of a switch.
pub(super) fn switch_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    label: &str,
    explanation: &str,
    is_on: &mut bool,
) {
    let row = Row {
        label,
        explanation,
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let checkbox = ui.add(egui::Checkbox::without_text(is_on));
        checkbox.accessible_name(label).on_hover_text(row.tooltip());
    });
}
