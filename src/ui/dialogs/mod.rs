//! Path dialogs: a small window with a text field, and the native dialog behind a button. Desktops
//! without a native dialog return as if it had been canceled, so the text field comes first.

mod desktop;
mod purpose;

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use egui::{Align, Context, Id, Key, Layout, Modal, RichText, TextEdit, vec2};

use super::theme::{self, ROW_HEIGHT, tokens};
use super::widgets::{Icon, Weight, labeled_button};
use crate::picture::CurvesView;
use crate::studio::{Action, Studio};
use desktop::browse;
pub use purpose::Purpose;

/// The path window, and the native dialog while one is open.
#[derive(Default)]
pub struct Dialogs {
    window: Option<PathWindow>,
    waiting: Option<JoinHandle<Option<PathBuf>>>,
}

struct PathWindow {
    purpose: Purpose,
    text: String,
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
enum Answer {
    Confirm,
    Browse,
    Close,
}

impl Dialogs {
    /// Opens the window to ask for a path.
    pub fn ask(&mut self, purpose: Purpose, studio: &Studio, folder: Option<&Path>) {
        let name = purpose.file_name(studio);
        let folder = match name.is_empty() {
            true => PathBuf::new(),
            false => folder
                .map(Path::to_owned)
                .or(std::env::current_dir().ok())
                .unwrap_or_default(),
        };
        self.window = Some(PathWindow {
            purpose,
            text: folder.join(name).display().to_string(),
            recent: purpose.recent(studio).to_vec(),
            remark: None,
            wants_focus: true,
        });
    }

    /// Whether the window is open.
    pub fn is_open(&self) -> bool {
        self.window.is_some()
    }

    /// Shows the window, if it is open.
    /// `folder` is that of the path that was chosen last.
    pub fn ui(
        &mut self,
        ctx: &Context,
        view: &CurvesView,
        folder: &mut Option<PathBuf>,
        actions: &mut Vec<Action>,
    ) {
        self.receive_dialog(view, folder, actions);
        let Some(window) = &mut self.window else {
            return;
        };
        let is_waiting = self.waiting.is_some();
        match window.ui(ctx, is_waiting) {
            Some(Answer::Confirm) => {
                if let Some(path) = window.confirmed() {
                    *folder = folder_of(&path);
                    actions.push(window.purpose.action(path, view));
                    self.window = None;
                }
            }
            Some(Answer::Browse) => {
                let name = Path::new(&window.text).file_name().unwrap_or_default();
                self.waiting = browse(
                    ctx,
                    window.purpose,
                    &name.to_string_lossy(),
                    folder.as_deref(),
                );
            }
            Some(Answer::Close) => self.window = None,
            None => {}
        }
    }

    /// Takes the result of the native dialog, if there is one.
    fn receive_dialog(
        &mut self,
        view: &CurvesView,
        folder: &mut Option<PathBuf>,
        actions: &mut Vec<Action>,
    ) {
        if !self.waiting.as_ref().is_some_and(JoinHandle::is_finished) {
            return;
        }
        // A panic in the dialog counts as no result.
        let path = self.waiting.take().and_then(|t| t.join().ok()).flatten();
        match (path, &mut self.window) {
            (Some(path), Some(window)) => {
                *folder = folder_of(&path);
                actions.push(window.purpose.action(path, view));
                self.window = None;
            }
            (None, Some(window)) => {
                let text = "No file was chosen. If no dialog appeared, type the path here.";
                window.remark(text.to_owned(), false);
            }
            (_, None) => {}
        }
    }
}

impl PathWindow {
    /// Says something about the path, and gives the keyboard back to the field.
    fn remark(&mut self, text: String, replaces: bool) {
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
    fn confirmed(&mut self) -> Option<PathBuf> {
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

    fn ui(&mut self, ctx: &Context, is_waiting: bool) -> Option<Answer> {
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
                ui.horizontal(|ui| {
                    if labeled_button(
                        ui,
                        Some(Icon::Folder),
                        "Browse…",
                        Weight::Plain,
                        0.0,
                        !is_waiting,
                    )
                    .clicked()
                    {
                        answer = Some(Answer::Browse);
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let is_named = !self.text.trim().is_empty();
                        if labeled_button(
                            ui,
                            None,
                            if self.replaces() {
                                "Replace"
                            } else {
                                self.purpose.verb()
                            },
                            Weight::Primary,
                            80.0,
                            is_named,
                        )
                        .clicked()
                        {
                            answer = Some(Answer::Confirm);
                        }
                        if labeled_button(ui, None, "Cancel", Weight::Plain, 0.0, true).clicked() {
                            answer = Some(Answer::Close);
                        }
                    });
                });
            });
        // A click beside the window would lose what was typed.
        let is_left = modal.should_close() && !modal.backdrop_response.clicked();
        answer.or(is_left.then_some(Answer::Close))
    }

    /// Shows the paths opened lately; returns `true` when one was chosen.
    fn recent_ui(&mut self, ui: &mut egui::Ui) -> bool {
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
    fn path_ui(&mut self, ui: &mut egui::Ui) -> bool {
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

/// The folder of a path.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.parent().map(Path::to_owned)
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
