//! The tabs in the center of the window.

use egui::{FontId, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use serde::{Deserialize, Serialize};

use super::command::Command;
use super::panels::PanelContext;
use super::theme::{self, ROW_HEIGHT, tokens};

/// A tab in the center of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tab {
    /// Training curves.
    #[default]
    Train,
    /// The network in the settings, as a diagram and as text.
    Network,
    /// Layer statistics while training.
    Layers,
    /// All runs compared.
    Compare,
    /// Sweeps over ranges of settings.
    Sweep,
}

impl Tab {
    /// All tabs, in their order in the window.
    pub const ALL: [Tab; 5] = [
        Tab::Train,
        Tab::Network,
        Tab::Compare,
        Tab::Sweep,
        Tab::Layers,
    ];

    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Tab::Train => "Train",
            Tab::Network => "Network",
            Tab::Layers => "Layers",
            Tab::Compare => "Compare",
            Tab::Sweep => "Sweep",
        }
    }

    /// One sentence that explains what the tab shows.
    pub fn explanation(self) -> &'static str {
        match self {
            Tab::Train => "Shows training curves, batch by batch.",
            Tab::Network => "Shows the network in the settings, as a diagram and as text.",
            Tab::Layers => "Shows gradients, updates and weights per layer while training.",
            Tab::Compare => "Compares the runs in the workspace and shows what makes one better.",
            Tab::Sweep => "Trains many runs over ranges of settings.",
        }
    }
}

/// Shows the row of tabs.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::UNIT;
        for tab in Tab::ALL {
            tab_ui(ui, cx, tab);
        }
    });
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
    let command = Command::Tab(tab);
    if response.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}
