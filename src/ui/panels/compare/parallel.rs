//! Parallel coordinates: one upright axis a setting or metric, one line a run.
//!
//! Dragging along an axis keeps the runs that pass there; the runs that pass everywhere are the
//! selection of every view.

use egui::{
    Align2, Color32, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, TextStyle,
    Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::choose;
use super::rows::{Row, Rows, text};
use super::scatter::toggled;
use crate::compare::{Column, Scale};
use crate::runs::RunId;
use crate::studio::Action;
use crate::ui::panels::Cx;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Axes that are there without being asked for.
const USUAL_AXES: usize = 7;

/// Lines drawn at most, the newest: more are a carpet, and slow.
const MOST_LINES: usize = 2_000;

/// Width in which an axis feels the pointer.
const GRIP: f32 = 28.0;

/// Share of an axis within which an end is meant: a hand seldom hits the last point exactly.
const SNAP: f64 = 0.02;

/// How near the pointer must be to a line.
const NEAR: f32 = 6.0;

/// The axes with what was done to them.
#[derive(Default)]
pub(super) struct Parallel {
    axes: Vec<Axis>,
    /// Columns seen before: a new one becomes an axis by itself, one that was taken away does not.
    seen: Vec<Column>,
    color: Option<Column>,
}

struct Axis {
    column: Column,
    is_flipped: bool,
    is_log: bool,
    /// What is kept, as places from 0 to 1 on the axis that is not flipped.
    brush: Option<(f64, f64)>,
}

/// What was asked of an axis.
enum Wish {
    Move(usize, isize),
    Remove(usize),
    Brushed,
}

impl Axis {
    fn new(column: Column, rows: &Rows) -> Axis {
        Axis {
            is_log: Scale::suggests_log(&rows.values(&column)),
            is_flipped: false,
            brush: None,
            column,
        }
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

    fn keeps(&self, scale: &Scale, row: &Row) -> bool {
        let Some((from, to)) = self.brush else {
            return true;
        };
        let place = self.column.value(&row.facts).and_then(|v| scale.place(&v));
        // The ends of a hand-drawn range are never exact.
        place.is_some_and(|p| (from - 1e-9..=to + 1e-9).contains(&p))
    }
}

impl Parallel {
    /// Shows the view in the room there is.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &Rows) {
        let columns = rows.columns();
        self.follow(&columns, rows);
        if self.axes.len() < 2 {
            choose::nothing(
                ui,
                "These runs do not differ yet: train with other settings.",
            );
            return;
        }
        let mut is_brushed = self.controls_ui(ui, rows, &columns);
        let plot = self.room(ui);
        let scales = self.scales(rows);
        let mut wishes = Vec::new();
        for idx in 0..self.axes.len() {
            self.header_ui(ui, plot, idx, &mut wishes);
        }
        self.lines_ui(ui, cx, rows, plot, &scales);
        for (idx, scale) in scales.iter().enumerate() {
            self.axis_ui(ui, plot, idx, scale, &mut wishes);
        }
        for wish in wishes {
            match wish {
                Wish::Move(idx, by) => {
                    let to = idx.saturating_add_signed(by).min(self.axes.len() - 1);
                    self.axes.swap(idx, to);
                }
                Wish::Remove(idx) => {
                    is_brushed |= self.axes.remove(idx).brush.is_some();
                }
                Wish::Brushed => is_brushed = true,
            }
        }
        if is_brushed {
            cx.act(Action::Select(self.kept(rows)));
        }
    }

    /// New columns become axes while there is room; what is gone goes.
    fn follow(&mut self, columns: &[Column], rows: &Rows) {
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
            choose::word(ui, "colour by");
            let about = "What the colour of a line says: from the low end of it to the high end.";
            choose::one(
                ui,
                "Colour by",
                about,
                &mut self.color,
                choose::columns(columns),
            );
            let free: Vec<Column> = columns
                .iter()
                .filter(|c| self.axes.iter().all(|axis| axis.column != **c))
                .cloned()
                .collect();
            if !free.is_empty() {
                choose::word(ui, "add");
                let mut chosen = None;
                let about = "Puts another setting or metric beside these.";
                if choose::one(
                    ui,
                    "Add an axis",
                    about,
                    &mut chosen,
                    choose::columns(&free),
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
                choose::word(ui, "drag along an axis to select runs");
            }
            if rows.rows.len() > MOST_LINES {
                choose::word(ui, "the newest 2,000 are drawn");
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

    fn scales(&self, rows: &Rows) -> Vec<Scale> {
        let empty = Scale::Words(vec![String::new()]);
        let scale = |axis: &Axis| Scale::new(&rows.values(&axis.column), axis.is_log);
        let scales = self.axes.iter().map(scale);
        scales.map(|s| s.unwrap_or_else(|| empty.clone())).collect()
    }

    fn x(&self, plot: Rect, idx: usize) -> f32 {
        let share = idx as f32 / (self.axes.len() - 1).max(1) as f32;
        plot.min.x + share * plot.width()
    }

    /// The name of an axis, and what can be done with it.
    fn header_ui(&mut self, ui: &mut Ui, plot: Rect, idx: usize, wishes: &mut Vec<Wish>) {
        let n = self.axes.len();
        let width = plot.width() / (n - 1).max(1) as f32 - 8.0;
        let at = pos2(self.x(plot, idx), plot.min.y - 12.0 - ROW_HEIGHT / 2.0);
        let rect = Rect::from_center_size(at, vec2(width.clamp(40.0, 120.0), ROW_HEIGHT));
        let axis = &mut self.axes[idx];
        let label = axis.column.label().to_owned();
        let mut child = ui.new_child(UiBuilder::new().max_rect(rect));
        let button = egui::Button::new(egui::RichText::new(&label).small())
            .truncate()
            .frame(false);
        let button = child
            .add_sized(rect.size(), button)
            .accessible_name(format!("Axis {label}"))
            .on_hover_text(format!("{label}: click to move, flip or remove this axis."));
        egui::Popup::menu(&button).show(|ui| {
            if idx > 0 && ui.button("Move left").clicked() {
                wishes.push(Wish::Move(idx, -1));
            }
            if idx + 1 < n && ui.button("Move right").clicked() {
                wishes.push(Wish::Move(idx, 1));
            }
            ui.checkbox(&mut axis.is_flipped, "Flipped");
            ui.checkbox(&mut axis.is_log, "Logarithmic")
                .on_hover_text("Spreads small values; only where all values are above zero.");
            brush_fields_ui(ui, axis, wishes, idx);
            if n > 2 && ui.button("Remove").clicked() {
                wishes.push(Wish::Remove(idx));
            }
        });
    }

    /// The axis itself: its line, its ticks, and what is kept of it.
    fn axis_ui(&mut self, ui: &Ui, plot: Rect, idx: usize, scale: &Scale, wishes: &mut Vec<Wish>) {
        let t = tokens(ui);
        let x = self.x(plot, idx);
        let grip = Rect::from_x_y_ranges(x - GRIP / 2.0..=x + GRIP / 2.0, plot.y_range())
            .expand2(vec2(0.0, 6.0));
        let id = ui.scope_id().with(("brush", self.axes[idx].column.label()));
        let response = ui.interact(grip, id, Sense::click_and_drag());
        let axis = &mut self.axes[idx];
        brush(axis, &response, plot, wishes);
        name_brush(&response, axis, scale);
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
            let y = plot.min.y + axis.drop(*place) * plot.height();
            painter.hline(x - 3.0..=x + 3.0, y, Stroke::new(1.0, t.quiet));
            let mut words = text(&axis.column, value);
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
        if let Some((from, to)) = axis.brush {
            let (a, b) = (axis.drop(from), axis.drop(to));
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

    /// The runs, those that are not selected first and faint.
    fn lines_ui(&self, ui: &Ui, cx: &mut Cx<'_>, rows: &Rows, plot: Rect, scales: &[Scale]) {
        let shown = &rows.rows[rows.rows.len().saturating_sub(MOST_LINES)..];
        let lines: Vec<Vec<Option<Pos2>>> = shown
            .iter()
            .map(|row| self.line(plot, scales, row))
            .collect();
        let has_selection = shown.iter().any(|row| cx.studio.is_selected(&row.id));
        let pointer = ui
            .input(|i| i.pointer.hover_pos())
            .filter(|p| plot.contains(*p));
        let is_on_axis =
            |p: Pos2| (0..self.axes.len()).any(|i| (self.x(plot, i) - p.x).abs() < GRIP / 2.0);
        let pointer = pointer.filter(|p| !is_on_axis(*p) && ui.rect_contains_pointer(plot));
        let hovered = pointer.and_then(|p| nearest(&lines, p));
        let color_scale = self
            .color
            .as_ref()
            .and_then(|c| Scale::new(&rows.values(c), false));
        let mut order: Vec<usize> = (0..shown.len()).collect();
        order.sort_by_key(|&i| (Some(i) == hovered, cx.studio.is_selected(&shown[i].id)));
        for idx in order {
            let row = &shown[idx];
            let color = self.line_color(ui, row, color_scale.as_ref());
            let is_faint = has_selection && !cx.studio.is_selected(&row.id);
            let stroke = match (Some(idx) == hovered, is_faint) {
                (true, _) => Stroke::new(3.0, color),
                (_, true) => Stroke::new(1.0, color.gamma_multiply(0.16)),
                _ => Stroke::new(1.5, color.gamma_multiply(0.85)),
            };
            paint(ui, &lines[idx], stroke);
        }
        if let Some(idx) = hovered {
            let row = &shown[idx];
            hint(ui, self, row);
            if ui.input(|i| i.pointer.button_clicked(PointerButton::Primary)) {
                cx.act(Action::Select(toggled(cx, &row.id)));
            }
        }
    }

    /// Where a run passes each axis.
    fn line(&self, plot: Rect, scales: &[Scale], row: &Row) -> Vec<Option<Pos2>> {
        let point = |(idx, axis): (usize, &Axis)| {
            let value = axis.column.value(&row.facts)?;
            let drop = axis.drop(scales[idx].place(&value)?);
            Some(pos2(self.x(plot, idx), plot.min.y + drop * plot.height()))
        };
        self.axes.iter().enumerate().map(point).collect()
    }

    fn line_color(&self, ui: &Ui, row: &Row, scale: Option<&Scale>) -> Color32 {
        let t = tokens(ui);
        let column = self.color.as_ref();
        let value = column.and_then(|c| c.value(&row.facts));
        let place = value.zip(scale).and_then(|(v, scale)| scale.place(&v));
        match place {
            Some(place) => theme::mix(t.run_color(0), t.accent, place as f32),
            None => t.quiet,
        }
    }

    /// The runs that every brush keeps; none without a brush.
    fn kept(&self, rows: &Rows) -> Vec<RunId> {
        if self.axes.iter().all(|axis| axis.brush.is_none()) {
            return Vec::new();
        }
        let scales = self.scales(rows);
        let keeps = |row: &&Row| {
            let mut axes = self.axes.iter().zip(&scales);
            axes.all(|(axis, scale)| axis.keeps(scale, row))
        };
        let kept = rows.rows.iter().filter(keeps);
        kept.map(|row| row.id.clone()).collect()
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

/// What the pointer does on an axis.
fn brush(axis: &mut Axis, response: &Response, plot: Rect, wishes: &mut Vec<Wish>) {
    let place = |pos: Pos2, axis: &Axis| axis.place((pos.y - plot.min.y) / plot.height());
    if response.clicked() {
        axis.brush = None;
        wishes.push(Wish::Brushed);
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
        wishes.push(Wish::Brushed);
    }
}

/// The same by numbers, for hands without a pointer.
fn brush_fields_ui(ui: &mut Ui, axis: &mut Axis, wishes: &mut Vec<Wish>, idx: usize) {
    let (mut from, mut to) = axis.brush.unwrap_or((0.0, 1.0));
    ui.horizontal(|ui| {
        ui.label("Keep from").on_hover_text(
            "The part of the axis whose runs are kept, in percent of its length from the low end.",
        );
        let field = |ui: &mut Ui, value: &mut f64, name: &str| {
            let mut percent = *value * 100.0;
            let drag = egui::DragValue::new(&mut percent)
                .range(0.0..=100.0)
                .suffix(" %")
                .max_decimals(0);
            let name = format!("{name} of axis {}", idx + 1);
            let is_changed = ui.add(drag).accessible_name(name).changed();
            if is_changed {
                *value = percent / 100.0;
            }
            is_changed
        };
        let is_from = field(ui, &mut from, "Low end");
        ui.label("to");
        if field(ui, &mut to, "High end") || is_from {
            axis.brush = Some((from.min(to), from.max(to)));
            wishes.push(Wish::Brushed);
        }
    });
}

/// What the brush is called by those who cannot see it.
fn name_brush(response: &Response, axis: &Axis, scale: &Scale) {
    let label = axis.column.label();
    let near = |place: f64| {
        let ticks = scale.ticks();
        let distance = |t: &(f64, crate::compare::Value)| (t.0 - place).abs();
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

/// The line nearest to the pointer, if one is near.
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

/// A line with gaps where the run has no value.
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

/// What a run has on each axis, beside the pointer.
fn hint(ui: &Ui, view: &Parallel, row: &Row) {
    let mut lines = vec![row.facts.name.clone()];
    for axis in &view.axes {
        if let Some(value) = axis.column.value(&row.facts) {
            lines.push(format!(
                "{}  {}",
                axis.column.label(),
                text(&axis.column, &value)
            ));
        }
    }
    super::at_pointer(ui, "run under the pointer", &lines.join("\n"));
}
