//! Size and cost of the whole network.

use egui::{Align, Layout, Ui, vec2};

use crate::model::SpecReport;
use crate::text;
use crate::train::TrainConfig;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};

/// Draws parameters, cost, memory and time.
pub fn totals_ui(ui: &mut Ui, cx: &PanelContext<'_>, draft: &TrainConfig, report: &SpecReport) {
    let bytes = draft.training_bytes();
    total_ui(
        ui,
        "Parameters",
        text::thousands(report.n_parameters()),
        "Learned numbers in all layers together.",
    );
    total_ui(
        ui,
        "MACs per image",
        text::thousands(report.multiply_adds()),
        "Multiply-accumulates of a forward pass for one image; training takes about three times as \
         many.",
    );
    total_ui(
        ui,
        "Memory while training",
        text::bytes(bytes),
        "Weights, gradients, optimizer state and the activations of one batch.",
    );
    let secs = epoch_secs(cx, draft, report);
    // Always there, so that nothing moves when the first run starts.
    total_ui(
        ui,
        "Estimated time per epoch",
        secs.map_or_else(
            || "–".to_owned(),
            |secs| format!("about {}", text::duration(secs)),
        ),
        "Estimated from the speed of the newest run and the MACs of both networks; known once a \
         run trains.",
    );
}

/// Draws why there are no totals, in the same room.
pub fn no_totals_ui(ui: &mut Ui) {
    let size = vec2(ui.available_width(), totals_height(ui));
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        let text = theme::quiet(ui, "Size and cost appear once all layers fit together.");
        ui.add(egui::Label::new(text).wrap());
    });
}

/// Height of the four rows.
fn totals_height(ui: &Ui) -> f32 {
    4.0 * ROW + 3.0 * ui.spacing().item_spacing.y
}

/// Height of a row.
const ROW: f32 = 16.0;

fn total_ui(ui: &mut Ui, label: &str, value: String, about: &str) {
    let size = vec2(ui.available_width(), ROW);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.label(theme::quiet(ui, label)).on_hover_text(about);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(theme::number(value).color(tokens(ui).text));
        });
    });
}

/// Estimates the seconds per epoch of `draft` from the newest run that is shown.
fn epoch_secs(cx: &PanelContext<'_>, draft: &TrainConfig, report: &SpecReport) -> Option<f64> {
    let run = cx.studio.runs().iter().rev().find(|r| r.is_visible)?;
    let speed = run.state.images_per_second()?;
    let cost = |report: &SpecReport| report.multiply_adds().max(1) as f64;
    let ratio = cost(report) / cost(&run.state.config.model.check().0);
    let n_train = cx
        .studio
        .dataset()?
        .train
        .len()
        .checked_sub(draft.n_validation)?;
    Some(n_train as f64 / speed * ratio)
}
