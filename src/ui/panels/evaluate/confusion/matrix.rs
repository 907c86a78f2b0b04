//! The matrix on the screen. Only its visible cells are drawn.

use std::ops::Range;

use egui::{
    Align2, Color32, FontId, Pos2, Rangef, Rect, Response, Stroke, StrokeKind, Ui, pos2, vec2,
};

use super::made::{Cells, Made};
use super::select::select;
use crate::evaluate::Filter;
use crate::studio::Evaluation;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{mix, tokens};

/// Width of the names of the classes.
pub(super) const NAMES: f32 = 64.0;

/// Height of the names above.
pub(super) const ABOVE: f32 = 22.0;

/// Cells from this side on have their number written in them.
const WITH_NUMBER: f32 = 20.0;

/// Names are written where a cell is at least so high.
const WITH_NAME: f32 = 10.0;

/// What the pointer is on: a row, a column, or both.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    row: Option<usize>,
    column: Option<usize>,
}

/// A matrix on the screen.
pub(super) struct Matrix<'a> {
    pub(super) evaluation: &'a Evaluation,
    pub(super) made: &'a Made,
    /// The upper left corner of the first cell.
    pub(super) origin: Pos2,
    pub(super) side: f32,
}

impl Matrix<'_> {
    pub(super) fn paint(&self, ui: &Ui, filter: &Filter) {
        let visible = ui.clip_rect();
        let [columns, rows] = [
            self.visible(visible.x_range(), self.origin.x),
            self.visible(visible.y_range(), self.origin.y),
        ];
        for y in rows.clone() {
            for x in columns.clone() {
                self.paint_cell(ui, x, y);
            }
        }
        self.paint_names(ui, columns, rows);
        self.paint_selection(ui, filter);
    }

    /// The columns or rows within `range`, of which the first begins at `start`.
    fn visible(&self, range: Rangef, start: f32) -> Range<usize> {
        let n = self.made.order.len();
        let idx = |at: f32| (((at - start) / self.side).max(0.0) as usize).min(n);
        idx(range.min)..(idx(range.max) + 1).min(n)
    }

    fn paint_cell(&self, ui: &Ui, x: usize, y: usize) {
        let t = tokens(ui);
        let painter = ui.painter();
        let cell = self.cell(x, y);
        let [l, a] = [y, x].map(|i| self.made.order[i] as usize);
        let value = self.made.values[l][a];
        let share = (value.abs() / self.made.most).clamp(0.0, 1.0).sqrt() as f32;
        let is_right = l == a;
        let fill = match is_right {
            true => t.raised,
            false if value < 0.0 => mix(t.panel, t.good, share),
            false => mix(t.panel, t.accent, share),
        };
        painter.rect_filled(cell.shrink(0.5), 1.0, fill);
        if self.side < WITH_NUMBER || value == 0.0 {
            return;
        }
        let color = match is_right {
            true => t.quiet,
            false if share > 0.55 => t.on_accent,
            false => t.text,
        };
        let font = FontId::monospace(if self.side < 26.0 { 9.0 } else { 11.0 });
        let at = cell.center();
        painter.text(at, Align2::CENTER_CENTER, self.text(value), font, color);
    }

    fn paint_names(&self, ui: &Ui, columns: Range<usize>, rows: Range<usize>) {
        let t = tokens(ui);
        let small = FontId::proportional(11.0);
        let corner = self.origin - vec2(6.0, 6.0);
        let font = FontId::proportional(10.0);
        let text = "true \\ pred.";
        ui.painter()
            .text(corner, Align2::RIGHT_BOTTOM, text, font, t.quiet);
        if self.side < WITH_NAME {
            return;
        }
        let name = |i: usize| self.evaluation.class(self.made.order[i]);
        for i in rows {
            let min = pos2(self.origin.x - NAMES, self.cell(0, i).top());
            let row = Rect::from_min_size(min, vec2(NAMES - 6.0, self.side));
            clipped(ui, row, &name(i), Align2::RIGHT_CENTER, &small, t.text);
        }
        for i in columns {
            let min = pos2(self.cell(i, 0).left(), self.origin.y - ABOVE);
            let column = Rect::from_min_size(min, vec2(self.side, ABOVE - 4.0));
            clipped(ui, column, &name(i), Align2::CENTER_BOTTOM, &small, t.text);
        }
    }

    /// Frames the cells whose images are selected.
    fn paint_selection(&self, ui: &Ui, filter: &Filter) {
        let at = |class: u32| self.made.order.iter().position(|&c| c == class);
        let n = self.made.order.len() as f32 * self.side;
        let (row, column) = (filter.label.and_then(at), filter.answer.and_then(at));
        let rects = match (row, column, filter.pair) {
            (Some(y), Some(x), _) => vec![self.cell(x, y)],
            (Some(y), None, _) => vec![self.cell(0, y).with_max_x(self.origin.x + n)],
            (None, Some(x), _) => vec![self.cell(x, 0).with_max_y(self.origin.y + n)],
            (None, None, Some([a, b])) => {
                let pair = at(a).zip(at(b));
                pair.map(|(a, b)| vec![self.cell(a, b), self.cell(b, a)])
                    .unwrap_or_default()
            }
            (None, None, None) => Vec::new(),
        };
        let line = Stroke::new(2.0, tokens(ui).text);
        for rect in rects {
            ui.painter()
                .rect_stroke(rect, 1.0, line, StrokeKind::Inside);
        }
    }

    pub(super) fn react(&self, cx: &mut PanelContext<'_>, response: Response) {
        let Some(place) = response.hover_pos().and_then(|pos| self.place(pos)) else {
            return;
        };
        let filter = Filter {
            label: place.row.map(|y| self.made.order[y]),
            answer: place.column.map(|x| self.made.order[x]),
            ..Filter::default()
        };
        if response.clicked() {
            select(cx, filter.clone());
        }
        response.on_hover_text(self.about(&filter));
    }

    /// What a cell, row or column says.
    fn about(&self, filter: &Filter) -> String {
        let name = |class: u32| self.evaluation.class(class);
        match (filter.label, filter.answer) {
            (Some(label), Some(answer)) => {
                let (l, a) = (label as usize, answer as usize);
                let n = self.evaluation.report.confusion.counts[l][a];
                let of_label = self.evaluation.report.confusion.support[l].max(1);
                format!(
                    "Label {}, predicted {}: {}, {} of the class. A click shows them.",
                    name(label),
                    name(answer),
                    text::count(n as usize, "image"),
                    text::percent(n as f64 / of_label as f64)
                )
            }
            (Some(label), None) => format!("Shows the images with label {}.", name(label)),
            (None, Some(answer)) => format!("Shows the images predicted as {}.", name(answer)),
            (None, None) => String::new(),
        }
    }

    fn place(&self, pos: Pos2) -> Option<Place> {
        let from = (pos - self.origin) / self.side;
        let n = self.made.order.len();
        let idx = |at: f32| (at >= 0.0 && (at as usize) < n).then_some(at as usize);
        let (row, column) = (idx(from.y), idx(from.x));
        (row.is_some() || column.is_some()).then_some(Place { row, column })
    }

    fn cell(&self, x: usize, y: usize) -> Rect {
        let min = self.origin + vec2(x as f32, y as f32) * self.side;
        Rect::from_min_size(min, vec2(self.side, self.side))
    }

    fn text(&self, value: f64) -> String {
        match self.made.cells {
            Cells::Counts if value >= 10_000.0 && self.side < 32.0 => {
                text::short_count(value as u64)
            }
            Cells::Counts => format!("{value}"),
            Cells::Difference => {
                let sign = if value < 0.0 { "−" } else { "+" };
                format!("{sign}{}", text::short_count(value.abs() as u64))
            }
            Cells::OfLabels | Cells::OfAnswers if self.side < 32.0 => {
                format!("{:.0}", 100.0 * value)
            }
            Cells::OfLabels | Cells::OfAnswers => format!("{:.1}", 100.0 * value),
        }
    }
}

/// Writes a text in `rect`, and cuts off what does not fit.
fn clipped(ui: &Ui, rect: Rect, text: &str, align: Align2, font: &FontId, color: Color32) {
    let at = align.pos_in_rect(&rect);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.text(at, align, text, font.clone(), color);
}
