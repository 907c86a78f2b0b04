//! The layers as text: checked while typing, used when applied.

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Align2, FontId, Layout, Margin, RichText, ScrollArea, TextEdit, TextStyle, Ui, vec2,
};

use crate::model::{Layer, LayersText, ModelSpec, TextError, read_layers, write_layers};
use crate::studio::DraftAction;
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Width of the line numbers.
const NUMBERS_WIDTH: i8 = 32;

/// The layers as editable text, and its parsed form.
#[derive(Default)]
pub struct TextEditor {
    /// The layers the text was generated from.
    of: Vec<Layer>,
    /// The generated text; the edited one differs from it.
    written: String,
    text: String,
    /// `text`, parsed.
    read: Option<Result<LayersText, TextError>>,
}

/// The result of checking a text.
struct Verdict {
    /// The line with the error, if any.
    line: Option<usize>,
    message: String,
}

impl TextEditor {
    /// Rewrites the text when the settings' layers change, unless it has been edited.
    pub fn follow(&mut self, model: &ModelSpec) {
        let is_edited = self.text != self.written;
        if self.read.is_none() || (self.of != model.layers && !is_edited) {
            self.rewrite(model);
        }
    }

    /// Replaces the text with the layers of `model`.
    fn rewrite(&mut self, model: &ModelSpec) {
        self.of.clone_from(&model.layers);
        self.written = write_layers(&model.layers);
        self.text.clone_from(&self.written);
        self.read = Some(read_layers(&self.text));
    }

    /// Returns the layers of the text, if it can be parsed.
    pub fn layers(&self) -> Option<&[Layer]> {
        match &self.read {
            Some(Ok(read)) => Some(&read.layers),
            _ => None,
        }
    }

    /// Draws the text, its error, and the buttons to apply or revert it.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let verdict = self.verdict(&cx.studio.draft().model);
        ui.vertical(|ui| {
            let height = (ui.available_height() - ROW_HEIGHT - 44.0).max(80.0);
            ScrollArea::vertical()
                .id_salt("layers as text")
                .max_height(height)
                .auto_shrink(false)
                .show(ui, |ui| self.edit_ui(ui, height, verdict.line));
            self.buttons_ui(ui, cx, verdict.line.is_none());
            verdict_ui(ui, &verdict);
        });
    }

    fn edit_ui(&mut self, ui: &mut Ui, height: f32, wrong_line: Option<usize>) {
        let font = TextStyle::Monospace.resolve(ui.style());
        let t = tokens(ui);
        let line_font = font.clone();
        let mut layouter = move |ui: &Ui, text: &dyn egui::TextBuffer, wrap_width: f32| {
            let mut job = LayoutJob::default();
            for (idx, line) in text.as_str().split_inclusive('\n').enumerate() {
                let is_wrong = wrong_line == Some(idx + 1);
                let color = if is_wrong { t.bad } else { t.text };
                job.append(line, 0.0, TextFormat::simple(line_font.clone(), color));
            }
            job.wrap.max_width = wrap_width;
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        let edit = TextEdit::multiline(&mut self.text)
            .id_salt("layers as text")
            .font(font.clone())
            .layouter(&mut layouter)
            .margin(Margin {
                left: NUMBERS_WIDTH,
                ..Margin::same(8)
            })
            .min_size(vec2(0.0, height))
            .desired_width(f32::INFINITY);
        let shown = edit.show(ui);
        numbers_ui(ui, &shown, &font, wrong_line);
        let response = shown.response.response.accessible_name("Layers as text");
        if response.changed() {
            self.read = Some(read_layers(&self.text));
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, is_right: bool) {
        let draft = cx.studio.draft();
        let is_edited = self.text != self.written;
        let is_new = self.layers().is_some_and(|l| l != draft.model.layers);
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let apply = labeled_button(ui, None, "Apply text", Weight::Plain, 0.0, is_new);
            let about = "Copies the layers of the text into the settings; this can be undone.";
            if apply.on_hover_text(about).clicked()
                && let Some(layers) = self.layers()
            {
                let mut draft = draft.clone();
                draft.model.layers = layers.to_vec();
                self.rewrite(&draft.model);
                cx.act(DraftAction::Set(Box::new(draft)));
            }
            let revert = labeled_button(ui, None, "Revert text", Weight::Bare, 0.0, is_edited);
            let about = "Discards your edits.";
            if revert.on_hover_text(about).clicked() {
                self.rewrite(&cx.studio.draft().model);
            }
            if is_new && is_right {
                ui.label(theme::quiet(ui, "not applied"));
            }
        });
    }

    /// Checks whether the text can be parsed and whether its layers fit together.
    fn verdict(&self, model: &ModelSpec) -> Verdict {
        let read = match &self.read {
            Some(Ok(read)) => read,
            Some(Err(error)) => {
                return Verdict {
                    line: Some(error.line),
                    message: error.to_string(),
                };
            }
            None => {
                return Verdict {
                    line: None,
                    message: String::new(),
                };
            }
        };
        let spec = ModelSpec {
            layers: read.layers.clone(),
            ..model.clone()
        };
        let (report, errors) = spec.check();
        let Some(error) = errors.first() else {
            let n_parameters = text::thousands(report.n_parameters());
            return Verdict {
                line: None,
                message: format!("valid: {n_parameters} parameters"),
            };
        };
        // An error of the whole network is shown at the last line.
        let line = match error.layer_idx() {
            Some(idx) => read.lines.get(idx),
            None => read.lines.last(),
        };
        let line = line.copied().unwrap_or(1);
        Verdict {
            line: Some(line),
            message: format!("line {line}: {}", error.message),
        }
    }
}

/// Draws the number of each line, left of its first row.
fn numbers_ui(
    ui: &Ui,
    shown: &egui::text_edit::TextEditOutput,
    font: &FontId,
    wrong_line: Option<usize>,
) {
    let t = tokens(ui);
    let painter = ui.painter().with_clip_rect(ui.clip_rect());
    let mut line = 1;
    let mut is_first_row = true;
    let rows = &shown.galley.rows;
    // A text that ends with a line break has an extra empty row, which is not a line.
    let n_rows = rows.len() - usize::from(rows.last().is_some_and(|r| r.glyphs.is_empty()));
    for row in &rows[..n_rows.max(1)] {
        if is_first_row {
            let rect = row.rect().translate(shown.galley_pos.to_vec2());
            let at = rect.left_center() - vec2(10.0, 0.0);
            let color = if wrong_line == Some(line) {
                t.bad
            } else {
                t.quiet
            };
            painter.text(at, Align2::RIGHT_CENTER, line, font.clone(), color);
        }
        is_first_row = row.ends_with_newline;
        line += usize::from(row.ends_with_newline);
    }
}

fn verdict_ui(ui: &mut Ui, verdict: &Verdict) {
    let t = tokens(ui);
    let color = if verdict.line.is_some() {
        t.bad
    } else {
        t.quiet
    };
    let text = RichText::new(text::sentence(&verdict.message))
        .small()
        .color(color);
    ui.add(egui::Label::new(text).wrap());
}
