//! A picture in which the pointer and the arrow keys choose a pixel.

use egui::{
    EventFilter, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use crate::explain::Window;
use crate::ui::theme::DARK;

/// Allocates the picture.
pub(super) fn picked_ui(ui: &mut Ui, size: egui::Vec2, name: &str) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if response.has_focus() {
        let arrows = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    }
    (rect, response)
}

/// The pixel that the pointer or the arrow keys choose, of a picture of `[rows, columns]` at `rect`.
pub(super) fn picked(
    ui: &Ui,
    response: &Response,
    rect: Rect,
    [rows, columns]: [usize; 2],
    now: [usize; 2],
) -> Option<[usize; 2]> {
    let is_moved = ui.input(|i| i.pointer.delta() != egui::Vec2::ZERO) || response.clicked();
    if let Some(pos) = response.hover_pos().filter(|pos| rect.contains(*pos))
        && is_moved
    {
        let share = (pos - rect.min) / rect.size();
        let idx = |share: f32, n: usize| ((share * n as f32) as usize).min(n.saturating_sub(1));
        return Some([idx(share.y, rows), idx(share.x, columns)]);
    }
    if !response.has_focus() {
        return None;
    }
    let presses = |more: Key, less: Key| {
        ui.input(|i| i.num_presses(more) as isize - i.num_presses(less) as isize)
    };
    let moved =
        |now: usize, by: isize, n: usize| now.saturating_add_signed(by).min(n.saturating_sub(1));
    let next = [
        moved(now[0], presses(Key::ArrowDown, Key::ArrowUp), rows),
        moved(now[1], presses(Key::ArrowRight, Key::ArrowLeft), columns),
    ];
    (next != now).then_some(next)
}

/// Outlines a window of a picture of `[rows, columns]` at `rect`; it may reach beyond the picture.
pub(super) fn outline_window(ui: &Ui, rect: Rect, [rows, columns]: [usize; 2], window: Window) {
    let cell = rect.size() / vec2(columns.max(1) as f32, rows.max(1) as f32);
    let corner = rect.min + vec2(window.left as f32, window.top as f32) * cell;
    let size = vec2(window.size[1] as f32, window.size[0] as f32) * cell;
    let outline = Rect::from_min_size(corner, size).intersect(rect);
    // Around a few pixels, but within the picture, whose surroundings may be cut off.
    let kind = match outline.expand(0.5).contains_rect(rect) {
        true => StrokeKind::Inside,
        false => StrokeKind::Outside,
    };
    // Pictures are dark in both themes.
    let line = Stroke::new(2.0, DARK.accent);
    ui.painter().rect_stroke(outline, 0.0, line, kind);
}
