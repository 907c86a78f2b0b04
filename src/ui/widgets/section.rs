//! A collapsible section of a panel; collapsed, it shows a one-line summary.

use egui::collapsing_header::CollapsingState;
use egui::{Align, Layout, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// Draws the heading `name`, and what `content_ui` draws while the section is open. While it is
/// collapsed, `summary` is shown beside the heading.
pub fn section(
    ui: &mut Ui,
    name: &str,
    explanation: &str,
    summary: &str,
    content_ui: impl FnOnce(&mut Ui),
) {
    let id = ui.make_persistent_id(("section", name));
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), id, false);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let is_open = state.is_open();
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, name));
    if response.clicked() {
        state.toggle(ui);
    }
    let t = tokens(ui);
    let ink = match response.hovered() || response.has_focus() {
        true => t.text,
        false => t.quiet,
    };
    let mut row = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::left_to_right(Align::Center)),
    );
    row.label(theme::section(&row, name).color(ink));
    let (chevron, _) = row.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
    let c = chevron.center();
    let points = match is_open {
        true => [(-3.5, -1.75), (0.0, 1.75), (3.5, -1.75)],
        false => [(-1.75, -3.5), (1.75, 0.0), (-1.75, 3.5)],
    };
    let points = points.map(|(x, y)| pos2(c.x + x, c.y + y));
    row.painter().line(points.to_vec(), Stroke::new(1.5, ink));
    if !is_open {
        row.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(egui::Label::new(theme::quiet(ui, summary)).truncate());
        });
    }
    response.on_hover_text(explanation);
    state.store(ui.ctx());
    if is_open {
        content_ui(ui);
    }
}
