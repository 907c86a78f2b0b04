//! Settings against overfitting and unstable updates.

use egui::Ui;

use super::rows::{choice_ui, setting_ui};
use crate::text;
use crate::train::{Clip, Loss, Setting, TrainConfig, Watched};
use crate::ui::panels::PanelContext;
use crate::ui::widgets::section;

/// Draws and edits the regularization of `draft`.
pub(super) fn ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let explanation = "Settings against overfitting and unstable updates.";
    let summary = summary(draft);
    section(ui, "Regularize", explanation, &summary, |ui| {
        loss_ui(ui, cx, draft);
        setting_ui(ui, cx, draft, Setting::L1);
        clip_ui(ui, cx, draft);
        setting_ui(ui, cx, draft, Setting::EmaDecay);
        early_ui(ui, cx, draft);
    });
}

/// Returns the settings in use, in one line.
fn summary(draft: &TrainConfig) -> String {
    let number =
        |name: &str, value: f64| (value != 0.0).then(|| format!("{name} {}", text::setting(value)));
    let loss = match draft.loss {
        Loss::CrossEntropy { label_smoothing } => number("smoothing", label_smoothing),
        Loss::SquaredError => Some("squared error".to_owned()),
    };
    let clip = match draft.clip {
        Clip::None => None,
        Clip::Norm { max } | Clip::Value { max } => number("clip", max),
    };
    let parts: Vec<String> = [
        loss,
        number("L1", draft.l1),
        clip,
        number("EMA", draft.ema_decay),
        number("patience", draft.early_stopping.patience as f64),
    ]
    .into_iter()
    .flatten()
    .collect();
    match parts.is_empty() {
        true => "off".to_owned(),
        false => parts.join(" · "),
    }
}

fn loss_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let chosen = draft.loss.label();
    if let Some(new) = choice_ui(ui, cx, Setting::Loss, Loss::ALL, Loss::label, chosen) {
        draft.loss = new;
    }
    setting_ui(ui, cx, draft, Setting::LabelSmoothing);
}

fn clip_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let chosen = draft.clip.label();
    if let Some(new) = choice_ui(ui, cx, Setting::Clip, Clip::ALL, Clip::label, chosen) {
        draft.clip = new;
    }
    setting_ui(ui, cx, draft, Setting::ClipMax);
}

fn early_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    setting_ui(ui, cx, draft, Setting::Patience);
    if !draft.early_stopping.is_on() {
        return;
    }
    let metric = &mut draft.early_stopping.metric;
    let (chosen, label) = (metric.label(), |metric: &Watched| metric.label());
    if let Some(new) = choice_ui(ui, cx, Setting::Monitor, Watched::ALL, label, chosen) {
        *metric = new;
    }
    setting_ui(ui, cx, draft, Setting::MinDelta);
}
