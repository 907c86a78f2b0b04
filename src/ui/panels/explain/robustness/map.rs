//! The map on the screen: a color per class, the stronger the more probable.

use egui::{
    Align2, Color32, EventFilter, FontId, Key, Pos2, Rect, Response, Role, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};

use super::super::super::PanelContext;
use crate::explain::VariantAnswer;
use crate::model::class_name;
use crate::studio::{ExplainAction, RobustnessMap};
use crate::text;
use crate::ui::theme::{mix, tokens};

/// Areas of one class from this many cells on have its name written in them.
const WITH_NAME: usize = 6;

/// A map of one row is this many cells high.
const ROW_CELLS: f32 = 3.0;

/// Draws the map, and returns the variant to describe: the one under the pointer, or the keyboard's.
pub(super) fn map_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    map: &RobustnessMap,
    cell: f32,
    cursor: &mut Option<usize>,
) -> usize {
    let [columns, rows] = map.robustness.sweep.size();
    let cell = vec2(cell, if rows == 1 { ROW_CELLS * cell } else { cell });
    let size = cell * vec2(columns as f32, rows as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let grid = Grid {
        origin: rect.min,
        cell,
        size: [columns, rows],
    };
    let center = map.robustness.sweep.center();
    let mut at = cursor.unwrap_or(center).min(columns * rows - 1);
    if response.has_focus() {
        at = grid.moved(ui, &response, at);
        *cursor = Some(at);
    }
    let hovered = response.hover_pos().and_then(|pos| grid.idx(pos));
    let shown = hovered.unwrap_or(at);
    let about = variant_text(map, shown);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Robustness map"));
    if response.clicked() {
        let pressed = response
            .interact_pointer_pos()
            .and_then(|pos| grid.idx(pos));
        cx.act(ExplainAction::OpenVariant(pressed.unwrap_or(at)));
        response.request_focus();
        // The variant is the new input, in the center of its own map.
        *cursor = None;
    }
    grid.paint(ui, map);
    let marked = (response.has_focus() || hovered.is_some()).then_some(shown);
    grid.paint_marks(ui, center, marked);
    response.on_hover_text(format!(
        "{about}. A click, or Enter after the arrow keys, puts this variant on the canvas."
    ));
    shown
}

/// A variant and the answer to it, in words.
pub(super) fn variant_text(map: &RobustnessMap, idx: usize) -> String {
    let about = map.robustness.sweep.text(idx, map.size());
    match map.robustness.answers.get(idx) {
        None => about,
        Some(answer) => format!(
            "{about}: {} with {}",
            class_name(&map.classes, answer.class),
            text::percent(f64::from(answer.probability))
        ),
    }
}

struct Grid {
    /// The upper left corner.
    origin: Pos2,
    cell: Vec2,
    /// Columns and rows.
    size: [usize; 2],
}

impl Grid {
    /// The variant at a position.
    fn idx(&self, pos: Pos2) -> Option<usize> {
        let from = (pos - self.origin) / self.cell;
        let [columns, rows] = self.size;
        let is_inside = from.min_elem() >= 0.0;
        let (x, y) = (from.x as usize, from.y as usize);
        (is_inside && x < columns && y < rows).then_some(y * columns + x)
    }

    fn rect(&self, idx: usize) -> Rect {
        let [columns, _] = self.size;
        let at = vec2((idx % columns) as f32, (idx / columns) as f32);
        Rect::from_min_size(self.origin + at * self.cell, self.cell)
    }

    /// The variant that the arrow keys lead to.
    fn moved(&self, ui: &Ui, response: &Response, at: usize) -> usize {
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let [columns, rows] = self.size;
        let (mut x, mut y) = (at % columns, at / columns);
        ui.input(|input| {
            let n = |key| input.num_presses(key);
            x = (x + n(Key::ArrowRight)).saturating_sub(n(Key::ArrowLeft));
            y = (y + n(Key::ArrowDown)).saturating_sub(n(Key::ArrowUp));
        });
        y.min(rows - 1) * columns + x.min(columns - 1)
    }

    fn paint(&self, ui: &Ui, map: &RobustnessMap) {
        let t = tokens(ui);
        let answers = &map.robustness.answers;
        let fill = |answer: &VariantAnswer| {
            mix(
                t.panel,
                t.run_color(answer.class),
                answer.probability.clamp(0.0, 1.0),
            )
        };
        for (idx, answer) in answers.iter().enumerate() {
            ui.painter().rect_filled(self.rect(idx), 0.0, fill(answer));
        }
        for area in areas(answers, self.size[0]) {
            if area.len() < WITH_NAME {
                continue;
            }
            let idx = self.middle(&area);
            let ink = contrasting(fill(&answers[idx]));
            let name = class_name(&map.classes, answers[idx].class);
            let font = FontId::proportional(13.0);
            let painter = ui.painter();
            let galley = painter.layout_no_wrap(name, font, ink);
            // A longer name would cover other answers; the legend has it.
            if galley.size().x < 3.0 * self.cell.x {
                let place =
                    Align2::CENTER_CENTER.anchor_size(self.rect(idx).center(), galley.size());
                painter.galley(place.min, galley, ink);
            }
        }
    }

    /// The cell of an area that is nearest to its center.
    fn middle(&self, area: &[usize]) -> usize {
        let [columns, _] = self.size;
        let n = area.len() as f32;
        let of = |idx: usize| vec2((idx % columns) as f32, (idx / columns) as f32);
        let center = area.iter().fold(Vec2::ZERO, |sum, &idx| sum + of(idx)) / n;
        let distance = |idx: &usize| (of(*idx) - center).length_sq();
        let nearest = area
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.copied().unwrap_or(0)
    }

    fn paint_marks(&self, ui: &Ui, center: usize, shown: Option<usize>) {
        let t = tokens(ui);
        let frame = |idx: usize, width: f32| {
            let rect = self.rect(idx).expand(1.0);
            let painter = ui.painter();
            painter.rect_stroke(
                rect,
                1.0,
                Stroke::new(width + 1.0, t.panel),
                StrokeKind::Middle,
            );
            painter.rect_stroke(rect, 1.0, Stroke::new(width, t.text), StrokeKind::Middle);
        };
        frame(center, 1.0);
        if let Some(shown) = shown {
            frame(shown, 2.0);
        }
    }
}

/// Cells with the same answer that touch, as lists of their indices.
fn areas(answers: &[VariantAnswer], columns: usize) -> Vec<Vec<usize>> {
    let mut is_seen = vec![false; answers.len()];
    let mut areas = Vec::new();
    for start in 0..answers.len() {
        if is_seen[start] {
            continue;
        }
        is_seen[start] = true;
        let mut area = vec![start];
        let mut next = 0;
        while let Some(&idx) = area.get(next) {
            next += 1;
            let x = idx % columns;
            let beside = [
                (x > 0).then(|| idx - 1),
                (x + 1 < columns).then_some(idx + 1),
                idx.checked_sub(columns),
                Some(idx + columns),
            ];
            for other in beside.into_iter().flatten() {
                let is_same = answers
                    .get(other)
                    .is_some_and(|a| a.class == answers[idx].class);
                if is_same && !std::mem::replace(&mut is_seen[other], true) {
                    area.push(other);
                }
            }
        }
        areas.push(area);
    }
    areas
}

/// Black or white, whichever is easier to read on a color.
fn contrasting(color: Color32) -> Color32 {
    match color.intensity() > 0.5 {
        true => Color32::BLACK,
        false => Color32::WHITE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_cells_of_one_answer_that_touch() {
        let answers = [0, 0, 1, 1, 0, 1].map(|class| VariantAnswer {
            class,
            probability: 1.0,
        });
        let mut found = areas(&answers, 3);
        found.iter_mut().for_each(|area| area.sort_unstable());
        assert_eq!(found, [vec![0, 1, 4], vec![2, 5], vec![3]]);
    }
}
