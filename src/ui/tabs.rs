//! The row of tabs.

use egui::{FontId, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::command::{Command, ViewCommand};
use super::help::tour;
use super::panels::PanelContext;
use super::tab::Tab;
use super::theme::{self, ROW_HEIGHT, tokens};

/// Shows the row of tabs.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        for tab in Tab::ALL {
            tab_ui(ui, cx, tab);
        }
    });
    tour::mark(ui, tour::Stop::Tabs, row.response.rect);
}

fn tab_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, tab: Tab) {
    let is_chosen = cx.settings.tab == tab;
    let font = if is_chosen {
        FontId::new(14.0, theme::semibold())
    } else {
        TextStyle::Button.resolve(ui.style())
    };
    let t = tokens(ui);
    let galley = ui
        .painter()
        .layout_no_wrap(tab.label().to_owned(), font, t.text);
    let size = vec2(galley.size().x + 16.0, ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    // The plain label belongs to the button that starts training.
    let name = format!("{} tab", tab.label());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_chosen, &name));
    let is_lit = is_chosen || response.hovered() || response.has_focus();
    let ink = if is_lit { t.text } else { t.quiet };
    let at = pos2(
        rect.center().x - galley.size().x / 2.0,
        rect.center().y - galley.size().y / 2.0,
    );
    ui.painter()
        .galley_with_override_text_color(at, galley, ink);
    if is_chosen || response.has_focus() {
        let line = rect.with_min_y(rect.max.y - 2.0).shrink2(vec2(8.0, 0.0));
        ui.painter().rect_filled(line, 1.0, t.accent);
    }
    let command = Command::from(ViewCommand::Tab(tab));
    if response.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}
