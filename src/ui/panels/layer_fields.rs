//! The numbers of one layer, each with what it does.

use egui::{Frame, Margin, Ui};

use crate::model::{Layer, TokenChoice};
use crate::ui::theme::{self, UNIT};
use crate::ui::widgets::{Icon, Number, Row, combo, icon_button};

/// One of each kind, with numbers to start from.
pub fn kinds() -> Vec<Layer> {
    let mut kinds = vec![
        Layer::Conv2d {
            channels: 32,
            kernel: 3,
            stride: 1,
            padding: 0,
            groups: 1,
        },
        Layer::MaxPool2d {
            kernel: 2,
            stride: 2,
        },
        Layer::AvgPool2d {
            kernel: 2,
            stride: 2,
        },
        Layer::GlobalAvgPool,
        Layer::Flatten,
        Layer::Dense { units: 128 },
        Layer::BatchNorm,
        Layer::LayerNorm,
        Layer::Dropout { rate: 0.25 },
        Layer::Residual {
            layers: vec![same_size_conv(), Layer::Relu, same_size_conv()],
        },
        Layer::Rnn {
            units: 128,
            bidirectional: false,
        },
        Layer::Lstm {
            units: 128,
            bidirectional: false,
        },
        Layer::Gru {
            units: 128,
            bidirectional: false,
        },
        Layer::PatchEmbedding {
            patch: 4,
            width: 64,
            class_token: false,
        },
        Layer::TransformerEncoder {
            depth: 1,
            heads: 4,
            mlp_ratio: 2,
        },
        Layer::TokenPool {
            take: TokenChoice::Mean,
        },
    ];
    kinds.extend(ACTIVATIONS);
    kinds
}

fn same_size_conv() -> Layer {
    Layer::Conv2d {
        channels: 32,
        kernel: 3,
        stride: 1,
        padding: 1,
        groups: 1,
    }
}

const ACTIVATIONS: [Layer; 6] = [
    Layer::Relu,
    Layer::LeakyRelu { slope: 0.01 },
    Layer::Gelu,
    Layer::Silu,
    Layer::Sigmoid,
    Layer::Tanh,
];

/// Shows the numbers of `layer` and edits them.
pub fn fields_ui(ui: &mut Ui, layer: &mut Layer) {
    match layer {
        Layer::Conv2d { .. } => conv_ui(ui, layer),
        Layer::MaxPool2d { kernel, stride } | Layer::AvgPool2d { kernel, stride } => {
            count_ui(
                ui,
                "Window side",
                "Pixels along a side of each window: larger ones forget more of where things are.",
                kernel,
            );
            count_ui(
                ui,
                "Stride",
                "Pixels between two windows; usually the side of a window.",
                stride,
            );
        }
        Layer::Dense { units } => {
            count_ui(
                ui,
                "Units",
                "Outputs of the layer: too few cannot tell the classes apart, too many memorise.",
                units,
            );
        }
        Layer::Dropout { rate } => share_ui(
            ui,
            "Rate",
            "Share of the values silenced while training: 0 does nothing, too much and nothing is learned.",
            rate,
        ),
        Layer::LeakyRelu { .. }
        | Layer::Relu
        | Layer::Gelu
        | Layer::Silu
        | Layer::Sigmoid
        | Layer::Tanh => activation_ui(ui, layer),
        Layer::Residual { layers } => inside_ui(ui, layers),
        Layer::Rnn {
            units,
            bidirectional,
        }
        | Layer::Lstm {
            units,
            bidirectional,
        }
        | Layer::Gru {
            units,
            bidirectional,
        } => {
            count_ui(
                ui,
                "Units",
                "Numbers in the state that reads the rows: too few cannot remember enough.",
                units,
            );
            switch_ui(
                ui,
                "Both directions",
                "A second state reads from the bottom: twice the cost, and twice the outputs.",
                bidirectional,
            );
        }
        Layer::PatchEmbedding { .. } | Layer::TransformerEncoder { .. } => token_ui(ui, layer),
        Layer::TokenPool { take } => take_ui(ui, take),
        Layer::Flatten | Layer::GlobalAvgPool | Layer::BatchNorm | Layer::LayerNorm => {
            ui.label(theme::quiet(ui, "Nothing to set."));
        }
    }
}

fn conv_ui(ui: &mut Ui, layer: &mut Layer) {
    let Layer::Conv2d {
        channels,
        kernel,
        stride,
        padding,
        groups,
    } = layer
    else {
        return;
    };
    for (label, explanation, value) in [
        (
            "Filters",
            "Patterns the layer looks for: too few miss detail, too many cost time.",
            channels,
        ),
        (
            "Filter side",
            "Pixels along a side of each filter: larger ones see more at once and cost more.",
            kernel,
        ),
        (
            "Stride",
            "Pixels a filter moves between two outputs: 2 halves height and width.",
            stride,
        ),
        (
            "Padding",
            "Zeros added on each side, so that the edge is seen as often as the middle.",
            padding,
        ),
        (
            "Groups",
            "Parts the channels are split into: 1 connects all, as many as channels makes it depthwise.",
            groups,
        ),
    ] {
        count_ui(ui, label, explanation, value);
    }
}

fn activation_ui(ui: &mut Ui, layer: &mut Layer) {
    let row = plain_row(
        "Activation",
        "The bend between two layers: without one, two layers are no more than one.",
    );
    row.show(ui, |ui| {
        combo(ui, "Activation", layer.label(), |ui| {
            for kind in ACTIVATIONS {
                let (label, explanation) = (kind.label(), kind.explanation());
                let is_chosen = layer.label() == label;
                let item = ui.selectable_label(is_chosen, label);
                if item.on_hover_text(explanation).clicked() && !is_chosen {
                    *layer = kind;
                }
            }
        });
    });
    if let Layer::LeakyRelu { slope } = layer {
        share_ui(
            ui,
            "Slope",
            "What is left of negative values: 0 is ReLU, 1 no bend at all.",
            slope,
        );
    }
}

fn token_ui(ui: &mut Ui, layer: &mut Layer) {
    match layer {
        Layer::PatchEmbedding {
            patch,
            width,
            class_token,
        } => {
            count_ui(
                ui,
                "Patch side",
                "Pixels along a side of each patch: half of it makes four times as many tokens.",
                patch,
            );
            count_ui(
                ui,
                "Width",
                "Numbers in a token: too few cannot say what a patch looks like.",
                width,
            );
            switch_ui(
                ui,
                "Class token",
                "One more token, the first, that gathers what the answer needs.",
                class_token,
            );
        }
        Layer::TransformerEncoder {
            depth,
            heads,
            mlp_ratio,
        } => {
            count_ui(
                ui,
                "Blocks",
                "Blocks one after the other: more see further and are harder to train.",
                depth,
            );
            count_ui(
                ui,
                "Heads",
                "Parts of the width that look separately; a divisor of the width.",
                heads,
            );
            count_ui(
                ui,
                "MLP ratio",
                "How many times wider than a token the hidden layer of a block is.",
                mlp_ratio,
            );
        }
        _ => {}
    }
}

fn take_ui(ui: &mut Ui, take: &mut TokenChoice) {
    let row = plain_row(
        "Take",
        "Which token stands for the image: the first (the class token) or the mean of all.",
    );
    row.show(ui, |ui| {
        combo(ui, "Take", take.label(), |ui| {
            for choice in TokenChoice::ALL {
                ui.selectable_value(take, choice, choice.label());
            }
        });
    });
}

/// The layers of a residual block, one below the other.
fn inside_ui(ui: &mut Ui, layers: &mut Vec<Layer>) {
    let mut gone = None;
    for (idx, layer) in layers.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            ui.label(layer.label()).on_hover_text(layer.explanation());
            let away = format!("Remove inner layer {}", idx + 1);
            if icon_button(ui, Icon::Cross, &away, true)
                .on_hover_text("Takes the layer out of the block.")
                .clicked()
            {
                gone = Some(idx);
            }
        });
        let has_fields = !matches!(
            layer,
            Layer::Flatten | Layer::GlobalAvgPool | Layer::BatchNorm | Layer::LayerNorm
        );
        if has_fields {
            let frame = Frame::new().inner_margin(Margin {
                left: 12,
                ..Margin::ZERO
            });
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = UNIT;
                ui.push_id(idx, |ui| fields_ui(ui, layer));
            });
        }
    }
    if let Some(idx) = gone {
        layers.remove(idx);
    }
    let add = icon_button(ui, Icon::Plus, "Add inner layer", true)
        .on_hover_text("Adds a layer at the end of the block.");
    egui::Popup::menu(&add).show(|ui| {
        for kind in kinds() {
            let item = ui.button(kind.label()).on_hover_text(kind.explanation());
            if item.clicked() {
                layers.push(kind);
            }
        }
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

fn count_ui(ui: &mut Ui, label: &str, explanation: &str, value: &mut usize) {
    let row = plain_row(label, explanation);
    let number = Number::count(0.0, 1e6, "");
    let new = row.show(ui, |ui| {
        let (response, new) = number.ui(ui, label, *value as f64);
        response.on_hover_text(explanation);
        new
    });
    if let Some(new) = new {
        *value = new as usize;
    }
}

fn share_ui(ui: &mut Ui, label: &str, explanation: &str, value: &mut f32) {
    let row = plain_row(label, explanation);
    let new = row.show(ui, |ui| Number::share().ui(ui, label, f64::from(*value)).1);
    if let Some(new) = new {
        *value = new as f32;
    }
}

fn switch_ui(ui: &mut Ui, label: &str, explanation: &str, value: &mut bool) {
    let row = plain_row(label, explanation);
    row.show(ui, |ui| {
        ui.add(egui::Checkbox::without_text(value))
            .accessible_name(label)
            .on_hover_text(explanation);
    });
}
