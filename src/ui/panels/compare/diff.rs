//! The settings in which the selected runs differ.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::selectors;
use crate::runs::table::differences;
use crate::runs::{Record, Value};
use crate::studio::Run;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Maximum number of runs side by side: more would not be readable.
const MAX_RUNS: usize = 12;

/// Shows the differences between the selected runs.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let runs: Vec<&Run> = cx.studio.selected_runs().collect();
    if runs.len() < 2 {
        let text = "Select two or more runs in the table (Ctrl+click).";
        selectors::nothing(ui, text);
        return;
    }
    if runs.len() > MAX_RUNS {
        let text = format!(
            "Of the {} selected runs, these are the first {MAX_RUNS}.",
            runs.len()
        );
        ui.label(theme::quiet(ui, text));
    }
    let records: Vec<&Record> = runs.iter().take(MAX_RUNS).map(|run| &run.record).collect();
    let rows = differences(&records);
    if rows.is_empty() {
        ui.label("Same settings, same data, same number of threads.");
        return;
    }
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        Grid::new("differences")
            .min_row_height(ROW_HEIGHT)
            .spacing([16.0, 0.0])
            .show(ui, |ui| {
                ui.label(theme::quiet(ui, "setting"));
                for record in &records {
                    ui.label(RichText::new(&record.name).family(theme::semibold()));
                }
                ui.end_row();
                for row in rows {
                    ui.label(&row.key);
                    for value in &row.values {
                        value_ui(ui, value.as_ref());
                    }
                    ui.end_row();
                }
            });
    });
}

fn value_ui(ui: &mut Ui, value: Option<&Value>) {
    match value {
        Some(value) => ui.label(theme::number(value.to_string())),
        None => ui.label(RichText::new("–").color(tokens(ui).quiet)),
    };
}
