//! One axis: its line with ticks, its label, and its brush.

use egui::{
    Align2, Pos2, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use crate::compare::Scale;
use crate::runs::Value;
use crate::runs::table::Column;
use crate::ui::column_names;
use crate::ui::panels::compare::rows::{Places, Rows, text};
use crate::ui::theme::{ROW_HEIGHT, tokens};
use crate::ui::widgets::Number;

/// Width within which an axis responds to the pointer.
pub(super) const GRIP: f32 = 28.0;

/// Share of an axis within which a brush snaps to its end.
const SNAP: f64 = 0.02;

/// An axis with its state.
pub(super) struct Axis {
    pub(super) column: Column,
    is_flipped: bool,
    is_log: bool,
    /// The brushed range, as positions from 0 to 1 on the axis before flipping.
    pub(super) brush: Option<(f64, f64)>,
    places: Places,
}

/// What was requested of an axis.
pub(super) enum AxisRequest {
    /// Move it to the position of another one.
    Move(usize, usize),
    Remove(usize),
    Brushed,
}

impl Axis {
    pub(super) fn new(column: Column, rows: &Rows) -> Axis {
        Axis {
            is_log: rows.suggests_log(&column),
            is_flipped: false,
            brush: None,
            places: Places::default(),
            column,
        }
    }

    /// Updates the positions of the rows.
    pub(super) fn follow(&mut self, rows: &Rows) {
        self.places.follow(rows, &self.column, self.is_log);
    }

    /// The height at which the row at `idx` crosses, as a share from the top.
    pub(super) fn height(&self, idx: usize) -> Option<f32> {
        Some(self.drop((*self.places.places.get(idx)?)?))
    }

    /// Converts a position on the scale to a share of the height from the top.
    fn drop(&self, place: f64) -> f32 {
        (if self.is_flipped { place } else { 1.0 - place }) as f32
    }

    /// Converts a share of the height from the top to a position on the scale.
    fn place(&self, drop: f32) -> f64 {
        let mut drop = f64::from(drop.clamp(0.0, 1.0));
        if (drop - drop.round()).abs() < SNAP {
            drop = drop.round();
        }
        if self.is_flipped { drop } else { 1.0 - drop }
    }

    /// Whether the row at `idx` lies within the brush.
    pub(super) fn keeps(&self, idx: usize) -> bool {
        let Some((from, to)) = self.brush else {
            return true;
        };
        let place = self.places.places.get(idx).copied().flatten();
        // The ends of a range drawn by hand are never exact.
        place.is_some_and(|p| (from - 1e-9..=to + 1e-9).contains(&p))
    }

    /// Shows the label of the axis at `idx` of those at `xs`, with its menu. Dragging it moves the
    /// axis.
    pub(super) fn header_ui(
        &mut self,
        ui: &mut Ui,
        plot: Rect,
        idx: usize,
        xs: &[f32],
        output: &mut Vec<AxisRequest>,
    ) {
        let n = xs.len();
        let width = plot.width() / (n - 1).max(1) as f32 - 8.0;
        let at = pos2(xs[idx], plot.min.y - 12.0 - ROW_HEIGHT / 2.0);
        let rect = Rect::from_center_size(at, vec2(width.clamp(40.0, 120.0), ROW_HEIGHT));
        let label = column_names::label(&self.column);
        let builder = UiBuilder::new().max_rect(rect);
        // Identified by its column: it keeps its identity while it moves.
        let mut child = ui.new_child(builder.id_salt(("axis", &label)));
        let button = egui::Button::new(egui::RichText::new(&label).small())
            .truncate()
            .frame(false)
            .sense(Sense::click_and_drag());
        let button = child
            .add_sized(rect.size(), button)
            .accessible_name(format!("Axis {label}"))
            .on_hover_text(format!(
                "{label}: drag to move this axis, click to move, flip or remove it."
            ));
        if button.dragged()
            && let Some(pointer) = button.interact_pointer_pos()
        {
            let distance = |i: &usize| (xs[*i] - pointer.x).abs();
            let nearest = (0..n).min_by(|a, b| distance(a).total_cmp(&distance(b)));
            output.extend(
                nearest
                    .filter(|to| *to != idx)
                    .map(|to| AxisRequest::Move(idx, to)),
            );
        }
        egui::Popup::menu(&button).show(|ui| self.menu_ui(ui, idx, n, output));
    }

    fn menu_ui(&mut self, ui: &mut Ui, idx: usize, n: usize, output: &mut Vec<AxisRequest>) {
        if idx > 0 && ui.button("Move left").clicked() {
            output.push(AxisRequest::Move(idx, idx - 1));
        }
        if idx + 1 < n && ui.button("Move right").clicked() {
            output.push(AxisRequest::Move(idx, idx + 1));
        }
        ui.checkbox(&mut self.is_flipped, "Flipped");
        ui.checkbox(&mut self.is_log, "Logarithmic")
            .on_hover_text("Spreads out small values; requires all values to be above zero.");
        brush_fields_ui(ui, self, output, idx);
        if n > 2 && ui.button("Remove").clicked() {
            output.push(AxisRequest::Remove(idx));
        }
    }

    /// Draws the axis: its line, its ticks, and its brush.
    pub(super) fn ui(&mut self, ui: &Ui, plot: Rect, x: f32, output: &mut Vec<AxisRequest>) {
        let t = tokens(ui);
        let grip = Rect::from_x_y_ranges(x - GRIP / 2.0..=x + GRIP / 2.0, plot.y_range())
            .expand2(vec2(0.0, 6.0));
        let id = ui
            .scope_id()
            .with(("brush", column_names::label(&self.column)));
        let response = ui.interact(grip, id, Sense::click_and_drag());
        brush(self, &response, plot, output);
        let Some(scale) = &self.places.scale else {
            return;
        };
        name_brush(&response, self, scale);
        let painter = ui.painter();
        painter.vline(x, plot.y_range(), Stroke::new(1.0, t.quiet));
        let font = TextStyle::Small.resolve(ui.style());
        let ticks = scale.ticks();
        // Tick labels are drawn only where they do not overlap.
        let every = ticks
            .len()
            .div_ceil((plot.height() / 16.0).max(1.0) as usize)
            .max(1);
        for (place, value) in ticks.iter().step_by(every) {
            let y = plot.min.y + self.drop(*place) * plot.height();
            painter.hline(x - 3.0..=x + 3.0, y, Stroke::new(1.0, t.quiet));
            let mut words = text(&self.column, value);
            if words.chars().count() > 14 {
                words = words.chars().take(13).chain(['…']).collect();
            }
            let galley = painter.layout_no_wrap(words, font.clone(), t.text);
            let at = Align2::CENTER_TOP.anchor_size(pos2(x, y + 2.0), galley.size());
            painter.rect_filled(
                at.expand2(vec2(2.0, 0.0)),
                2.0,
                t.background.gamma_multiply(0.8),
            );
            painter.galley(at.min, galley, t.text);
        }
        if let Some((from, to)) = self.brush {
            let (a, b) = (self.drop(from), self.drop(to));
            let y = |drop: f32| plot.min.y + drop * plot.height();
            let kept = Rect::from_x_y_ranges(x - 6.0..=x + 6.0, y(a.min(b))..=y(a.max(b)));
            let rim = Stroke::new(1.0, t.accent);
            painter.rect(
                kept.expand2(vec2(0.0, 2.0)),
                2.0,
                t.accent.gamma_multiply(0.25),
                rim,
                egui::StrokeKind::Inside,
            );
        }
    }
}

/// Handles the pointer on an axis.
fn brush(axis: &mut Axis, response: &Response, plot: Rect, output: &mut Vec<AxisRequest>) {
    let place = |pos: Pos2, axis: &Axis| axis.place((pos.y - plot.min.y) / plot.height());
    if response.clicked() {
        axis.brush = None;
        output.push(AxisRequest::Brushed);
    }
    if response.dragged()
        && let Some(now) = response.interact_pointer_pos()
    {
        let origin = response.ctx.input(|i| i.pointer.press_origin());
        let from = place(origin.unwrap_or(now), axis);
        let to = place(now, axis);
        axis.brush = Some((from.min(to), from.max(to)));
    }
    if response.drag_stopped() {
        output.push(AxisRequest::Brushed);
    }
}

/// Shows the brush as two numbers, for use without a pointer.
fn brush_fields_ui(ui: &mut Ui, axis: &mut Axis, output: &mut Vec<AxisRequest>, idx: usize) {
    let (mut from, mut to) = axis.brush.unwrap_or((0.0, 1.0));
    ui.horizontal(|ui| {
        ui.label("Select from").on_hover_text(
            "The selected part of the axis, in percent of its length from the low end.",
        );
        let field = |ui: &mut Ui, value: &mut f64, name: &str| {
            let number = Number::percent(0.0, 100.0).with_width(64.0);
            let name = format!("{name} of axis {}", idx + 1);
            let entry = number.ui(ui, &name, (*value * 100.0).round());
            let new = entry.explained(ui, "In percent of the axis, from its low end.");
            if let Some(percent) = new {
                *value = percent / 100.0;
            }
            new.is_some()
        };
        let is_from = field(ui, &mut from, "Low end");
        ui.label("to");
        if field(ui, &mut to, "High end") || is_from {
            axis.brush = Some((from.min(to), from.max(to)));
            output.push(AxisRequest::Brushed);
        }
    });
}

/// The accessible name of the brush.
fn name_brush(response: &Response, axis: &Axis, scale: &Scale) {
    let label = column_names::label(&axis.column);
    let near = |place: f64| {
        let ticks = scale.ticks();
        let distance = |t: &(f64, Value)| (t.0 - place).abs();
        let tick = ticks
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        tick.map_or_else(String::new, |(_, value)| text(&axis.column, &value))
    };
    let name = match axis.brush {
        None => format!("Brush on {label}: no selection"),
        Some((from, to)) => format!("Brush on {label}: about {} to {}", near(from), near(to)),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &name));
}
