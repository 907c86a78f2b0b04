//! Buttons with an icon, a label, or both.

use egui::{
    Color32, CornerRadius, FontId, Response, Role, Sense, StrokeKind, TextStyle, Ui, WidgetInfo,
    vec2,
};

use super::icon::Icon;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// How prominent a button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The default next step: filled with the accent color. At most one at a time.
    Primary,
    /// A frame.
    Plain,
    /// No frame until the pointer is over it.
    Bare,
}

/// Draws a button with a label and an optional icon, at least `min_width` wide.
pub fn labeled_button(
    ui: &mut Ui,
    icon: Option<Icon>,
    text: &str,
    weight: Weight,
    min_width: f32,
    is_enabled: bool,
) -> Response {
    let is_enabled = is_enabled && ui.is_enabled();
    let font = match weight {
        Weight::Primary => FontId::new(14.0, theme::semibold()),
        _ => TextStyle::Button.resolve(ui.style()),
    };
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    let icon_width = if icon.is_some() { 16.0 + 6.0 } else { 0.0 };
    let width = (galley.size().x + icon_width + 20.0).max(min_width).ceil();
    let (rect, response) = allocate(ui, width, is_enabled);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, text));
    if ui.is_rect_visible(rect) {
        let ink = paint_frame(ui, &response, weight, is_enabled);
        let left = rect.center().x - (galley.size().x + icon_width) / 2.0;
        if let Some(icon) = icon {
            let icon_rect = egui::Rect::from_center_size(
                egui::pos2((left + 8.0).round(), rect.center().y),
                vec2(16.0, 16.0),
            );
            icon.paint(ui.painter(), icon_rect, ink);
        }
        let at = egui::pos2(left + icon_width, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, ink);
    }
    response
}

/// Draws a button that is only an icon; `name` is its accessible name.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, is_enabled: bool) -> Response {
    let is_enabled = is_enabled && ui.is_enabled();
    let (rect, response) = allocate(ui, ROW_HEIGHT, is_enabled);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    if ui.is_rect_visible(rect) {
        let ink = paint_frame(ui, &response, Weight::Bare, is_enabled);
        icon.paint(ui.painter(), rect, ink);
    }
    response
}

/// Draws a slider with a small handle.
pub fn slim_slider(ui: &mut Ui, name: &str, slider: egui::Slider<'_>) -> Response {
    let height = std::mem::replace(&mut ui.spacing_mut().interact_size.y, 20.0);
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding.y, 0.0);
    let response = ui.add(slider).accessible_name(name.to_owned());
    ui.spacing_mut().interact_size.y = height;
    ui.spacing_mut().button_padding.y = padding;
    response
}

fn allocate(ui: &mut Ui, width: f32, is_enabled: bool) -> (egui::Rect, Response) {
    let sense = if is_enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    ui.allocate_exact_size(vec2(width, ROW_HEIGHT), sense)
}

/// Draws the background of a button and returns its text color.
fn paint_frame(ui: &Ui, response: &Response, weight: Weight, is_enabled: bool) -> Color32 {
    let t = tokens(ui);
    let visuals = ui.style().interact(response);
    let radius = CornerRadius::same(5);
    let rect = response.rect;
    let painter = ui.painter();
    let is_lit = response.hovered() || response.has_focus();
    match weight {
        Weight::Primary if is_enabled => {
            let fill = if is_lit {
                theme::mix(t.accent, t.text, 0.15)
            } else {
                t.accent
            };
            painter.rect_filled(rect, radius, fill);
            return t.on_accent;
        }
        Weight::Bare if !is_enabled || !is_lit => {}
        _ if !is_enabled => {
            let stroke = ui.visuals().widgets.noninteractive.bg_stroke;
            painter.rect_stroke(rect, radius, stroke, StrokeKind::Inside);
        }
        _ => {
            painter.rect(
                rect,
                radius,
                visuals.weak_bg_fill,
                visuals.bg_stroke,
                StrokeKind::Inside,
            );
        }
    }
    if is_enabled {
        t.text
    } else {
        theme::mix(t.panel, t.quiet, 0.6)
    }
}
