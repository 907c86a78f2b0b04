//! The marks of a run in every list: the eye that toggles its curves, and its color.

use egui::{Sense, Ui, vec2};

use super::PanelContext;
use crate::studio::{LibraryAction, Run};
use crate::ui::theme::tokens;
use crate::ui::widgets::{Icon, icon_button};

/// Draws the button that shows or hides the curves of a run.
pub fn eye_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, run: &Run) {
    let (icon, verb) = match run.is_visible {
        true => (Icon::Eye, "Hide"),
        false => (Icon::EyeClosed, "Show"),
    };
    let eye = icon_button(ui, icon, &format!("{verb} {}", run.record.name), true);
    if eye
        .on_hover_text(format!("{verb} the curves of this run."))
        .clicked()
    {
        cx.act(LibraryAction::ShowRun(run.id.clone(), !run.is_visible));
    }
}

/// Draws a dot in the run's color, faint while its curves are hidden, in a cell of this width.
pub fn dot_ui(ui: &mut Ui, run: &Run, width: f32) {
    let (room, _) = ui.allocate_exact_size(vec2(width, 10.0), Sense::hover());
    let color = tokens(ui).run_color(run.record.color);
    let color = match run.is_visible {
        true => color,
        false => color.gamma_multiply(0.3),
    };
    let at = room.left_center() + vec2(4.0, 0.0);
    ui.painter().circle_filled(at, 4.0, color);
}
