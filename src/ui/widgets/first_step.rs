//! What an empty view says: what to do first, in one line and one button.

use egui::{Ui, WidgetText};

use super::button::{Weight, labeled_button};
use crate::ui::theme;

/// Draws the line and the button, and returns whether the button was pressed.
pub fn first_step_ui(
    ui: &mut Ui,
    line: &str,
    button: &str,
    about: impl Into<WidgetText>,
    is_possible: bool,
) -> bool {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.3).min(160.0));
        ui.label(theme::quiet(ui, line));
        ui.add_space(8.0);
        labeled_button(ui, None, button, Weight::Plain, 140.0, is_possible)
            .on_hover_text(about)
            .clicked()
    })
    .inner
}
