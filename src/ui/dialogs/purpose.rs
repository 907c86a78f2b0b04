//! The purposes of a path, with their texts and actions.

use std::path::{Path, PathBuf};

use crate::data::DataFormat;
use crate::export::model::ModelFormat;
use crate::picture::CurvesView;
use crate::runs::RunState;
use crate::studio::{
    Action, CanvasAction, DataAction, DeployAction, EvaluateAction, FileAction, Format,
    LibraryAction, Model, Saved, SketchAction, Studio, TeachAction,
};

/// The purpose of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Save the model.
    SaveModel,
    /// Write the model as files that others can run.
    ExportModel(ModelFormat),
    /// Save a drawing of the network.
    SaveDiagram,
    /// Save the curves.
    SaveCurves,
    /// Save something of the evaluation.
    SaveEvaluation(Saved),
    /// Open a model.
    OpenModel,
    /// Open an image.
    OpenImage,
    /// Open pictures as examples of a new class.
    OpenExamples,
    /// Open a folder with a dataset.
    OpenData,
    /// Open a file with a dataset.
    OpenDataFile,
    /// Write the dataset for other programs.
    ExportData(DataFormat),
    /// Export runs for other programs.
    Export(Format),
    /// Export the labeled sketches.
    ExportSketches,
    /// Open a folder for runs.
    OpenWorkspace,
}

impl Purpose {
    pub(super) fn title(self) -> &'static str {
        match self {
            Purpose::SaveModel => "Save model to…",
            Purpose::ExportModel(_) => "Export model to…",
            Purpose::SaveDiagram => "Save drawing to…",
            Purpose::SaveCurves => "Save curves to…",
            Purpose::SaveEvaluation(Saved::Predictions) => "Save predictions to…",
            Purpose::SaveEvaluation(Saved::Confusion) => "Save confusion matrix to…",
            Purpose::SaveEvaluation(Saved::Reliability) => "Save reliability diagram to…",
            Purpose::SaveEvaluation(Saved::ClassCurves) => "Save ROC and PR curves to…",
            Purpose::SaveEvaluation(Saved::Report { .. }) => "Save report to…",
            Purpose::OpenModel => "Open a model",
            Purpose::OpenImage => "Open an image",
            Purpose::OpenExamples => "Open examples",
            Purpose::OpenData => "Open a dataset folder",
            Purpose::OpenDataFile => "Open a dataset file",
            Purpose::ExportData(_) => "Export the dataset to…",
            Purpose::Export(Format::Csv) => "Export runs as a table to…",
            Purpose::Export(Format::Jsonl) => "Export runs as JSON lines to…",
            Purpose::Export(Format::Tensorboard) => "Export runs for TensorBoard to…",
            Purpose::ExportSketches => "Export sketches to…",
            Purpose::OpenWorkspace => "Open a workspace",
        }
    }

    pub(super) fn explanation(self) -> &'static str {
        match self {
            Purpose::SaveModel => {
                "A safetensors file with the weights, the layers and the training settings."
            }
            Purpose::ExportModel(format) if format.is_folder() => {
                "A folder; created if needed. Files of the same names in it are replaced."
            }
            Purpose::ExportModel(_) => "A file; the model on the canvas stays as it is.",
            Purpose::SaveCurves => "Saves the plots as .svg or .png, in print colors.",
            Purpose::SaveDiagram => {
                "Saves the drawing as .svg (for browsers and drawing programs) or .png."
            }
            Purpose::SaveEvaluation(Saved::Predictions) => {
                "One row per image, as .csv, or as .jsonl (JSON lines)."
            }
            Purpose::SaveEvaluation(Saved::Confusion | Saved::Reliability | Saved::ClassCurves) => {
                "Saves the picture as .svg or .png, in print colors."
            }
            Purpose::SaveEvaluation(Saved::Report { .. }) => {
                "One .html page with everything in it: it opens without a network, and prints."
            }
            Purpose::OpenModel => {
                "A model of this program, PyTorch (state dict), ONNX or Keras. It is checked before \
                 anything changes."
            }
            Purpose::OpenImage => {
                "An image of one digit or object, light on dark or dark on light."
            }
            Purpose::OpenExamples => {
                "A folder of pictures, which all become examples of the chosen class."
            }
            Purpose::OpenData => {
                "A folder of images, one folder per class, or of IDX files, CIFAR batches or arrays."
            }
            Purpose::OpenDataFile => {
                "An archive (ZIP, tar) of images, a table (CSV), arrays (npz) or a Parquet file."
            }
            Purpose::ExportData(DataFormat::Npz) => "A new .npz file.",
            Purpose::ExportData(_) => "A new folder.",
            Purpose::Export(Format::Csv) => {
                "A file with one row per selected run, or per run that matches the filter."
            }
            Purpose::Export(Format::Jsonl) => {
                "A file with one JSON line per selected run, or per run that matches the filter."
            }
            Purpose::Export(Format::Tensorboard) => {
                "A folder, created if needed: tensorboard --logdir FOLDER shows every run in it."
            }
            Purpose::ExportSketches => {
                "A new folder of PNG files, one folder per class; or NumPy arrays, as .npz."
            }
            Purpose::OpenWorkspace => {
                "A folder with one subfolder per run; created if it does not exist."
            }
        }
    }

    /// Returns the suggested file name, which says what is saved; empty for what is opened.
    pub(super) fn file_name(self, studio: &Studio) -> String {
        match self {
            Purpose::SaveModel => format!("{}.safetensors", model_name(studio)),
            Purpose::ExportModel(format) => format!("{}{}", model_name(studio), format.ending()),
            Purpose::SaveDiagram => format!("{}.svg", studio.draft().preset),
            Purpose::SaveCurves => "curves.svg".to_owned(),
            Purpose::SaveEvaluation(saved) => {
                let ending = match saved {
                    Saved::Predictions => "predictions.csv",
                    Saved::Confusion => "confusion.svg",
                    Saved::Reliability => "reliability.svg",
                    Saved::ClassCurves => "curves.svg",
                    Saved::Report { .. } => "report.html",
                };
                format!("{}-{ending}", model_name(studio))
            }
            Purpose::Export(format) => default_name(format).to_owned(),
            Purpose::ExportData(format) => {
                let name = studio.dataset().map_or("dataset", |data| &data.name);
                let ending = if format == DataFormat::Npz {
                    ".npz"
                } else {
                    ""
                };
                format!("{}{ending}", file_name(name))
            }
            Purpose::ExportSketches => "sketches-export".to_owned(),
            _ => String::new(),
        }
    }

    /// Returns whether a file is written that may replace another one.
    pub(super) fn writes_file(self) -> bool {
        match self {
            Purpose::SaveModel
            | Purpose::SaveDiagram
            | Purpose::SaveCurves
            | Purpose::SaveEvaluation(_) => true,
            Purpose::Export(format) => format != Format::Tensorboard,
            Purpose::ExportData(format) => format == DataFormat::Npz,
            Purpose::ExportModel(format) => !format.is_folder(),
            _ => false,
        }
    }

    /// Returns why nothing can be done with `path`, in one sentence, if that can be seen at once.
    pub(super) fn problem(self, path: &Path) -> Option<String> {
        let shown = path.display();
        let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        match self {
            Purpose::ExportData(_) if path.exists() => {
                Some(format!("{shown} is there already: choose a new name."))
            }
            _ if self.writes_file() && path.is_dir() => {
                Some(format!("{shown} is a folder: add a file name."))
            }
            _ if self.writes_file() => folder
                .filter(|dir| !dir.is_dir())
                .map(|dir| format!("There is no folder {}.", dir.display())),
            Purpose::OpenModel | Purpose::OpenImage if !path.exists() => {
                Some(format!("There is no file {shown}."))
            }
            Purpose::OpenModel | Purpose::OpenImage if path.is_dir() => {
                Some(format!("{shown} is a folder, not a file."))
            }
            Purpose::ExportSketches if path.is_dir() => {
                Some(format!("{shown} is there already: name a new folder."))
            }
            Purpose::OpenExamples | Purpose::OpenData | Purpose::OpenDataFile if !path.exists() => {
                Some(format!("There is no {shown}."))
            }
            _ => None,
        }
    }

    /// Returns the paths of this kind that were opened lately, the newest first.
    pub(super) fn recent(self, studio: &Studio) -> &[PathBuf] {
        match self {
            Purpose::OpenModel => &studio.recent().models,
            Purpose::OpenImage => &studio.recent().images,
            Purpose::OpenData | Purpose::OpenDataFile => &studio.recent().data,
            _ => &[],
        }
    }

    pub(super) fn verb(self) -> &'static str {
        match self {
            Purpose::SaveModel
            | Purpose::SaveDiagram
            | Purpose::SaveCurves
            | Purpose::SaveEvaluation(_) => "Save",
            Purpose::Export(_)
            | Purpose::ExportData(_)
            | Purpose::ExportModel(_)
            | Purpose::ExportSketches => "Export",
            _ => "Open",
        }
    }

    /// Returns the action for the path.
    pub(super) fn action(self, path: PathBuf, view: &CurvesView) -> Action {
        match self {
            Purpose::SaveModel => FileAction::SaveModel(path).into(),
            Purpose::ExportModel(format) => DeployAction::Export(format, path).into(),
            Purpose::SaveDiagram => FileAction::SaveDiagram(path).into(),
            Purpose::SaveCurves => FileAction::SaveCurves(path, Box::new(view.clone())).into(),
            Purpose::SaveEvaluation(saved) => EvaluateAction::Save(saved, path).into(),
            Purpose::OpenModel => FileAction::OpenModel(path).into(),
            Purpose::OpenImage => CanvasAction::OpenImage(path).into(),
            Purpose::OpenExamples => TeachAction::AddPictures(vec![path]).into(),
            Purpose::OpenData | Purpose::OpenDataFile => DataAction::Look(path).into(),
            Purpose::ExportData(format) => DataAction::Export(format, path).into(),
            Purpose::Export(format) => LibraryAction::Export(format, path).into(),
            Purpose::ExportSketches => SketchAction::Export(path).into(),
            Purpose::OpenWorkspace => LibraryAction::OpenWorkspace(path).into(),
        }
    }
}

/// Returns the name of the model on the canvas as a part of a file name: its run's, with the update
/// for a snapshot, or its file's.
fn model_name(studio: &Studio) -> String {
    let of_run = |run: Option<&RunState>| run.map_or("model", |run| &run.name).replace(' ', "-");
    let name = match studio.model() {
        Model::Opened { path, .. } => {
            let stem = path.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        }
        Model::Snapshot { step, .. } => format!("{}-{step}", of_run(studio.timeline_run())),
        _ => of_run(studio.trained_run().map(|run| &run.state)),
    };
    file_name(&name)
}

/// Replaces what a name may hold and a file name must not.
fn file_name(name: &str) -> String {
    name.replace(['/', '\\', ':'], "-")
}

/// The default name of an export.
pub(super) fn default_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "runs.csv",
        Format::Jsonl => "runs.jsonl",
        Format::Tensorboard => "tensorboard",
    }
}
