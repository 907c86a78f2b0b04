//! Files dropped on the window: what they are, and what dropping them does.

use std::path::{Path, PathBuf};

use egui::{Align2, Context, Id, LayerId, Order, TextStyle, Ui};

use super::theme;
use crate::data::PICTURE_ENDINGS;
use crate::import::MODEL_ENDINGS;
use crate::studio::{Action, CanvasAction, DataAction, FileAction, TeachAction};
use crate::text::count;

/// What dropped files are together.
#[derive(Debug, PartialEq)]
enum Dropped {
    /// A dataset's folder or file.
    Data(PathBuf),
    /// A model file.
    Model(PathBuf),
    /// One image.
    Image(PathBuf),
    /// Several images.
    Images(Vec<PathBuf>),
    /// Nothing that can be opened; one sentence.
    Other(String),
}

impl Dropped {
    /// Says what `paths` are, by their names; there is at least one.
    fn new(paths: &[PathBuf]) -> Dropped {
        let (first, n) = (&paths[0], paths.len());
        let all = |is_kind: fn(&Path) -> bool| paths.iter().all(|path| is_kind(path));
        if all(is_idx) {
            return dataset(paths);
        }
        match n {
            1 if first.is_dir() || is_dataset(first) => Dropped::Data(first.clone()),
            1 if is_model(first) => Dropped::Model(first.clone()),
            1 if is_image(first) => Dropped::Image(first.clone()),
            1 => Dropped::Other(format!("{} cannot be opened: {KINDS}.", name(first))),
            _ if all(is_image) => Dropped::Images(paths.to_vec()),
            _ if all(is_model) => Dropped::Other(format!("Drop one model, not {n}.")),
            _ if all(Path::is_dir) => Dropped::Other(format!("Drop one folder, not {n}.")),
            _ => Dropped::Other(format!(
                "These {n} files cannot be opened together: {KINDS}."
            )),
        }
    }

    /// What happens when they are dropped.
    fn hint(&self) -> String {
        match self {
            Dropped::Data(folder) => format!("Drop to open the dataset in {}.", name(folder)),
            Dropped::Model(path) => format!("Drop to open the model {}.", name(path)),
            Dropped::Image(path) => format!("Drop to put {} on the canvas.", name(path)),
            Dropped::Images(paths) => {
                format!("Drop to classify {}.", count(paths.len(), "image"))
            }
            Dropped::Other(text) => text.clone(),
        }
    }
}

/// What can be dropped.
const KINDS: &str = "drop images, a model (.safetensors, .pth, .onnx, .keras, .h5), a dataset: a folder, four IDX \
                     files, or one file (ZIP, tar, CSV, npz, Parquet)";

/// The dataset of IDX files: their folder, since the other three files are found there.
fn dataset(paths: &[PathBuf]) -> Dropped {
    let folder = paths[0].parent();
    match folder {
        Some(folder) if paths.iter().all(|path| path.parent() == Some(folder)) => {
            Dropped::Data(folder.to_owned())
        }
        _ => Dropped::Other("The IDX files of a dataset must be in one folder.".to_owned()),
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let found = path.extension().unwrap_or_default();
    extensions
        .iter()
        .any(|known| found.eq_ignore_ascii_case(known))
}

fn is_model(path: &Path) -> bool {
    has_extension(path, &MODEL_ENDINGS)
}

/// Whether it is a file that usually holds a dataset.
fn is_dataset(path: &Path) -> bool {
    has_extension(path, &["zip", "tar", "gz", "tgz", "csv", "npz", "parquet"]) && !is_idx(path)
}

/// Without an extension, its content tells.
fn is_image(path: &Path) -> bool {
    let is_unnamed = path.extension().is_none() && !path.is_dir();
    has_extension(path, &PICTURE_ENDINGS) || is_unnamed
}

/// Whether it is named like one of a dataset's four files, packed or not.
fn is_idx(path: &Path) -> bool {
    let name = name(path).to_lowercase();
    ["-idx1-ubyte", "-idx3-ubyte"]
        .into_iter()
        .any(|end| name.trim_end_matches(".gz").ends_with(end) && !path.is_dir())
}

/// The action for the files dropped in this frame, see [`opened`].
pub fn dropped(ctx: &Context, collects: bool) -> Option<Result<Action, String>> {
    let files = ctx.input(|i| i.raw.dropped_files.clone());
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
    opened(paths, collects)
}

/// The action that opens files, or a sentence if there is none; `None` without files. While
/// `collects`, pictures become examples of a new class.
pub fn opened(paths: Vec<PathBuf>, collects: bool) -> Option<Result<Action, String>> {
    if paths.is_empty() {
        return None;
    }
    Some(match Dropped::new(&paths) {
        Dropped::Image(_) | Dropped::Images(_) if collects => {
            Ok(TeachAction::AddPictures(paths).into())
        }
        Dropped::Data(folder) => Ok(DataAction::Look(folder).into()),
        Dropped::Model(path) => Ok(FileAction::OpenModel(path).into()),
        Dropped::Image(path) => Ok(CanvasAction::OpenImage(path).into()),
        Dropped::Images(paths) => Ok(CanvasAction::Classify(paths).into()),
        Dropped::Other(text) => Err(text),
    })
}

/// Says what a drop will do while files are dragged over the window.
pub fn hint_ui(ui: &Ui, collects: bool) {
    let files = ui.input(|i| i.raw.hovered_files.clone());
    if files.is_empty() {
        return;
    }
    // Some desktops name the files only when they are dropped.
    let paths: Option<Vec<PathBuf>> = files.into_iter().map(|file| file.path).collect();
    let text = match paths {
        Some(paths) => match Dropped::new(&paths) {
            Dropped::Image(_) | Dropped::Images(_) if collects => {
                let n = count(paths.len(), "picture");
                format!("Drop to give the chosen class {n}.")
            }
            dropped => dropped.hint(),
        },
        None => "Drop images, a model, or a dataset folder.".to_owned(),
    };
    let t = theme::tokens(ui);
    let layer = LayerId::new(Order::Foreground, Id::unique("drop hint"));
    let painter = ui.layer_painter(layer);
    let rect = ui.content_rect();
    painter.rect_filled(rect, 0.0, t.background.gamma_multiply(0.8));
    let font = TextStyle::Heading.resolve(ui.style());
    let galley = painter.layout(text.clone(), font, t.text, rect.width() - 64.0);
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
    painter.galley(at.min, galley, t.text);
    // Painted text has no accessible name of its own.
    let response = ui.interact(at, Id::unique("drop hint text"), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
}
