//! The purposes of a path, with their texts and actions.

use std::path::PathBuf;

use crate::picture::CurvesView;
use crate::studio::{Action, Format};

/// The purpose of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Save the model.
    SaveModel,
    /// Save a drawing of the network.
    SaveDiagram,
    /// Save the curves.
    SaveCurves,
    /// Open a model.
    OpenModel,
    /// Open an image.
    OpenImage,
    /// Open a dataset folder.
    OpenData,
    /// Export runs for other programs.
    Export(Format),
    /// Open a folder for runs.
    OpenWorkspace,
}

impl Purpose {
    pub(super) fn title(self) -> &'static str {
        match self {
            Purpose::SaveModel => "Save model to…",
            Purpose::SaveDiagram => "Save drawing to…",
            Purpose::SaveCurves => "Save curves to…",
            Purpose::OpenModel => "Open a model",
            Purpose::OpenImage => "Open an image",
            Purpose::OpenData => "Open a dataset folder",
            Purpose::Export(Format::Csv) => "Export runs as a table to…",
            Purpose::Export(Format::Jsonl) => "Export runs as JSON lines to…",
            Purpose::Export(Format::Tensorboard) => "Export runs for TensorBoard to…",
            Purpose::OpenWorkspace => "Open a workspace",
        }
    }

    pub(super) fn explanation(self) -> &'static str {
        match self {
            Purpose::SaveModel => {
                "A safetensors file with the weights, the layers and the training settings."
            }
            Purpose::SaveCurves => "Saves the plots as .svg or .png, in print colors.",
            Purpose::SaveDiagram => {
                "Saves the drawing as .svg (for browsers and drawing programs) or .png."
            }
            Purpose::OpenModel => {
                "A safetensors file saved by this program. It is checked before anything changes."
            }
            Purpose::OpenImage => {
                "A PNG or JPEG showing one digit or object, light on dark or dark on light."
            }
            Purpose::OpenData => {
                "A folder with the four IDX files (gzipped or not), named like MNIST's."
            }
            Purpose::Export(Format::Csv) => {
                "A file with one row per selected run, or per run that matches the filter."
            }
            Purpose::Export(Format::Jsonl) => {
                "A file with one JSON line per selected run, or per run that matches the filter."
            }
            Purpose::Export(Format::Tensorboard) => {
                "A folder, created if needed: tensorboard --logdir FOLDER shows every run in it."
            }
            Purpose::OpenWorkspace => {
                "A folder with one subfolder per run; created if it does not exist."
            }
        }
    }

    /// The suggested file name.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Purpose::SaveModel => "model.safetensors",
            Purpose::SaveDiagram => "network.svg",
            Purpose::SaveCurves => "curves.svg",
            Purpose::Export(format) => default_name(format),
            _ => "",
        }
    }

    pub(super) fn verb(self) -> &'static str {
        match self {
            Purpose::SaveModel | Purpose::SaveDiagram | Purpose::SaveCurves => "Save",
            Purpose::Export(_) => "Export",
            _ => "Open",
        }
    }

    /// Returns the action for the path.
    pub(super) fn action(self, path: PathBuf, view: &CurvesView) -> Action {
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
}

/// The default name of an export.
pub(super) fn default_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "runs.csv",
        Format::Jsonl => "runs.jsonl",
        Format::Tensorboard => "tensorboard",
    }
}
