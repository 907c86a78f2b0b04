//! The network as blocks and arrows.

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};

use crate::model::ModelSpec;
use crate::picture::diagram;
use crate::ui::theme::tokens;
use crate::ui::widgets::paint_picture;

/// Maximum width: in a wider drawing, names and shapes are too far apart.
const MAX_WIDTH: f32 = 440.0;

/// Draws `spec` centered in the available width; each layer has a tooltip.
pub fn ui(ui: &mut Ui, spec: &ModelSpec) {
    let room = ui.available_width();
    let drawn = diagram(spec, room.min(MAX_WIDTH), tokens(ui).palette);
    let [width, height] = drawn.picture.size;
    let (rect, response) = ui.allocate_exact_size(vec2(room, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &drawn.picture.title));
    let origin = rect.min + vec2(((room - width) / 2.0).round(), 0.0);
    paint_picture(ui.painter(), origin, &drawn.picture);
    for block in &drawn.blocks {
        let [x, y, w, h] = block.rect;
        let place = Rect::from_min_size(origin + vec2(x, y), vec2(w, h));
        let id = ui.scope_id().with(("block", &block.path));
        let response = ui.interact(place, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &block.words));
        response.on_hover_text(block.explanation);
    }
}
