//! A tile that can be clicked, and a bar in it.

use egui::{Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2};

use crate::ui::theme::{self, tokens};
use crate::ui::widgets::signed_color;

/// Allocates a tile that can be clicked.
pub(super) fn tile_ui(ui: &mut Ui, size: Vec2, name: &str, is_selected: bool) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, name));
    (rect, response)
}

/// Frames the tile that is selected, or that the pointer or the keyboard is at.
pub(super) fn outline(ui: &Ui, rect: Rect, response: &Response, is_selected: bool) {
    if is_selected || response.hovered() || response.has_focus() {
        let t = tokens(ui);
        let line = Stroke::new(2.0, if is_selected { t.accent } else { t.text });
        ui.painter()
            .rect_stroke(rect, 0.0, line, StrokeKind::Inside);
    }
}

/// Paints a value as a bar from the middle up or down.
pub(super) fn paint_bar(ui: &Ui, rect: Rect, value: f32, most: f32) {
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, theme::CANVAS);
    let share = match most > 0.0 && value.is_finite() {
        true => (value / most).clamp(-1.0, 1.0),
        false => 0.0,
    };
    let middle = rect.center().y;
    let end = middle - share * rect.height() / 2.0;
    let bar = Rect::from_min_max(
        pos2(rect.min.x + 1.0, middle.min(end)),
        pos2(rect.max.x - 1.0, middle.max(end)),
    );
    painter.rect_filled(bar, 0.0, theme::rgb(signed_color(share, share.abs())));
}

/// Paints a share as a bar from the bottom up.
pub(super) fn paint_share(ui: &Ui, rect: Rect, share: f32) {
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, theme::CANVAS);
    let share = if share.is_finite() { share } else { 0.0 };
    let bar = rect.with_min_y(rect.max.y - share.clamp(0.0, 1.0) * rect.height());
    painter.rect_filled(bar, 0.0, theme::rgb(signed_color(1.0, 1.0)));
}
