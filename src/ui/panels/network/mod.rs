//! Network: the network of the settings, as a drawing and as editable text.

mod drawing;
mod text;

use egui::{Align, Layout, ScrollArea, Ui, vec2};

use super::PanelContext;
use crate::model::ModelSpec;
use crate::ui::command::{Command, FileCommand};
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Weight, labeled_button};
use text::TextEditor;

/// Minimum width for drawing and text side by side; below it, one is shown at a time.
const WIDE: f32 = 640.0;

/// Share of the width that the text gets beside the drawing.
const TEXT_SHARE: f32 = 0.5;

/// The panel of Network.
#[derive(Default)]
pub struct NetworkPanel {
    text: TextEditor,
    /// Whether a narrow window shows the text instead of the drawing.
    is_text_shown: bool,
}

impl NetworkPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.text.follow(&cx.studio.draft().model);
        let is_wide = ui.available_width() >= WIDE;
        self.controls_ui(ui, cx, is_wide);
        let size = ui.available_size();
        if is_wide {
            ui.horizontal_top(|ui| {
                let left = (size.x * TEXT_SHARE).round();
                ui.allocate_ui(vec2(left, size.y), |ui| self.text.ui(ui, cx));
                ui.add_space(UNIT);
                self.drawing_ui(ui, cx);
            });
        } else if self.is_text_shown {
            self.text.ui(ui, cx);
        } else {
            self.drawing_ui(ui, cx);
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, is_wide: bool) {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            if is_wide {
                ui.label(theme::quiet(ui, "One layer per line, in TOML."))
                    .on_hover_text(
                        "Edits are checked and drawn as you type; they take effect when applied.",
                    );
            } else {
                ui.selectable_value(&mut self.is_text_shown, false, "Drawing")
                    .on_hover_text("Shows the network as a drawing, from input to output.");
                ui.selectable_value(&mut self.is_text_shown, true, "Text")
                    .on_hover_text("Shows the layers as editable text.");
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let command = Command::from(FileCommand::SaveDiagram);
                let label = command.label();
                let button = labeled_button(ui, None, &label, Weight::Bare, 0.0, true);
                if button.on_hover_text(command.explanation()).clicked() {
                    cx.command(command);
                }
            });
        });
    }

    /// Draws the network of the text, or that of the settings if the text cannot be parsed.
    fn drawing_ui(&self, ui: &mut Ui, cx: &PanelContext<'_>) {
        let draft = &cx.studio.draft().model;
        let layers = self.text.layers().unwrap_or(&draft.layers);
        let spec = ModelSpec {
            layers: layers.to_vec(),
            ..draft.clone()
        };
        ScrollArea::vertical()
            .id_salt("drawing")
            .auto_shrink(false)
            .show(ui, |ui| drawing::ui(ui, &spec));
    }
}
