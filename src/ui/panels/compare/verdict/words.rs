//! The verdict in words, and the two sides.

use egui::{RichText, Ui};

use super::interval;
use crate::compare::{Comparison, Side, Verdict};
use crate::text;
use crate::ui::theme::{self, tokens};

/// Shows the verdict and the data behind it.
pub(super) fn ui(ui: &mut Ui, comparison: &Comparison) {
    ui.add_space(2.0 * theme::UNIT);
    headline_ui(ui, comparison.model_headline(), comparison.model_verdict());
    headline_ui(
        ui,
        comparison.settings_headline(),
        Some(comparison.verdict()),
    );
    ui.label(comparison.describe());
    ui.add_space(theme::UNIT);
    sides_ui(ui, comparison);
    if let Some(test) = &comparison.seeds {
        interval::ui(ui, comparison, test);
    }
}

/// Shows a headline in the color of its verdict.
fn headline_ui(ui: &mut Ui, text: &str, verdict: Option<Verdict>) {
    let t = tokens(ui);
    let color = match verdict {
        Some(Verdict::Better) => t.good,
        Some(Verdict::Worse) => t.bad,
        Some(Verdict::CannotTell) => t.warning,
        Some(Verdict::SameSettings) | None => t.quiet,
    };
    ui.label(RichText::new(text).heading().color(color));
}

/// Shows both sides with their seeds.
fn sides_ui(ui: &mut Ui, comparison: &Comparison) {
    let metric = comparison.metric.metric;
    let line = |ui: &mut Ui, side: &Side| {
        let values: Vec<String> = side
            .values
            .iter()
            .zip(&side.seeds)
            .map(|(value, seed)| format!("{} (seed {seed})", metric.format(*value)))
            .collect();
        ui.horizontal(|ui| {
            let mean = metric.format(side.mean);
            ui.label(theme::number(format!("{mean:>9}")));
            ui.add(egui::Label::new(&side.name).truncate())
                .on_hover_text(values.join("\n"));
            let mut seeds = text::count(side.seeds.len(), "seed");
            if side.seeds.len() > 1 {
                seeds = format!("mean of {seeds}");
            }
            ui.label(theme::quiet(ui, seeds))
                .on_hover_text(values.join("\n"));
        });
    };
    line(ui, &comparison.candidate);
    line(ui, &comparison.baseline);
}
