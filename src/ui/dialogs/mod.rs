//! Path dialogs: a small window with a text field, and the native dialog behind a button. Desktops
//! without a native dialog return as if it had been canceled, so the text field comes first.

mod desktop;
mod purpose;
mod window;

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use egui::Context;

use crate::picture::CurvesView;
use crate::studio::{Action, Studio};
use desktop::browse;
pub use purpose::Purpose;
use window::{Answer, PathWindow};

/// The path window, and the native dialog while one is open.
#[derive(Default)]
pub struct Dialogs {
    window: Option<PathWindow>,
    waiting: Option<JoinHandle<Option<PathBuf>>>,
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
        let text = folder.join(name).display().to_string();
        let recent = purpose.recent(studio).to_vec();
        self.window = Some(PathWindow::new(purpose, text, recent));
    }

    /// Whether the window is open.
    pub fn is_open(&self) -> bool {
        self.window.is_some()
    }

    /// Shows the window, if it is open. `folder` is that of the path that was chosen last.
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

/// The folder of a path.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.parent().map(Path::to_owned)
}
