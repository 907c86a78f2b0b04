//! What the views share: a picture with its name, and what its colors mean.

use egui::{
    Color32, Image, Label, Rect, RichText, Role, Sense, TextureHandle, Ui, WidgetInfo, vec2,
};

use crate::text;
use crate::ui::theme::{self, UNIT, tokens};

/// Draws a picture as large as it fits into a square; `name` is its accessible name.
pub(super) fn picture_ui(ui: &mut Ui, name: &str, texture: &TextureHandle, side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let size = texture.size_vec2();
    let scale = (rect.width() / size.x).min(rect.height() / size.y);
    Image::new(texture).paint_at(ui, Rect::from_center_size(rect.center(), size * scale));
}

/// Says what a color means.
pub(super) fn swatch_ui(ui: &mut Ui, color: Color32, meaning: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, color);
    ui.label(theme::quiet(ui, meaning));
    ui.add_space(2.0 * UNIT);
}

/// Says why there is nothing to see.
pub(super) fn problem_ui(ui: &mut Ui, problem: &str) {
    let text = RichText::new(text::sentence(problem)).color(tokens(ui).bad);
    ui.add(Label::new(text).wrap());
}
