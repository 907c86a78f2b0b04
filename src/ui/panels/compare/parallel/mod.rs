//! Parallel coordinates: one vertical axis per setting or metric, one line per run.
//!
//! Dragging along an axis brushes the runs that cross there; the runs within every brush are the
//! selection of every view.

mod axis;
mod lines;

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::rows::{Places, Rows};
use super::selectors;
use crate::runs::RunId;
use crate::runs::table::Column;
use crate::studio::LibraryAction;
use crate::ui::column_names;
use crate::ui::panels::PanelContext;
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::{Weight, labeled_button};
use axis::{Axis, AxisRequest};

/// Maximum number of axes shown by default.
const USUAL_AXES: usize = 7;

/// Maximum number of lines, the newest: more are unreadable and slow.
const MAX_LINES: usize = 2_000;

/// The axes with their state.
#[derive(Default)]
pub(super) struct Parallel {
    axes: Vec<Axis>,
    /// Columns seen before: a new one is added as an axis, a removed one is not added again.
    seen: Vec<Column>,
    color: Option<Column>,
    /// The positions of the runs in the color column.
    colors: Places,
}

impl Parallel {
    /// Shows the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        self.follow(rows);
        if self.axes.len() < 2 {
            let text = "These runs do not differ yet: train with different settings.";
            return selectors::nothing_differs(ui, cx, text);
        }
        let mut is_brushed = self.controls_ui(ui, rows, rows.columns());
        self.axes.iter_mut().for_each(|axis| axis.follow(rows));
        if let Some(color) = &self.color {
            self.colors.follow(rows, color, false);
        }
        let plot = self.room(ui);
        let xs = self.xs(plot);
        let mut output = Vec::new();
        for (idx, axis) in self.axes.iter_mut().enumerate() {
            axis.header_ui(ui, plot, idx, &xs, &mut output);
        }
        self.lines_ui(ui, cx, rows, plot, &xs);
        for (axis, &x) in self.axes.iter_mut().zip(&xs) {
            axis.ui(ui, plot, x, &mut output);
        }
        for request in output {
            is_brushed |= self.apply(request);
        }
        if is_brushed {
            cx.act(LibraryAction::Select(self.kept(rows)));
        }
    }

    /// Applies a request to an axis; returns `true` if the brushed runs may have changed.
    fn apply(&mut self, request: AxisRequest) -> bool {
        match request {
            AxisRequest::Move(from, to) => {
                let axis = self.axes.remove(from);
                self.axes.insert(to, axis);
                false
            }
            AxisRequest::Remove(idx) => self.axes.remove(idx).brush.is_some(),
            AxisRequest::Brushed => true,
        }
    }

    /// Adds axes for new columns while there is room, and removes those of missing columns.
    fn follow(&mut self, rows: &Rows) {
        let columns = rows.columns();
        if self.seen == columns {
            return;
        }
        self.axes.retain(|axis| columns.contains(&axis.column));
        let is_first = self.seen.is_empty();
        let new: Vec<Column> = usual(columns)
            .into_iter()
            .filter(|c| !self.seen.contains(c))
            .collect();
        for column in new {
            if self.axes.len() < USUAL_AXES {
                self.axes.push(Axis::new(column, rows));
            }
        }
        if is_first {
            self.color = self.axes.last().map(|axis| axis.column.clone());
        }
        self.seen = columns.to_vec();
    }

    /// Shows the controls above the axes; returns `true` if the brushes were cleared.
    fn controls_ui(&mut self, ui: &mut Ui, rows: &Rows, columns: &[Column]) -> bool {
        let mut is_cleared = false;
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            selectors::word(ui, "color by");
            let about =
                "The setting or metric that colors the lines, from its low end to its high end.";
            selectors::one(
                ui,
                "Color by",
                about,
                &mut self.color,
                selectors::columns(columns),
            );
            let free: Vec<Column> = columns
                .iter()
                .filter(|c| self.axes.iter().all(|axis| axis.column != **c))
                .cloned()
                .collect();
            if !free.is_empty() {
                selectors::word(ui, "add");
                let mut chosen = None;
                let about = "Adds an axis for another setting or metric.";
                if selectors::one(
                    ui,
                    "Add an axis",
                    about,
                    &mut chosen,
                    selectors::columns(&free),
                ) && let Some(column) = chosen
                {
                    self.axes.push(Axis::new(column, rows));
                }
            }
            let has_brush = self.axes.iter().any(|axis| axis.brush.is_some());
            if has_brush {
                let button = labeled_button(ui, None, "Clear brushes", Weight::Plain, 0.0, true);
                let about = "Clears all selections.";
                if button.on_hover_text(about).clicked() {
                    self.axes.iter_mut().for_each(|axis| axis.brush = None);
                    is_cleared = true;
                }
            } else {
                selectors::word(ui, "drag along an axis to select runs");
            }
            if rows.rows.len() > MAX_LINES {
                selectors::word(ui, "showing the newest 2,000");
            }
        });
        is_cleared
    }

    fn room(&self, ui: &mut Ui) -> Rect {
        let size = ui.available_size();
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let names: Vec<String> = self
            .axes
            .iter()
            .map(|axis| column_names::label(&axis.column))
            .collect();
        let name = format!("Parallel coordinates of {}", names.join(", "));
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
        let side = (rect.width() / self.axes.len() as f32 / 2.0).min(64.0);
        Rect::from_min_max(
            rect.min + vec2(side, ROW_HEIGHT + 12.0),
            rect.max - vec2(side, 16.0),
        )
    }

    /// The x positions of the axes.
    fn xs(&self, plot: Rect) -> Vec<f32> {
        let n = self.axes.len();
        let share = |idx: usize| idx as f32 / (n - 1).max(1) as f32;
        (0..n)
            .map(|idx| plot.min.x + share(idx) * plot.width())
            .collect()
    }

    /// The runs within every brush; `None` without a brush.
    fn kept(&self, rows: &Rows) -> Vec<RunId> {
        if self.axes.iter().all(|axis| axis.brush.is_none()) {
            return Vec::new();
        }
        let keeps = |idx: &usize| self.axes.iter().all(|axis| axis.keeps(*idx));
        let kept = (0..rows.rows.len()).filter(keeps);
        kept.map(|idx| rows.rows[idx].id.clone()).collect()
    }
}

/// The default axes: the settings that differ, except the seed and the text about changes, and then
/// the best result.
fn usual(columns: &[Column]) -> Vec<Column> {
    let is_setting = |c: &&Column| matches!(c, Column::Setting(key) if !["seed", "changed"].contains(&key.as_str()));
    let is_metric = |c: &&Column| matches!(c, Column::Metric(_));
    let settings = columns.iter().filter(is_setting).take(USUAL_AXES - 1);
    let best = columns.iter().find(is_metric);
    settings.chain(best).cloned().collect()
}
