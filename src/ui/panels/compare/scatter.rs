//! Any setting or metric against any other, one dot per run.

use egui::{
    Align2, PointerButton, Pos2, Rect, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::rows::{Places, Rows, text};
use super::selectors;
use crate::compare::Scale;
use crate::runs::table::Column;
use crate::runs::{Record, RunId};
use crate::studio::LibraryAction;
use crate::ui::column_names;
use crate::ui::panels::PanelContext;
use crate::ui::theme::tokens;

/// Radius of a dot.
const DOT: f32 = 4.0;

/// Distance within which the pointer hits a dot.
const NEAR: f32 = 10.0;

/// The axes and their state.
#[derive(Default)]
pub(super) struct Scatter {
    x: Option<Column>,
    y: Option<Column>,
    is_x_log: bool,
    is_y_log: bool,
    /// Positions in the columns of the x axis and the y axis.
    places: [Places; 2],
}

impl Scatter {
    /// Shows the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        let columns = rows.columns();
        self.follow(columns, rows);
        let (Some(x), Some(y)) = (self.x.clone(), self.y.clone()) else {
            let text = "There is nothing to compare yet: train with different settings.";
            return selectors::nothing_differs(ui, cx, text);
        };
        self.controls_ui(ui, rows, columns);
        let [across, up] = &mut self.places;
        across.follow(rows, &x, self.is_x_log);
        up.follow(rows, &y, self.is_y_log);
        let (Some(x_scale), Some(y_scale)) = (&across.scale, &up.scale) else {
            selectors::nothing(ui, "No run has both of these yet.");
            return;
        };
        let plot = room(ui, &x, &y);
        grid_ui(ui, plot, (&x, x_scale), (&y, y_scale));
        let places = across.places.iter().zip(&up.places).zip(&rows.rows);
        let dots: Vec<(&Record, Pos2)> = places
            .filter_map(|((across, up), row)| {
                let share = vec2((*across)? as f32, 1.0 - (*up)? as f32);
                Some((row, plot.lerp_inside(share)))
            })
            .collect();
        dots_ui(ui, cx, &dots, plot, &[x, y]);
    }

    fn follow(&mut self, columns: &[Column], rows: &Rows) {
        let is_there = |c: &Option<Column>| c.as_ref().is_some_and(|c| columns.contains(c));
        if !is_there(&self.y) {
            let varies = |c: &&Column| is_metric(c) && rows.varies(c);
            let first = columns.iter().find(varies);
            self.y = first.or(columns.iter().find(|c| is_metric(c))).cloned();
            self.is_y_log = suggests_log(&self.y, rows);
        }
        if !is_there(&self.x) {
            // A setting whose values lie along an axis; else the training time or another result.
            let is_setting = |c: &&Column| !is_metric(c) && c.key() != "changed";
            let other = columns
                .iter()
                .rfind(|c| is_metric(c) && self.y.as_ref() != Some(*c));
            self.x = columns.iter().find(is_setting).or(other).cloned();
            self.is_x_log = suggests_log(&self.x, rows);
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, rows: &Rows, columns: &[Column]) {
        let [mut x, mut y] = [self.x.clone(), self.y.clone()];
        let mut upward = |ui: &mut Ui| {
            selectors::word(ui, "y axis");
            let about = "The setting or metric on the y axis.";
            if selectors::one(ui, "Y axis", about, &mut y, selectors::columns(columns)) {
                self.is_y_log = suggests_log(&y, rows);
            }
            log_ui(ui, &mut self.is_y_log, "log y");
        };
        let mut across = |ui: &mut Ui| {
            selectors::word(ui, "x axis");
            let about = "The setting or metric on the x axis.";
            if selectors::one(ui, "X axis", about, &mut x, selectors::columns(columns)) {
                self.is_x_log = suggests_log(&x, rows);
            }
            log_ui(ui, &mut self.is_x_log, "log x");
        };
        selectors::line(ui, &mut [&mut upward, &mut across]);
        (self.x, self.y) = (x, y);
    }
}

fn log_ui(ui: &mut Ui, is_log: &mut bool, name: &str) {
    ui.checkbox(is_log, egui::RichText::new(name).small())
        .on_hover_text("Spreads out small values; requires all values to be above zero.");
}

fn suggests_log(column: &Option<Column>, rows: &Rows) -> bool {
    column
        .as_ref()
        .is_some_and(|column| rows.suggests_log(column))
}

fn is_metric(column: &Column) -> bool {
    matches!(column, Column::Metric(_))
}

fn room(ui: &mut Ui, x: &Column, y: &Column) -> Rect {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let name = format!(
        "Scatter of {} against {}",
        column_names::label(y),
        column_names::label(x)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));
    Rect::from_min_max(rect.min + vec2(76.0, 24.0), rect.max - vec2(24.0, 44.0))
}

/// Draws grid lines with tick labels, and the axis labels.
fn grid_ui(ui: &Ui, plot: Rect, (x, x_scale): (&Column, &Scale), (y, y_scale): (&Column, &Scale)) {
    let t = tokens(ui);
    let painter = ui.painter();
    let font = TextStyle::Small.resolve(ui.style());
    let rim = Stroke::new(1.0, t.hairline);
    for (place, value) in y_scale.ticks() {
        let at = plot.lerp_inside(vec2(0.0, 1.0 - place as f32));
        painter.hline(plot.x_range(), at.y, rim);
        let words = short(&text(y, &value));
        painter.text(
            at - vec2(8.0, 0.0),
            Align2::RIGHT_CENTER,
            words,
            font.clone(),
            t.quiet,
        );
    }
    for (place, value) in x_scale.ticks() {
        let at = plot.lerp_inside(vec2(place as f32, 1.0));
        painter.vline(at.x, at.y..=at.y + 4.0, rim);
        let words = short(&text(x, &value));
        painter.text(
            at + vec2(0.0, 6.0),
            Align2::CENTER_TOP,
            words,
            font.clone(),
            t.quiet,
        );
    }
    let at = pos2(plot.center().x, plot.max.y + 26.0);
    painter.text(
        at,
        Align2::CENTER_TOP,
        column_names::label(x),
        font.clone(),
        t.text,
    );
    let at = pos2(plot.min.x - 68.0, plot.min.y - 8.0);
    painter.text(
        at,
        Align2::LEFT_BOTTOM,
        column_names::label(y),
        font,
        t.text,
    );
}

fn short(text: &str) -> String {
    if text.chars().count() <= 12 {
        return text.to_owned();
    }
    text.chars().take(11).chain(['…']).collect()
}

fn dots_ui(
    ui: &Ui,
    cx: &mut PanelContext<'_>,
    dots: &[(&Record, Pos2)],
    plot: Rect,
    columns: &[Column; 2],
) {
    let t = tokens(ui);
    let selection = cx.studio.selection();
    let has_selection = dots.iter().any(|(row, _)| selection.contains(&row.id));
    for (row, at) in dots {
        let is_selected = has_selection && selection.contains(&row.id);
        let color = t.run_color(row.color);
        let color = if has_selection && !is_selected {
            color.gamma_multiply(0.25)
        } else {
            color
        };
        ui.painter().circle_filled(*at, DOT, color);
        if is_selected {
            ui.painter()
                .circle_stroke(*at, DOT + 2.5, Stroke::new(1.5, t.text));
        }
        if cx.hover.is_at(&row.id) {
            ui.painter()
                .circle_stroke(*at, DOT + 2.5, Stroke::new(1.5, t.accent));
        }
    }
    let pointer = ui.input(|i| i.pointer.hover_pos());
    let pointer = pointer.filter(|_| ui.rect_contains_pointer(plot.expand(NEAR)));
    let Some((row, _)) = pointer.and_then(|pointer| {
        let near = dots.iter().min_by(|a, b| {
            let distance = |dot: &(&Record, Pos2)| dot.1.distance_sq(pointer);
            distance(a).total_cmp(&distance(b))
        });
        near.filter(|(_, at)| at.distance(pointer) < NEAR)
    }) else {
        return;
    };
    cx.hover.set(&row.id);
    let value = |c: &Column| {
        let value = c.value(row).map(|v| text(c, &v));
        format!("{}  {}", column_names::label(c), value.unwrap_or_default())
    };
    let words = format!(
        "{}\n{}\n{}",
        row.name,
        value(&columns[0]),
        value(&columns[1])
    );
    super::at_pointer(ui, "run under the pointer", &words);
    if ui.input(|i| i.pointer.button_clicked(PointerButton::Primary)) {
        cx.act(LibraryAction::Select(toggled(cx, &row.id)));
    }
}

/// The selection with this run toggled.
pub(super) fn toggled(cx: &PanelContext<'_>, id: &RunId) -> Vec<RunId> {
    let mut ids: Vec<RunId> = cx.studio.selected_runs().map(|r| r.id.clone()).collect();
    match ids.iter().position(|other| other == id) {
        Some(at) => drop(ids.remove(at)),
        None => ids.push(id.clone()),
    }
    ids
}
