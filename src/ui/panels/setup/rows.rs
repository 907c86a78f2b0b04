//! Rows of settings: label, value, explanation and error.

use egui::Ui;

use crate::studio::Effect;
use crate::train::{Setting, SettingInfo, SettingMut, TrainConfig};
use crate::ui::panels::PanelContext;
use crate::ui::widgets::{Number, Row, combo};

/// Calls `draw` with the row of `setting`.
pub(super) fn with_row<R>(
    cx: &PanelContext<'_>,
    setting: Setting,
    draw: impl FnOnce(Row<'_>) -> R,
) -> R {
    let info = setting.info();
    draw(Row {
        label: info.row_label,
        explanation: &info.help(),
        effect: cx.studio.live_run().map(|_| cx.studio.effect_of(setting)),
        error: cx.studio.error_at(setting).map(|e| e.message.as_str()),
    })
}

/// Draws the row of a number or a switch, if `draft` has such a setting.
pub(super) fn setting_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    draft: &mut TrainConfig,
    setting: Setting,
) {
    let info = setting.info();
    let Some(value) = draft.setting_mut(setting) else {
        return;
    };
    with_row(cx, setting, |row| match value {
        SettingMut::Real(x) => {
            if let Some(new) = number_ui(ui, &row, number(info), *x) {
                *x = new;
            }
        }
        SettingMut::Count(n) => {
            let count = Number::count(0.0, info.max, info.unit);
            if let Some(new) = number_ui(ui, &row, count, *n as f64) {
                *n = new.max(0.0) as usize;
            }
        }
        SettingMut::Switch(is_on) => row.show(ui, |ui| {
            let checkbox = ui.add(egui::Checkbox::without_text(is_on));
            let checkbox = checkbox.accessible_name(info.row_label);
            checkbox.on_hover_text(row.tooltip());
        }),
    });
}

fn number(info: &SettingInfo) -> Number {
    let number = match info.is_log {
        true => Number::rate(info.max),
        false => Number::share(),
    };
    Number {
        max: info.max,
        unit: info.unit,
        ..number
    }
}

fn number_ui(ui: &mut Ui, row: &Row<'_>, number: Number, value: f64) -> Option<f64> {
    let number = number.held(row.effect == Some(Effect::Now));
    row.number_ui(ui, &number, value)
}

/// Draws the row of a choice; returns another one than `chosen`, if it was picked.
pub(super) fn choice_ui<T: Copy>(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    setting: Setting,
    all: impl IntoIterator<Item = T>,
    label: impl Fn(&T) -> &'static str,
    chosen: &str,
) -> Option<T> {
    let mut picked = None;
    let list_ui = |ui: &mut Ui| {
        for choice in all {
            let is_chosen = label(&choice) == chosen;
            if ui.selectable_label(is_chosen, label(&choice)).clicked() && !is_chosen {
                picked = Some(choice);
            }
        }
    };
    with_row(cx, setting, |row| {
        row.show(ui, |ui| {
            combo(ui, row.label, chosen, list_ui).on_hover_text(row.tooltip());
        });
    });
    picked
}
