//! The settings in which the selected runs differ, and their results.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::selectors;
use crate::runs::table::{SummaryMetric, differences};
use crate::runs::{Record, Value};
use crate::studio::Run;
use crate::ui::column_names::setting_label;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Maximum number of runs side by side: more would not be readable.
const MAX_RUNS: usize = 12;

/// Shows the differences between the selected runs.
pub(super) fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let runs: Vec<&Run> = cx.studio.selected_runs().collect();
    if runs.len() < 2 {
        let text = "Select two or more runs in the table (Ctrl+click).";
        return selectors::nothing_selected(ui, cx, text);
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
    }
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        Grid::new("differences")
            .min_row_height(ROW_HEIGHT)
            .spacing([16.0, 0.0])
            .show(ui, |ui| {
                heading_ui(ui, "setting", &records);
                for row in &rows {
                    ui.label(setting_label(&row.key)).on_hover_text(&row.key);
                    for value in &row.values {
                        cell_ui(ui, value.as_ref().map(Value::to_string));
                    }
                    ui.end_row();
                }
                heading_ui(ui, "result", &records);
                results_ui(ui, &records);
            });
    });
}

fn heading_ui(ui: &mut Ui, word: &str, records: &[&Record]) {
    ui.label(theme::quiet(ui, word));
    for record in records {
        ui.label(RichText::new(&record.name).family(theme::semibold()));
    }
    ui.end_row();
}

/// Shows every result that any of the runs has.
fn results_ui(ui: &mut Ui, records: &[&Record]) {
    for metric in SummaryMetric::RESULTS {
        let values: Vec<Option<f64>> = records.iter().map(|record| metric.finite(record)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        ui.label(metric.label());
        let format = |value: f64| metric.metric.format_exact(value);
        for value in &values {
            cell_ui(ui, value.map(format));
        }
        ui.end_row();
    }
}

fn cell_ui(ui: &mut Ui, text: Option<String>) {
    match text {
        Some(text) => ui.label(theme::number(text)),
        None => ui.label(RichText::new("–").color(tokens(ui).quiet)),
    };
}
