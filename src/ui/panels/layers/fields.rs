//! The numbers of one layer, each with what it does.

use egui::Ui;

use crate::model::{Layer, LayerField, LayerValue, TokenChoice};
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, combo};

/// Shows the numbers of `layer` and edits them.
pub fn fields_ui(ui: &mut Ui, layer: &mut Layer) {
    if layer.is_activation() {
        activation_ui(ui, layer);
    }
    let is_block = layer.inside_mut().is_some();
    let is_plain = !layer.is_activation() && !is_block;
    let fields = layer.fields();
    if fields.is_empty() && is_plain {
        ui.label(theme::quiet(ui, "Nothing to set."));
    }
    for field in fields {
        field_ui(ui, field);
    }
    if is_block {
        ui.label(theme::quiet(
            ui,
            "Holds the layers below it; drag layers in and out.",
        ));
    }
}

fn field_ui(ui: &mut Ui, field: LayerField<'_>) {
    let (label, explanation) = (field.label, field.explanation);
    plain_row(label, explanation).show(ui, |ui| match field.value {
        LayerValue::Count(value) => {
            let number = Number::count(0.0, 1e6, "");
            if let Some(new) = number_ui(ui, label, explanation, &number, *value as f64) {
                *value = new as usize;
            }
        }
        LayerValue::Share(value) => {
            let number = Number::share();
            if let Some(new) = number_ui(ui, label, explanation, &number, f64::from(*value)) {
                *value = new as f32;
            }
        }
        LayerValue::Switch(value) => {
            ui.add(egui::Checkbox::without_text(value))
                .accessible_name(label)
                .on_hover_text(explanation);
        }
        LayerValue::Token(take) => {
            let shown = combo(ui, label, take.label(), |ui| {
                for choice in TokenChoice::ALL {
                    ui.selectable_value(take, choice, choice.label());
                }
            });
            shown.on_hover_text(explanation);
        }
    });
}

fn number_ui(
    ui: &mut Ui,
    label: &str,
    explanation: &str,
    number: &Number,
    value: f64,
) -> Option<f64> {
    let (response, new) = number.ui(ui, label, value);
    response.on_hover_text(explanation);
    new
}

/// Which activation it is.
fn activation_ui(ui: &mut Ui, layer: &mut Layer) {
    let row = plain_row(
        "Activation",
        "The bend between two layers: without one, two layers are no more than one.",
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
        shown.on_hover_text(row.explanation);
    });
}

fn plain_row<'a>(label: &'a str, explanation: &'a str) -> Row<'a> {
    Row {
        label,
        explanation,
        effect: None,
        error: None,
    }
}
