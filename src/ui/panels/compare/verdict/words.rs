//! The verdict in words, and the two sides.

use egui::{RichText, Ui};

use super::interval;
use crate::compare::{Comparison, Side, Verdict};
use crate::text;
use crate::ui::theme::{self, tokens};

/// Shows the verdict and the data behind it.
pub(super) fn ui(ui: &mut Ui, comparison: &Comparison) {
    let t = tokens(ui);
    let (word, color) = match comparison.verdict() {
        Verdict::Better => ("Better", t.good),
        Verdict::Worse => ("Worse", t.bad),
        Verdict::CannotTell => ("Inconclusive", t.warning),
        Verdict::SameSettings => ("Same settings", t.quiet),
    };
    ui.add_space(2.0 * theme::UNIT);
    ui.label(RichText::new(word).heading().color(color));
    ui.label(comparison.describe());
    ui.add_space(theme::UNIT);
    sides_ui(ui, comparison);
    if let Some(test) = &comparison.seeds {
        interval::ui(ui, comparison, test);
    }
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
