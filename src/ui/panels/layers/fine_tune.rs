//! Where the weights start from, and which of them change.

use egui::{Label, Ui};

use crate::model::ParamKind;
use crate::studio::{DraftAction, RunAction};
use crate::text;
use crate::train::TrainConfig;
use crate::ui::panels::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::{Number, Row, Weight, combo, labeled_button};

/// What [`TrainConfig::lr_scale`] calls all layers but the last with weights.
const BODY: &str = "body";

/// Draws the choice of the first weights, and what belongs to those of a model.
pub fn start_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Starts from",
        explanation: "The weights at the beginning: random, or those of a trained model, which then \
                      needs far fewer images to learn something new (fine-tuning).",
        effect: None,
        error: None,
    };
    row.show(ui, |ui| choice_ui(ui, cx, draft, &row));
    if draft.start.is_none() {
        return;
    }
    let rate = Row {
        label: "Body learning rate",
        explanation: "Factor of the learning rate for all layers but the last with weights: 0.1 keeps \
                      what they have learned while the last one begins anew.",
        effect: None,
        error: None,
    };
    let factor = draft.lr_scale.get(BODY).copied().unwrap_or(1.0);
    if let Some(factor) = rate.number_ui(ui, &Number::rate(10.0).with_unit("×"), factor) {
        match factor == 1.0 {
            true => draft.lr_scale.remove(BODY),
            false => draft.lr_scale.insert(BODY.to_owned(), factor),
        };
    }
    let about = "Queues the same network with random weights and nothing frozen, to see what the \
                 trained weights are worth.";
    let button = labeled_button(
        ui,
        None,
        "Also train from scratch",
        Weight::Plain,
        0.0,
        true,
    );
    if button.on_hover_text(about).clicked() {
        let mut scratch = draft.clone();
        scratch.train_all_layers();
        scratch.start = None;
        cx.act(RunAction::Queue(vec![scratch]));
    }
}

fn choice_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig, row: &Row<'_>) {
    let chosen = match &draft.start {
        None => "random weights".to_owned(),
        Some(start) => {
            let name = start
                .model
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy();
            // A run's model has the same name in every run.
            let folder = start.model.parent().and_then(|folder| folder.file_name());
            match (&*name, folder) {
                ("model", Some(folder)) => folder.to_string_lossy().into_owned(),
                _ => name.into_owned(),
            }
        }
    };
    let (is_possible, about) = match cx.studio.fine_tuned_model() {
        Some(_) => (
            true,
            "Its layers and weights, with a last layer for these classes.",
        ),
        None => (
            false,
            "There is no model with a file on the canvas: open one, or train one in a workspace.",
        ),
    };
    let shown = combo(ui, row.label, &chosen, |ui| {
        if ui
            .selectable_label(draft.start.is_none(), "random weights")
            .clicked()
        {
            draft.start = None;
        }
        let item = egui::Button::selectable(false, "the model on the canvas");
        if ui
            .add_enabled(is_possible, item)
            .on_hover_text(about)
            .clicked()
        {
            cx.act(DraftAction::FineTune);
        }
    });
    shown.on_hover_text(row.tooltip());
}

/// Draws whether a layer is frozen, and returns whether that was changed.
pub fn frozen_ui(ui: &mut Ui, draft: &mut TrainConfig, name: &str) {
    let mut is_frozen = draft.is_frozen(name);
    let about = "Keeps the layer's weights as they are: they are not trained, which also takes less \
                 time. A batch norm keeps its running estimates.";
    ui.horizontal(|ui| {
        if ui
            .checkbox(&mut is_frozen, "frozen")
            .on_hover_text(about)
            .changed()
        {
            draft.freeze_layer(name, is_frozen);
        }
        let button = labeled_button(ui, None, "Freeze up to here", Weight::Bare, 0.0, true);
        let about = "Freezes this layer and all before it. Without augmentation they then run once \
                     per image instead of once per epoch.";
        if button.on_hover_text(about).clicked() {
            draft.freeze_up_to(name);
        }
    });
}

/// Draws how many weights change, if not all do.
pub fn trained_ui(ui: &mut Ui, draft: &TrainConfig) {
    if draft.freeze.is_empty() {
        return;
    }
    let frozen = draft.frozen_params();
    let shapes = draft.model.param_shapes().unwrap_or_default();
    let weights = shapes
        .iter()
        .zip(&frozen)
        .filter(|(shape, _)| shape.kind == ParamKind::Weight);
    let (mut n_trained, mut n_all) = (0, 0);
    for (shape, is_frozen) in weights {
        let n = shape.dims.iter().product::<usize>() as u64;
        n_all += n;
        n_trained += if *is_frozen { 0 } else { n };
    }
    let text = format!(
        "trains {} of {} weights",
        text::thousands(n_trained),
        text::thousands(n_all)
    );
    ui.add(Label::new(theme::quiet(ui, text)).truncate());
}
