//! A drop-down list in the column of values.

use egui::{ComboBox, Response, Stroke, Ui, pos2, vec2};

use super::number::VALUE_WIDTH;
use crate::ui::theme::tokens;

/// Draws a drop-down list with `chosen` selected and `menu_ui` as its menu; `name` is its
/// accessible name.
pub fn combo(ui: &mut Ui, name: &str, chosen: &str, menu_ui: impl FnOnce(&mut Ui)) -> Response {
    combo_of_width(ui, name, chosen, VALUE_WIDTH, menu_ui)
}

/// Draws a drop-down list of the given width.
pub fn combo_of_width(
    ui: &mut Ui,
    name: &str,
    chosen: &str,
    width: f32,
    menu_ui: impl FnOnce(&mut Ui),
) -> Response {
    ComboBox::from_id_salt(name)
        .width(width)
        // Shows the whole list at once: entries that need scrolling are not found.
        .height(480.0)
        .selected_text(chosen)
        .truncate()
        .icon(|ui, rect, _, _| {
            let center = rect.center();
            let points = [(-3.5, -1.75), (0.0, 1.75), (3.5, -1.75)];
            let points = points.map(|(x, y)| pos2(center.x, center.y) + vec2(x, y));
            let stroke = Stroke::new(1.5, tokens(ui).quiet);
            ui.painter().line(points.to_vec(), stroke);
        })
        .show_ui(ui, menu_ui)
        .response
        .accessible_name(name.to_owned())
}
