//! The seed: a whole number of up to twenty digits, which a field for other numbers would round.

use egui::{Id, Key, TextEdit, Ui, vec2};

use super::rows::with_row;
use crate::train::{Setting, TrainConfig};
use crate::ui::command::{Command, DraftCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::{Icon, VALUE_WIDTH, error_ui, icon_button};

/// The text of the field while it is edited, and the error of the last text entered.
#[derive(Clone, Default)]
struct Typing {
    text: Option<String>,
    /// With the seed that was kept.
    error: Option<(String, u64)>,
}

/// Draws and edits the seed of `draft`.
pub(super) fn seed_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
    let id = ui.scope_id().with("seed");
    let mut typing: Typing = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    let is_new = with_row(cx, Setting::Seed, |row| {
        row.show(ui, |ui| {
            let die = icon_button(ui, Icon::Die, "New seed", true);
            let die = die.on_hover_text(Command::from(DraftCommand::NewSeed).explanation());
            typing.field_ui(ui, &row.tooltip(), draft);
            die.clicked()
        })
    });
    if is_new {
        cx.command(DraftCommand::NewSeed);
    }
    typing.error.take_if(|(_, kept)| *kept != draft.seed);
    if let Some((error, _)) = &typing.error {
        error_ui(ui, error);
    }
    remember(ui, id, typing);
}

impl Typing {
    /// Draws the field; what is typed takes effect when it is left, as with every other number.
    fn field_ui(&mut self, ui: &mut Ui, tooltip: &str, draft: &mut TrainConfig) {
        let mut text = self.text.take().unwrap_or_else(|| draft.seed.to_string());
        // As wide as other values, or as the digits need.
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let digits = text.len() as f32 * ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let min_width = VALUE_WIDTH - ROW_HEIGHT - ui.spacing().item_spacing.x;
        let width = (digits + 24.0).clamp(min_width, ui.available_width().max(min_width));
        let edit = TextEdit::singleline(&mut text)
            .font(egui::TextStyle::Monospace)
            .align(egui::Align2::CENTER_CENTER)
            .min_size(vec2(width, ROW_HEIGHT))
            .desired_width(width - 16.0);
        let edit = ui.add(edit).accessible_name("Seed").on_hover_text(tooltip);
        if edit.has_focus() {
            self.text = Some(text);
        } else if edit.lost_focus() && !ui.input(|i| i.key_pressed(Key::Escape)) {
            match text.trim().parse() {
                Ok(seed) => draft.seed = seed,
                Err(_) => {
                    let (max, kept) = (u64::MAX, draft.seed);
                    let error =
                        format!("\"{text}\" is not a whole number from 0 to {max}; keeping {kept}");
                    self.error = Some((error, kept));
                }
            }
        }
    }
}

fn remember(ui: &Ui, id: Id, typing: Typing) {
    ui.data_mut(|d| d.insert_temp(id, typing));
}
