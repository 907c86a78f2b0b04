//! What a path is asked for, and what is done with it.

use std::path::PathBuf;

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
    pub(super) fn title(self) -> &'static str {
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

    pub(super) fn explanation(self) -> &'static str {
        match self {
            Purpose::SaveModel => {
                "A safetensors file with the weights, the layers, and how they were trained."
            }
            Purpose::SaveCurves => {
                "A file ending in .svg or .png with what the plots show, in the colors of paper."
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

    /// What to do with the path.
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

/// What an export is called unless somebody says otherwise.
pub(super) fn default_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "runs.csv",
        Format::Jsonl => "runs.jsonl",
        Format::Tensorboard => "tensorboard",
    }
}
