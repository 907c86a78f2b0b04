//! The window that asks for a path.

use std::path::{Path, PathBuf};

use egui::{Align, Context, Id, Key, Layout, Modal, RichText, TextEdit, Ui, vec2};

use super::purpose::Purpose;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Icon, Weight, labeled_button};

/// A window that asks for a path.
pub(super) struct PathWindow {
    pub(super) purpose: Purpose,
    pub(super) text: String,
    /// Paths opened lately.
    recent: Vec<PathBuf>,
    /// What is wrong with a path, or what to know about it, and the path.
    remark: Option<Remark>,
    /// Whether the field asks for the keyboard.
    wants_focus: bool,
}

/// Something to say about the path in the field.
struct Remark {
    text: String,
    /// The path as typed. Another one makes the remark void.
    about: String,
    /// Whether confirming once more replaces the file.
    replaces: bool,
}

/// The button that was pressed.
#[derive(PartialEq)]
pub(super) enum Answer {
    Confirm,
    Browse,
    Close,
}

impl PathWindow {
    /// A window with `text` in its field, and the paths opened lately.
    pub(super) fn new(purpose: Purpose, text: String, recent: Vec<PathBuf>) -> PathWindow {
        PathWindow {
            purpose,
            text,
            recent,
            remark: None,
            wants_focus: true,
        }
    }

    /// Says something about the path, and gives the keyboard back to the field.
    pub(super) fn remark(&mut self, text: String, replaces: bool) {
        let about = self.text.clone();
        self.remark = Some(Remark {
            text,
            about,
            replaces,
        });
        self.wants_focus = true;
    }

    /// What was said about the path that is in the field now.
    fn current_remark(&self) -> Option<&Remark> {
        self.remark
            .as_ref()
            .filter(|remark| remark.about == self.text)
    }

    /// Returns whether the next confirmation replaces a file.
    fn replaces(&self) -> bool {
        self.current_remark().is_some_and(|remark| remark.replaces)
    }

    /// Returns the path if it can be used; says why not, and asks before a file is replaced.
    pub(super) fn confirmed(&mut self) -> Option<PathBuf> {
        let path = expand_home(self.text.trim());
        if let Some(problem) = self.purpose.problem(&path) {
            self.remark(problem, false);
            return None;
        }
        if self.purpose.writes_file() && path.exists() && !self.replaces() {
            let text = format!("{} exists. Replace it?", path.display());
            self.remark(text, true);
            return None;
        }
        Some(path)
    }

    /// Shows the window; returns the button that was pressed.
    pub(super) fn ui(&mut self, ctx: &Context, is_waiting: bool) -> Option<Answer> {
        let mut answer = None;
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16);
        let modal = Modal::new(Id::unique("path window"))
            .frame(frame)
            .show(ctx, |ui| {
                ui.set_width(440.0);
                ui.label(RichText::new(self.purpose.title()).heading());
                ui.label(theme::quiet(ui, self.purpose.explanation()));
                ui.add_space(8.0);
                if self.path_ui(ui) {
                    answer = Some(Answer::Confirm);
                }
                if let Some(remark) = self.current_remark() {
                    let text = RichText::new(&remark.text).small();
                    ui.label(text.color(tokens(ui).warning));
                }
                if self.recent_ui(ui) {
                    answer = Some(Answer::Confirm);
                }
                ui.add_space(12.0);
                answer = self.buttons_ui(ui, is_waiting).or(answer.take());
            });
        // A click beside the window would lose what was typed.
        let is_left = modal.should_close() && !modal.backdrop_response.clicked();
        answer.or(is_left.then_some(Answer::Close))
    }

    /// Shows the buttons; returns the one that was pressed.
    fn buttons_ui(&self, ui: &mut Ui, is_waiting: bool) -> Option<Answer> {
        let mut answer = None;
        ui.horizontal(|ui| {
            let (icon, text) = (Some(Icon::Folder), "Browse…");
            if labeled_button(ui, icon, text, Weight::Plain, 0.0, !is_waiting).clicked() {
                answer = Some(Answer::Browse);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_named = !self.text.trim().is_empty();
                let verb = match self.replaces() {
                    true => "Replace",
                    false => self.purpose.verb(),
                };
                if labeled_button(ui, None, verb, Weight::Primary, 80.0, is_named).clicked() {
                    answer = Some(Answer::Confirm);
                }
                if labeled_button(ui, None, "Cancel", Weight::Plain, 0.0, true).clicked() {
                    answer = Some(Answer::Close);
                }
            });
        });
        answer
    }

    /// Shows the paths opened lately; returns `true` when one was chosen.
    fn recent_ui(&mut self, ui: &mut Ui) -> bool {
        if self.recent.is_empty() {
            return false;
        }
        ui.add_space(8.0);
        ui.label(theme::quiet(ui, "Recent"));
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut chosen = None;
        for path in &self.recent {
            let text = path.display().to_string();
            let name = path.file_name().unwrap_or(path.as_os_str());
            let button = egui::Button::selectable(false, name.to_string_lossy())
                .truncate()
                .min_size(vec2(ui.available_width(), ROW_HEIGHT));
            if ui.add(button).on_hover_text(&text).clicked() {
                chosen = Some(text);
            }
        }
        let is_chosen = chosen.is_some();
        self.text = chosen.unwrap_or_else(|| std::mem::take(&mut self.text));
        is_chosen
    }

    /// Shows the text field; returns `true` when Enter is pressed in it.
    fn path_ui(&mut self, ui: &mut Ui) -> bool {
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text("path")
            .font(egui::TextStyle::Monospace)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, ROW_HEIGHT))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Path");
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
        }
        let is_named = !self.text.trim().is_empty();
        is_named && response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
    }
}

/// Expands `~/digits` to a path in the home directory.
fn expand_home(text: &str) -> PathBuf {
    let home = directories::BaseDirs::new();
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.home_dir().join(rest),
        _ => Path::new(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_home_and_everything_else_is_itself() {
        assert!(expand_home("~/a.safetensors").is_absolute());
        assert_eq!(expand_home("a/~/b"), Path::new("a/~/b"));
    }
}
