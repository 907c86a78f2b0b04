//! The rail at the left edge, which leads to the places.

use egui::{
    Align2, CornerRadius, FontId, Rect, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2,
    vec2,
};

use super::command::{Command, ViewCommand};
use super::panels::PanelContext;
use super::place::Place;
use super::theme::{self, UNIT, tokens};

/// Width of the rail.
pub const WIDTH: f32 = 68.0;

/// Height of a place: eight of them fit into the lowest window.
const HEIGHT: f32 = 48.0;

/// Shows the places.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(UNIT);
        for place in Place::ALL {
            place_ui(ui, cx, place);
        }
    });
}

fn place_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, place: Place) {
    let is_chosen = cx.settings.place == place;
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    // The plain label belongs to the button that starts training.
    let name = format!("{} tab", place.label());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_chosen, &name));
    let is_lit = is_chosen || response.hovered() || response.has_focus();
    paint(ui, rect, place, is_chosen, is_lit);
    let command = Command::from(ViewCommand::Place(place));
    if response.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

/// Draws icon, number and name.
fn paint(ui: &Ui, rect: Rect, place: Place, is_chosen: bool, is_lit: bool) {
    let t = tokens(ui);
    let ink = if is_lit { t.text } else { t.quiet };
    let painter = ui.painter();
    if is_lit {
        let fill = rect.shrink2(vec2(UNIT, 2.0));
        painter.rect_filled(fill, CornerRadius::same(6), t.raised);
    }
    if is_chosen {
        let line = Rect::from_min_size(rect.min + vec2(0.0, 10.0), vec2(2.0, HEIGHT - 20.0));
        painter.rect_filled(line, 1.0, t.accent);
    }
    let icon = Rect::from_center_size(pos2(rect.center().x, rect.min.y + 16.0), vec2(16.0, 16.0));
    let color = if is_chosen { t.accent } else { ink };
    place.icon().paint(painter, icon, color);
    let small = TextStyle::Small.resolve(ui.style());
    let corner = pos2(rect.max.x - 10.0, rect.min.y + 6.0);
    let number = place.number().to_string();
    painter.text(corner, Align2::RIGHT_TOP, number, small.clone(), t.quiet);
    let font = match is_chosen {
        true => FontId::new(small.size, theme::semibold()),
        false => small,
    };
    let at = pos2(rect.center().x, rect.min.y + 26.0);
    painter.text(at, Align2::CENTER_TOP, place.label(), font, ink);
}
