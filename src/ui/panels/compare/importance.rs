//! Which settings affect a metric: one bar per setting.

use egui::{Align2, Rect, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::rows::Rows;
use super::selectors;
use crate::compare::{Importance, KeyImportance};
use crate::runs::Record;
use crate::runs::table::SummaryMetric;
use crate::studio::Analysis;
use crate::text;
use crate::ui::column_names;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Space for the name of a setting, and for its rank correlation.
const NAME_WIDTH: f32 = 168.0;
const RHO_WIDTH: f32 = 76.0;

/// The selected metric.
#[derive(Default)]
pub(super) struct Weights {
    metric: Option<SummaryMetric>,
    /// Rows and metric of the last request.
    asked: Option<(u64, SummaryMetric)>,
}

impl Weights {
    /// Shows the view.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        let metrics = rows.metrics();
        let metric = self.metric.filter(|m| metrics.contains(m));
        let Some(mut metric) = metric.or(metrics.first().copied()) else {
            return selectors::nothing(ui, "No run has completed an epoch yet.");
        };
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            selectors::word(ui, "what affects");
            let about = "The metric to explain by the settings.";
            let choices = metrics.iter().map(|m| (*m, m.label()));
            selectors::one(ui, "Metric", about, &mut metric, choices);
            if cx.studio.compared().is_computing_importance() {
                selectors::word(ui, "computing…");
            }
        });
        self.metric = Some(metric);
        self.ask(cx, rows, metric);
        match &cx.studio.compared().importance {
            Some((runs, _, Ok(found))) => bars_ui(ui, found, runs.len()),
            Some((.., Err(reason))) => {
                selectors::nothing_differs(ui, cx, &text::sentence(reason));
            }
            None => {}
        }
    }

    /// Sends a new request if the runs or the metric have changed.
    fn ask(&mut self, cx: &mut PanelContext<'_>, rows: &Rows, metric: SummaryMetric) {
        let wanted = Some((rows.generation, metric));
        if self.asked == wanted {
            return;
        }
        self.asked = wanted;
        let has_it = |row: &&Record| metric.finite(row).is_some();
        let runs = rows.rows.iter().filter(has_it).map(|row| row.id.clone());
        cx.act(Analysis::Importance(runs.collect(), metric));
    }
}

/// Shows the bars; of `n_asked` runs only the newest are used if there are many.
fn bars_ui(ui: &mut Ui, found: &Importance, n_asked: usize) {
    let t = tokens(ui);
    let words = format!(
        "A random forest of 200 trees, fitted to {}, explains {} of the variance.",
        which_runs(found.n_runs, n_asked),
        text::percent(found.explained.max(0.0))
    );
    ui.label(theme::quiet(ui, words)).on_hover_text(
        "Measured on runs that a tree has not seen. If it is low, the bars are mostly noise.",
    );
    if let Some(hint) = &found.hint {
        ui.label(
            egui::RichText::new(text::sentence(hint))
                .small()
                .color(t.warning),
        );
    }
    ui.add_space(theme::UNIT);
    header_ui(ui);
    let most = found.keys.first().map_or(0.0, |k| k.importance).max(0.05);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for key in &found.keys {
            bar_ui(ui, key, most);
        }
    });
}

/// Describes which of the requested runs were used.
fn which_runs(n_weighed: usize, n_asked: usize) -> String {
    let asked = text::count(n_asked, "run");
    match n_weighed < n_asked {
        true => format!(
            "the newest {} of {asked}",
            text::thousands(n_weighed as u64)
        ),
        false => format!("all {asked}"),
    }
}

fn header_ui(ui: &mut Ui) {
    ui.horizontal(|ui| {
        let width = ui.available_width();
        ui.label(theme::quiet(ui, "importance")).on_hover_text(
            "The share of the variance that the forest no longer explains when this setting is \
             shuffled: 0 means no effect, 1 or more means nearly all of it.",
        );
        ui.add_space((width - RHO_WIDTH - 200.0).max(0.0));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(theme::quiet(ui, "rank correlation")).on_hover_text(
                "Whether the metric rises (+1) or falls (−1) with this setting; around 0 it does \
                 neither. Only for numbers; effects that rise and then fall are missed.",
            );
        });
    });
}

fn bar_ui(ui: &mut Ui, key: &KeyImportance, most: f64) {
    let t = tokens(ui);
    let size = vec2(ui.available_width(), 24.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let rho = key
        .correlation
        .map(|c| format!("{:+.2}", c.rho).replace('-', "−"));
    let label = column_names::setting_label(&key.key);
    let name = format!(
        "{label}: importance {:.2}, rank correlation {}",
        key.importance,
        rho.as_deref().unwrap_or("none")
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    let font = TextStyle::Small.resolve(ui.style());
    let digits = TextStyle::Monospace.resolve(ui.style());
    let painter = ui.painter();
    let names = painter.with_clip_rect(rect.with_max_x(rect.min.x + NAME_WIDTH - 8.0));
    names.text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        &label,
        font,
        t.text,
    );
    let track = Rect::from_min_max(
        pos2(rect.min.x + NAME_WIDTH, rect.center().y - 5.0),
        pos2(rect.max.x - RHO_WIDTH - 52.0, rect.center().y + 5.0),
    );
    painter.rect_filled(track, 2.0, t.raised);
    let share = (key.importance / most).clamp(0.0, 1.0) as f32;
    if share > 0.002 {
        let bar = track.with_max_x(track.min.x + (track.width() * share).max(1.5));
        painter.rect_filled(bar, 2.0, t.accent);
    }
    let at = pos2(track.max.x + 8.0, rect.center().y);
    let value = format!("{:.2}", key.importance);
    painter.text(at, Align2::LEFT_CENTER, value, digits.clone(), t.text);
    let rho = rho.unwrap_or_else(|| "–".to_owned());
    painter.text(
        rect.right_center(),
        Align2::RIGHT_CENTER,
        rho,
        digits,
        t.quiet,
    );
    response.on_hover_text(match key.correlation {
        Some(c) => {
            let rho = format!("{:+.2}", c.rho).replace('-', "−");
            format!(
                "{label} ({}): rank correlation {rho}, p = {:.3}",
                key.key, c.p
            )
        }
        None => format!("{label} ({})", key.key),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_when_not_all_runs_were_weighed() {
        assert_eq!(which_runs(35, 35), "all 35 runs");
        assert_eq!(which_runs(2_000, 10_000), "the newest 2,000 of 10,000 runs");
    }
}
