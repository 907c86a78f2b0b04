//! The runs as lines from axis to axis.

use egui::{Color32, PointerButton, Pos2, Rect, Shape, Stroke, Ui, pos2};

use super::axis::GRIP;
use super::{MAX_LINES, Parallel};
use crate::runs::Record;
use crate::studio::LibraryAction;
use crate::ui::column_names;
use crate::ui::panels::PanelContext;
use crate::ui::panels::compare::at_pointer;
use crate::ui::panels::compare::rows::{Rows, text};
use crate::ui::panels::compare::scatter::toggled;
use crate::ui::theme::{self, tokens};

/// Distance within which the pointer hits a line.
const NEAR: f32 = 6.0;

impl Parallel {
    /// Draws the runs, starting with those that are not selected, which are faint.
    pub(super) fn lines_ui(
        &self,
        ui: &Ui,
        cx: &mut PanelContext<'_>,
        rows: &Rows,
        plot: Rect,
        xs: &[f32],
    ) {
        let first = rows.rows.len().saturating_sub(MAX_LINES);
        let shown = &rows.rows[first..];
        let lines: Vec<Vec<Option<Pos2>>> = (first..rows.rows.len())
            .map(|idx| self.line(plot, xs, idx))
            .collect();
        let hovered = pointer_at(ui, plot, xs).and_then(|pointer| nearest(&lines, pointer));
        let selection = cx.studio.selection();
        let is_selected = |idx: usize| selection.contains(&shown[idx].id);
        let has_selection = !selection.is_empty() && (0..shown.len()).any(is_selected);
        // Hovered here or in another view.
        let is_hovered =
            |idx: usize| hovered.map_or_else(|| cx.hover.is_at(&shown[idx].id), |h| h == idx);
        let rank = |idx: usize| (is_hovered(idx), has_selection && is_selected(idx));
        let mut order: Vec<(usize, (bool, bool))> =
            (0..shown.len()).map(|idx| (idx, rank(idx))).collect();
        order.sort_by_key(|(_, rank)| *rank);
        for (idx, (is_hovered, is_selected)) in order {
            let color = self.line_color(ui, first + idx);
            let stroke = match (is_hovered, has_selection && !is_selected) {
                (true, _) => Stroke::new(3.0, color),
                (_, true) => Stroke::new(1.0, color.gamma_multiply(0.16)),
                _ => Stroke::new(1.5, color.gamma_multiply(0.85)),
            };
            paint(ui, &lines[idx], stroke);
        }
        if let Some(idx) = hovered {
            let row = &shown[idx];
            cx.hover.set(&row.id);
            hint(ui, self, row);
            if ui.input(|i| i.pointer.button_clicked(PointerButton::Primary)) {
                cx.act(LibraryAction::Select(toggled(cx, &row.id)));
            }
        }
    }

    /// The points at which the run at `row` crosses each axis.
    fn line(&self, plot: Rect, xs: &[f32], row: usize) -> Vec<Option<Pos2>> {
        let axes = self.axes.iter().zip(xs);
        let point = |(axis, &x): (&super::axis::Axis, &f32)| {
            Some(pos2(x, plot.min.y + axis.height(row)? * plot.height()))
        };
        axes.map(point).collect()
    }

    fn line_color(&self, ui: &Ui, row: usize) -> Color32 {
        let t = tokens(ui);
        let places = self.color.as_ref().map(|_| &self.colors.places);
        match places.and_then(|places| *places.get(row)?) {
            Some(place) => theme::mix(t.run_color(0), t.accent, place as f32),
            None => t.quiet,
        }
    }
}

/// The pointer's position, unless it is on an axis or outside.
fn pointer_at(ui: &Ui, plot: Rect, xs: &[f32]) -> Option<Pos2> {
    let pointer = ui.input(|i| i.pointer.hover_pos())?;
    let is_on_axis = xs.iter().any(|x| (x - pointer.x).abs() < GRIP / 2.0);
    let is_here = plot.contains(pointer) && ui.rect_contains_pointer(plot);
    (is_here && !is_on_axis).then_some(pointer)
}

/// The line nearest to the pointer, if one is within reach.
fn nearest(lines: &[Vec<Option<Pos2>>], pointer: Pos2) -> Option<usize> {
    let distance = |line: &Vec<Option<Pos2>>| {
        let pairs = line
            .windows(2)
            .filter_map(|pair| Some((pair[0]?, pair[1]?)));
        pairs
            .filter(|(a, b)| (a.x..=b.x).contains(&pointer.x))
            .map(|(a, b)| {
                let share = (pointer.x - a.x) / (b.x - a.x).max(1.0);
                (a.y + share * (b.y - a.y) - pointer.y).abs()
            })
            .fold(f32::MAX, f32::min)
    };
    let all = lines.iter().map(distance).enumerate();
    let (idx, distance) = all.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (distance < NEAR).then_some(idx)
}

/// Draws a line with gaps where the run has no value.
fn paint(ui: &Ui, line: &[Option<Pos2>], stroke: Stroke) {
    for part in line.split(Option::is_none) {
        let points: Vec<Pos2> = part.iter().copied().flatten().collect();
        match points[..] {
            [] => {}
            [alone] => drop(ui.painter().circle_filled(alone, 2.0, stroke.color)),
            _ => drop(ui.painter().add(Shape::line(points, stroke))),
        }
    }
}

/// Shows the run's value on each axis beside the pointer.
fn hint(ui: &Ui, view: &Parallel, row: &Record) {
    let mut lines = vec![row.name.clone()];
    for axis in &view.axes {
        if let Some(value) = axis.column.value(row) {
            lines.push(format!(
                "{}  {}",
                column_names::label(&axis.column),
                text(&axis.column, &value)
            ));
        }
    }
    at_pointer(ui, "run under the pointer", &lines.join("\n"));
}
