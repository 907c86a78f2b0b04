//! Parallel coordinates: one upright axis a setting or metric, one line a run.
//!
//! Dragging along an axis keeps the runs that pass there; the runs that pass everywhere are the
//! selection of every view.

mod axis;
mod lines;

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::rows::{Places, Rows};
use super::selectors;
use crate::compare::Column;
use crate::runs::RunId;
use crate::studio::Action;
use crate::ui::panels::PanelContext;
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::{Weight, labeled_button};
use axis::{Axis, Wish};

/// Axes that are there without being asked for.
const USUAL_AXES: usize = 7;

/// Lines drawn at most, the newest: more are a carpet, and slow.
const MAX_LINES: usize = 2_000;

/// The axes with what was done to them.
#[derive(Default)]
pub(super) struct Parallel {
    axes: Vec<Axis>,
    /// Columns seen before: a new one becomes an axis by itself, one that was taken away does not.
    seen: Vec<Column>,
    color: Option<Column>,
    /// Where the runs lie in that.
    colors: Places,
}

impl Parallel {
    /// Shows the view in the room there is.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        self.follow(rows);
        if self.axes.len() < 2 {
            selectors::nothing(
                ui,
                "These runs do not differ yet: train with other settings.",
            );
            return;
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
        for wish in output {
            is_brushed |= self.apply(wish);
        }
        if is_brushed {
            cx.act(Action::Select(self.kept(rows)));
        }
    }

    /// Does what was asked of an axis; true when other runs are kept now.
    fn apply(&mut self, wish: Wish) -> bool {
        match wish {
            Wish::Move(from, to) => {
                let axis = self.axes.remove(from);
                self.axes.insert(to, axis);
                false
            }
            Wish::Remove(idx) => self.axes.remove(idx).brush.is_some(),
            Wish::Brushed => true,
        }
    }

    /// New columns become axes while there is room; what is gone goes.
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

    /// What is written above the axes; true when the brushes were taken away.
    fn controls_ui(&mut self, ui: &mut Ui, rows: &Rows, columns: &[Column]) -> bool {
        let mut is_cleared = false;
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            selectors::word(ui, "color by");
            let about = "What the color of a line says: from the low end of it to the high end.";
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
                let about = "Puts another setting or metric beside these.";
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
                let about = "Keeps all runs again on every axis.";
                if button.on_hover_text(about).clicked() {
                    self.axes.iter_mut().for_each(|axis| axis.brush = None);
                    is_cleared = true;
                }
            } else {
                selectors::word(ui, "drag along an axis to select runs");
            }
            if rows.rows.len() > MAX_LINES {
                selectors::word(ui, "the newest 2,000 are drawn");
            }
        });
        is_cleared
    }

    fn room(&self, ui: &mut Ui) -> Rect {
        let size = ui.available_size();
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.column.label()).collect();
        let name = format!("Parallel coordinates of {}", names.join(", "));
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
        let side = (rect.width() / self.axes.len() as f32 / 2.0).min(64.0);
        Rect::from_min_max(
            rect.min + vec2(side, ROW_HEIGHT + 12.0),
            rect.max - vec2(side, 16.0),
        )
    }

    /// Where the axes stand.
    fn xs(&self, plot: Rect) -> Vec<f32> {
        let n = self.axes.len();
        let share = |idx: usize| idx as f32 / (n - 1).max(1) as f32;
        (0..n)
            .map(|idx| plot.min.x + share(idx) * plot.width())
            .collect()
    }

    /// The runs that every brush keeps; none without a brush.
    fn kept(&self, rows: &Rows) -> Vec<RunId> {
        if self.axes.iter().all(|axis| axis.brush.is_none()) {
            return Vec::new();
        }
        let keeps = |idx: &usize| self.axes.iter().all(|axis| axis.keeps(*idx));
        let kept = (0..rows.rows.len()).filter(keeps);
        kept.map(|idx| rows.rows[idx].id.clone()).collect()
    }
}

/// The axes to begin with: what differs but the seed, and then how well it did.
fn usual(columns: &[Column]) -> Vec<Column> {
    let is_setting = |c: &&Column| matches!(c, Column::Setting(key) if key != "seed");
    let is_metric = |c: &&Column| matches!(c, Column::Metric(_));
    let settings = columns.iter().filter(is_setting).take(USUAL_AXES - 1);
    let best = columns.iter().find(is_metric);
    settings.chain(best).cloned().collect()
}
