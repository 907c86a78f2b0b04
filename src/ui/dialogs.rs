//! Asking for a path: a small window with a text field, and the desktop's own dialog behind a
//! button. Desktops without a dialog answer as if it had been cancelled, so the field comes first.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};

use egui::{Align, Context, Id, Key, Layout, Modal, RichText, TextEdit, vec2};

use super::theme::{self, ROW_HEIGHT, tokens};
use super::widgets::{Icon, Weight, labeled_button};
use crate::picture::CurvesView;
use crate::studio::{Action, Format};

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Write the model there.
    SaveModel,
    /// Write a drawing of the network there.
    SaveDiagram,
    /// Write the curves there.
    SaveCurves,
    /// Read a model.
    OpenModel,
    /// Read a picture.
    OpenImage,
    /// Read a folder of images.
    OpenData,
    /// Write runs for other programs.
    Export(Format),
    /// Keep runs in a folder.
    OpenWorkspace,
}

impl Purpose {
    fn title(self) -> &'static str {
        match self {
            Purpose::SaveModel => "Save model to…",
            Purpose::SaveDiagram => "Save drawing to…",
            Purpose::SaveCurves => "Save curves to…",
            Purpose::OpenModel => "Open a model",
            Purpose::OpenImage => "Open an image",
            Purpose::OpenData => "Open a data folder",
            Purpose::Export(Format::Csv) => "Export runs as a table to…",
            Purpose::Export(Format::Jsonl) => "Export runs as JSON lines to…",
            Purpose::Export(Format::Tensorboard) => "Export runs for TensorBoard to…",
            Purpose::OpenWorkspace => "Open a workspace",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Purpose::SaveModel => {
                "A safetensors file with the weights, the layers, and how they were trained."
            }
            Purpose::SaveCurves => {
                "A file ending in .svg or .png with what the plots show, in the colours of paper."
            }
            Purpose::SaveDiagram => {
                "A file ending in .svg, for browsers and drawing programs, or in .png."
            }
            Purpose::OpenModel => {
                "A safetensors file that was saved here. It is checked before anything changes."
            }
            Purpose::OpenImage => {
                "A PNG or JPEG file of one digit or thing, light on dark or dark on light."
            }
            Purpose::OpenData => {
                "A folder with the four IDX files of a dataset, packed or not, named as MNIST's are."
            }
            Purpose::Export(Format::Csv) => {
                "A file with a row for each selected run, or for each that passes the filter."
            }
            Purpose::Export(Format::Jsonl) => {
                "A file with a JSON line for each selected run, or for each that passes the filter."
            }
            Purpose::Export(Format::Tensorboard) => {
                "A folder, made if need be: tensorboard --logdir FOLDER shows every run in it."
            }
            Purpose::OpenWorkspace => {
                "A folder in which runs are kept, each in a folder of its own; it is made if it is not there."
            }
        }
    }

    /// The name to begin with.
    fn file_name(self) -> &'static str {
        match self {
            Purpose::SaveModel => "model.safetensors",
            Purpose::SaveDiagram => "network.svg",
            Purpose::SaveCurves => "curves.svg",
            Purpose::Export(format) => usual_name(format),
            _ => "",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Purpose::SaveModel | Purpose::SaveDiagram | Purpose::SaveCurves => "Save",
            Purpose::Export(_) => "Export",
            _ => "Open",
        }
    }

    /// What to do with the path.
    fn action(self, path: PathBuf, view: &CurvesView) -> Action {
        match self {
            Purpose::SaveModel => Action::SaveModel(path),
            Purpose::SaveDiagram => Action::SaveDiagram(path),
            Purpose::SaveCurves => Action::SaveCurves(path, Box::new(view.clone())),
            Purpose::OpenModel => Action::OpenModel(path),
            Purpose::OpenImage => Action::OpenImage(path),
            Purpose::OpenData => Action::OpenData(path),
            Purpose::Export(format) => Action::ExportRuns(format, path),
            Purpose::OpenWorkspace => Action::OpenWorkspace(path),
        }
    }

    /// The desktop's dialog, which must be made on the thread of the window.
    fn dialog(self) -> Pin<Box<dyn Future<Output = Option<PathBuf>> + Send>> {
        let dialog = rfd::AsyncFileDialog::new().set_title(self.title());
        let models = || dialog.clone().add_filter("Models", &["safetensors"]);
        let images = || dialog.clone().add_filter("Images", &["png", "jpg", "jpeg"]);
        let path = |file: Option<rfd::FileHandle>| file.map(|f| f.path().to_owned());
        match self {
            Purpose::SaveModel => {
                let chosen = models().set_file_name("model.safetensors").save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::SaveDiagram | Purpose::SaveCurves => {
                let drawings = dialog.add_filter("Drawings", &["svg", "png"]);
                let chosen = drawings.set_file_name(self.file_name()).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenModel => {
                let chosen = models().pick_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenImage => {
                let chosen = images().pick_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::Export(format @ (Format::Csv | Format::Jsonl)) => {
                let chosen = dialog.set_file_name(usual_name(format)).save_file();
                Box::pin(async move { path(chosen.await) })
            }
            Purpose::OpenData | Purpose::OpenWorkspace | Purpose::Export(Format::Tensorboard) => {
                let chosen = dialog.pick_folder();
                Box::pin(async move { path(chosen.await) })
            }
        }
    }
}

/// What an export is called unless somebody says otherwise.
fn usual_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "runs.csv",
        Format::Jsonl => "runs.jsonl",
        Format::Tensorboard => "tensorboard",
    }
}

/// The window that asks for a path, and the desktop's dialog while one is open.
#[derive(Default)]
pub struct Dialogs {
    window: Option<PathWindow>,
    waiting: Option<JoinHandle<Option<PathBuf>>>,
}

struct PathWindow {
    purpose: Purpose,
    text: String,
    /// Whether the desktop's dialog answered without a path.
    was_left: bool,
    is_new: bool,
}

/// What a person wants of the window.
#[derive(PartialEq)]
enum Answer {
    Confirm,
    Browse,
    Close,
}

impl Dialogs {
    /// Asks for a path.
    pub fn ask(&mut self, purpose: Purpose) {
        let text = purpose.file_name().to_owned();
        self.window = Some(PathWindow {
            purpose,
            text,
            was_left: false,
            is_new: true,
        });
    }

    /// Whether the window is there.
    pub fn is_open(&self) -> bool {
        self.window.is_some()
    }

    /// Shows the window, if it is open.
    pub fn ui(&mut self, ctx: &Context, view: &CurvesView, actions: &mut Vec<Action>) {
        self.hear_dialog(view, actions);
        let Some(window) = &mut self.window else {
            return;
        };
        let is_waiting = self.waiting.is_some();
        match window.ui(ctx, is_waiting) {
            Some(Answer::Confirm) => {
                actions.push(window.purpose.action(expand_home(window.text.trim()), view));
                self.window = None;
            }
            Some(Answer::Browse) => self.waiting = browse(ctx, window.purpose),
            Some(Answer::Close) => self.window = None,
            None => {}
        }
    }

    /// Takes the answer of the desktop's dialog, if it has one.
    fn hear_dialog(&mut self, view: &CurvesView, actions: &mut Vec<Action>) {
        if !self.waiting.as_ref().is_some_and(JoinHandle::is_finished) {
            return;
        }
        // A dialog that panics is one that is not there.
        let path = self.waiting.take().and_then(|t| t.join().ok()).flatten();
        match (path, &mut self.window) {
            (Some(path), Some(window)) => {
                actions.push(window.purpose.action(path, view));
                self.window = None;
            }
            (None, Some(window)) => window.was_left = true,
            (_, None) => {}
        }
    }
}

impl PathWindow {
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
                if self.was_left {
                    let text = "No file was chosen. If no dialog appeared, type the path here.";
                    ui.label(RichText::new(text).small().color(tokens(ui).warning));
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
                            self.purpose.verb(),
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
        answer.or(modal.should_close().then_some(Answer::Close))
    }

    /// The field; true when Enter was pressed in it.
    fn path_ui(&mut self, ui: &mut egui::Ui) -> bool {
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text("path")
            .font(egui::TextStyle::Monospace)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(vec2(0.0, ROW_HEIGHT))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Path");
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
        }
        let is_named = !self.text.trim().is_empty();
        is_named && response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
    }
}

/// `~/digits` in the person's own folder.
fn expand_home(text: &str) -> PathBuf {
    let home = directories::BaseDirs::new();
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.home_dir().join(rest),
        _ => Path::new(text).to_owned(),
    }
}

/// Opens the desktop's dialog and waits for it on a thread of its own. The thread is only joined
/// when it is done: a dialog nobody answers must not keep the program from ending.
fn browse(ctx: &Context, purpose: Purpose) -> Option<JoinHandle<Option<PathBuf>>> {
    let dialog = purpose.dialog();
    let ctx = ctx.clone();
    let wait = move || {
        let path = block_on(dialog);
        ctx.request_repaint_after(std::time::Duration::from_millis(30));
        path
    };
    std::thread::Builder::new()
        .name("dialog".to_owned())
        .spawn(wait)
        .ok()
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
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

    #[test]
    fn waiting_for_a_future_that_is_woken_elsewhere_ends() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waker = std::thread::spawn(move || receiver.recv().map(Waker::wake));
        let mut n_polls = 0;
        let value = block_on(std::future::poll_fn(|cx| {
            n_polls += 1;
            if n_polls == 1 {
                sender.send(cx.waker().clone()).unwrap();
                Poll::Pending
            } else {
                Poll::Ready(7)
            }
        }));
        assert_eq!(value, 7);
        assert!(waker.join().unwrap().is_ok());
    }
}
