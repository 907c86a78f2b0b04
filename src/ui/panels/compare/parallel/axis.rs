//! One axis: its line with ticks, its name, and what is kept along it.

use egui::{
    Align2, Pos2, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use crate::compare::{Column, Scale};
use crate::runs::Value;
use crate::ui::panels::compare::rows::{Places, Rows, text};
use crate::ui::theme::{ROW_HEIGHT, tokens};
use crate::ui::widgets::Number;

/// Width in which an axis feels the pointer.
pub(super) const GRIP: f32 = 28.0;

/// Share of an axis within which an end is meant: a hand seldom hits the last point exactly.
const SNAP: f64 = 0.02;

/// An axis with what was done to it.
pub(super) struct Axis {
    pub(super) column: Column,
    is_flipped: bool,
    is_log: bool,
    /// What is kept, as places from 0 to 1 on the axis that is not flipped.
    pub(super) brush: Option<(f64, f64)>,
    places: Places,
}

/// What was asked of an axis.
pub(super) enum Wish {
    /// To be where another one is.
    Move(usize, usize),
    Remove(usize),
    Brushed,
}

impl Axis {
    pub(super) fn new(column: Column, rows: &Rows) -> Axis {
        Axis {
            is_log: Scale::suggests_log(&rows.values(&column)),
            is_flipped: false,
            brush: None,
            places: Places::default(),
            column,
        }
    }

    /// Takes in the rows.
    pub(super) fn follow(&mut self, rows: &Rows) {
        self.places.follow(rows, &self.column, self.is_log);
    }

    /// Where the row at `idx` passes, as a share of the height from the top.
    pub(super) fn height(&self, idx: usize) -> Option<f32> {
        Some(self.drop((*self.places.places.get(idx)?)?))
    }

    /// From a place on the scale to a share of the height, from the top.
    fn drop(&self, place: f64) -> f32 {
        (if self.is_flipped { place } else { 1.0 - place }) as f32
    }

    /// And back.
    fn place(&self, drop: f32) -> f64 {
        let mut drop = f64::from(drop.clamp(0.0, 1.0));
        if (drop - drop.round()).abs() < SNAP {
            drop = drop.round();
        }
        if self.is_flipped { drop } else { 1.0 - drop }
    }

    /// Whether the row at `idx` passes where the brush is.
    pub(super) fn keeps(&self, idx: usize) -> bool {
        let Some((from, to)) = self.brush else {
            return true;
        };
        let place = self.places.places.get(idx).copied().flatten();
        // The ends of a hand-drawn range are never exact.
        place.is_some_and(|p| (from - 1e-9..=to + 1e-9).contains(&p))
    }

    /// The name of the axis at `idx` of those at `xs`, and what can be done with it: dragged, it
    /// moves among the others.
    pub(super) fn header_ui(
        &mut self,
        ui: &mut Ui,
        plot: Rect,
        idx: usize,
        xs: &[f32],
        output: &mut Vec<Wish>,
    ) {
        let n = xs.len();
        let width = plot.width() / (n - 1).max(1) as f32 - 8.0;
        let at = pos2(xs[idx], plot.min.y - 12.0 - ROW_HEIGHT / 2.0);
        let rect = Rect::from_center_size(at, vec2(width.clamp(40.0, 120.0), ROW_HEIGHT));
        let label = self.column.label().to_owned();
        let builder = UiBuilder::new().max_rect(rect);
        // Known by its column: it stays the same one while it moves.
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
                    .map(|to| Wish::Move(idx, to)),
            );
        }
        egui::Popup::menu(&button).show(|ui| self.menu_ui(ui, idx, n, output));
    }

    fn menu_ui(&mut self, ui: &mut Ui, idx: usize, n: usize, output: &mut Vec<Wish>) {
        if idx > 0 && ui.button("Move left").clicked() {
            output.push(Wish::Move(idx, idx - 1));
        }
        if idx + 1 < n && ui.button("Move right").clicked() {
            output.push(Wish::Move(idx, idx + 1));
        }
        ui.checkbox(&mut self.is_flipped, "Flipped");
        ui.checkbox(&mut self.is_log, "Logarithmic")
            .on_hover_text("Spreads small values; only where all values are above zero.");
        brush_fields_ui(ui, self, output, idx);
        if n > 2 && ui.button("Remove").clicked() {
            output.push(Wish::Remove(idx));
        }
    }

    /// The axis itself: its line, its ticks, and what is kept of it.
    pub(super) fn ui(&mut self, ui: &Ui, plot: Rect, x: f32, output: &mut Vec<Wish>) {
        let t = tokens(ui);
        let grip = Rect::from_x_y_ranges(x - GRIP / 2.0..=x + GRIP / 2.0, plot.y_range())
            .expand2(vec2(0.0, 6.0));
        let id = ui.scope_id().with(("brush", self.column.label()));
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
        // Words are written where they do not run into each other.
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

/// What the pointer does on an axis.
fn brush(axis: &mut Axis, response: &Response, plot: Rect, output: &mut Vec<Wish>) {
    let place = |pos: Pos2, axis: &Axis| axis.place((pos.y - plot.min.y) / plot.height());
    if response.clicked() {
        axis.brush = None;
        output.push(Wish::Brushed);
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
        output.push(Wish::Brushed);
    }
}

/// The same by numbers, for hands without a pointer.
fn brush_fields_ui(ui: &mut Ui, axis: &mut Axis, output: &mut Vec<Wish>, idx: usize) {
    let (mut from, mut to) = axis.brush.unwrap_or((0.0, 1.0));
    ui.horizontal(|ui| {
        ui.label("Keep from").on_hover_text(
            "The part of the axis whose runs are kept, in percent of its length from the low end.",
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
            output.push(Wish::Brushed);
        }
    });
}

/// What the brush is called by those who cannot see it.
fn name_brush(response: &Response, axis: &Axis, scale: &Scale) {
    let label = axis.column.label();
    let near = |place: f64| {
        let ticks = scale.ticks();
        let distance = |t: &(f64, Value)| (t.0 - place).abs();
        let tick = ticks
            .into_iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        tick.map_or_else(String::new, |(_, value)| text(&axis.column, &value))
    };
    let name = match axis.brush {
        None => format!("Brush on {label}: all are kept"),
        Some((from, to)) => format!("Brush on {label}: about {} to {}", near(from), near(to)),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &name));
}
