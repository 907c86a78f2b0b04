//! The numbers of one layer, each with what it does.

use egui::Ui;

use crate::model::{Layer, LayerField, LayerValue, TokenChoice};
use crate::studio::Effect;
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, combo};

/// Shows the numbers of `layer` and edits them; `effect` says when a change acts, while a run is live.
pub fn fields_ui(ui: &mut Ui, layer: &mut Layer, effect: Option<Effect>) {
    if layer.is_activation() {
        activation_ui(ui, layer, effect);
    }
    let is_block = layer.inside_mut().is_some();
    let is_plain = !layer.is_activation() && !is_block;
    let fields = layer.fields();
    if fields.is_empty() && is_plain {
        ui.label(theme::quiet(ui, "Nothing to set."));
    }
    for field in fields {
        field_ui(ui, field, effect);
    }
    if is_block {
        ui.label(theme::quiet(
            ui,
            "Holds the layers below it; drag layers in and out.",
        ));
    }
}

fn field_ui(ui: &mut Ui, field: LayerField<'_>, effect: Option<Effect>) {
    let (label, explanation) = (field.label, field.explanation);
    let row = plain_row(label, explanation, effect);
    // A rate that acts at once waits until the field is left.
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

/// Which activation it is.
fn activation_ui(ui: &mut Ui, layer: &mut Layer, effect: Option<Effect>) {
    let row = plain_row(
        "Activation",
        "The bend between two layers: without one, two layers are no more than one.",
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
