//! Settings against overfitting and unstable updates.

use egui::Ui;

use super::PanelContext;
use super::rows::{count_ui, number_ui};
use crate::studio::Effect;
use crate::text;
use crate::train::{Clip, Field, Loss, TrainConfig, Watched};
use crate::ui::widgets::{Number, Row, combo, section};

/// Draws and edits the regularization of `draft`.
pub(super) fn ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let explanation = "Settings against overfitting and unstable updates.";
    let summary = summary(draft);
    section(ui, "Regularize", explanation, &summary, |ui| {
        loss_ui(ui, cx, draft);
        penalties_ui(ui, cx, draft);
        clip_ui(ui, cx, draft);
        ema_ui(ui, cx, draft);
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
    let row = Row {
        label: "Loss",
        explanation: "What training minimizes: cross entropy punishes confident mistakes hard and \
                      suits classes, squared error tolerates them and learns slowly.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Loss", draft.loss.label(), |ui| {
            for loss in Loss::ALL {
                let is_chosen = loss.name() == draft.loss.name();
                if ui.selectable_label(is_chosen, loss.label()).clicked() && !is_chosen {
                    draft.loss = loss;
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    if let Loss::CrossEntropy { label_smoothing } = &mut draft.loss {
        let explanation = "Share of the target that is spread over all classes, to avoid \
                           overconfidence: too much and the network is never confident.";
        let share = Number::share();
        number_ui(
            ui,
            cx,
            Field::Loss,
            "Label smoothing",
            explanation,
            &share,
            label_smoothing,
        );
    }
}

fn penalties_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let l1 = "Shrinks all weights toward zero by the same step, so that unneeded ones vanish: too \
              much and nothing is left.";
    let rate = Number::rate(100.0);
    number_ui(ui, cx, Field::L1, "L1 penalty", l1, &rate, &mut draft.l1);
}

fn clip_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let row = Row {
        label: "Clip gradients",
        explanation: "Limits the gradient of an extreme batch, by its norm or by each of its \
                      values: too low and training is slow.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Clip gradients", draft.clip.label(), |ui| {
            for clip in Clip::ALL {
                let is_chosen = clip.name() == draft.clip.name();
                if ui.selectable_label(is_chosen, clip.label()).clicked() && !is_chosen {
                    draft.clip = clip;
                }
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    if let Clip::Norm { max } | Clip::Value { max } = &mut draft.clip {
        let explanation = "The largest norm, or the largest absolute value, allowed.";
        let rate = Number::rate(1e6);
        number_ui(ui, cx, Field::Clip, "Clip at", explanation, &rate, max);
    }
}

fn ema_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let explanation = "Decay of the moving average (EMA) of the weights, which is then evaluated, \
                       used for drawings and saved: 0.999 averages over the last thousand updates, \
                       0 turns it off; too close to 1 and it lags.";
    let share = Number::share();
    let decay = &mut draft.ema_decay;
    number_ui(
        ui,
        cx,
        Field::EmaDecay,
        "EMA decay",
        explanation,
        &share,
        decay,
    );
}

fn early_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &mut TrainConfig) {
    let early = &mut draft.early_stopping;
    let explanation = "Epochs without improvement after which the run stops and its best weights \
                       are restored; 0 turns early stopping off, too few stop the run in a dip.";
    let epochs = Number::count(0.0, 1e5, " epochs");
    let patience = &mut early.patience;
    count_ui(
        ui,
        cx,
        Field::EarlyStopping,
        "Patience",
        explanation,
        &epochs,
        patience,
    );
    if !early.is_on() {
        return;
    }
    let row = Row {
        label: "Monitor",
        explanation: "What must improve on the validation images: the loss reflects growing \
                      confidence in mistakes, the accuracy does not.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    row.show(ui, |ui| {
        let shown = combo(ui, "Monitor", early.metric.label(), |ui| {
            for metric in Watched::ALL {
                ui.selectable_value(&mut early.metric, metric, metric.label());
            }
        });
        shown.on_hover_text(row.tooltip());
    });
    let row = Row {
        label: "Minimum delta",
        explanation: "Smallest change of the monitored metric that counts as an improvement: too \
                      large and slow progress stops the run.",
        effect: cx.studio.live_run().map(|_| Effect::NextRun),
        error: None,
    };
    let rate = Number::rate(100.0);
    let new = row.number_ui(ui, &rate, early.min_delta);
    early.min_delta = new.unwrap_or(early.min_delta);
}
