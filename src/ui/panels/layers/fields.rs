//! The fields of one layer, each with a tooltip.

use egui::Ui;

use crate::model::{Layer, LayerField, LayerValue, TokenChoice};
use crate::studio::Effect;
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, combo};

/// Draws and edits the fields of `layer`; `effect` is when a change takes effect during a run.
pub fn fields_ui(ui: &mut Ui, layer: &mut Layer, effect: Option<Effect>) {
    if layer.is_activation() {
        activation_ui(ui, layer, effect);
    }
    let is_block = layer.inside_mut().is_some();
    let is_plain = !layer.is_activation() && !is_block;
    let fields = layer.fields();
    if fields.is_empty() && is_plain {
        ui.label(theme::quiet(ui, "No settings."));
    }
    for field in fields {
        field_ui(ui, field, effect);
    }
    if is_block {
        ui.label(theme::quiet(
            ui,
            "Contains the layers below it; drag layers in and out.",
        ));
    }
}

fn field_ui(ui: &mut Ui, field: LayerField<'_>, effect: Option<Effect>) {
    let (label, explanation) = (field.label, field.explanation);
    let row = plain_row(label, explanation, effect);
    // A value that takes effect at once is only applied when the field is left.
    let is_held = effect == Some(Effect::Now);
    match field.value {
        LayerValue::Count(value) => {
            let number = Number::count(0.0, 1e6, "");
            if let Some(new) = row.number_ui(ui, &number, *value as f64) {
                *value = new as usize;
            }
        }
        LayerValue::Share(value) => {
            let number = Number::share().held(is_held);
            if let Some(new) = row.number_ui(ui, &number, f64::from(*value)) {
                *value = new as f32;
            }
        }
        LayerValue::Switch(value) => row.show(ui, |ui| {
            ui.add(egui::Checkbox::without_text(value))
                .accessible_name(label)
                .on_hover_text(row.tooltip());
        }),
        LayerValue::Token(take) => row.show(ui, |ui| {
            let shown = combo(ui, label, take.label(), |ui| {
                for choice in TokenChoice::ALL {
                    ui.selectable_value(take, choice, choice.label());
                }
            });
            shown.on_hover_text(row.tooltip());
        }),
    }
}

/// Draws the choice of the activation.
fn activation_ui(ui: &mut Ui, layer: &mut Layer, effect: Option<Effect>) {
    let row = plain_row(
        "Activation",
        "The nonlinearity between two layers: without one, stacked layers collapse into one.",
        effect,
    );
    row.show(ui, |ui| {
        let shown = combo(ui, "Activation", layer.label(), |ui| {
            for kind in Layer::ACTIVATIONS {
                let (label, explanation) = (kind.label(), kind.explanation());
                let is_chosen = layer.label() == label;
                let item = ui.selectable_label(is_chosen, label);
                if item.on_hover_text(explanation).clicked() && !is_chosen {
                    *layer = kind;
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
}

fn plain_row<'a>(label: &'a str, explanation: &'a str, effect: Option<Effect>) -> Row<'a> {
    Row {
        label,
        explanation,
        effect,
        error: None,
    }
}
