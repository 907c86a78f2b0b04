//! Commands that read or write files.

use super::effect::CommandEffect;
use super::kind::{CommandKind, act};
use crate::data::DataFormat;
use crate::export::model::{Engine, Language, ModelFormat};
use crate::studio::{FileAction, Format, Saved, Studio};
use crate::ui::dialogs::Purpose;

/// A command that reads or writes files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileCommand {
    /// Save the model to a file.
    SaveModel,
    /// Write the model as files that others can run.
    ExportModel(ModelFormat),
    /// Save a drawing of the network to a file.
    SaveDiagram,
    /// Save the curves to a file.
    SaveCurves,
    /// Save something of the evaluation to a file.
    SaveEvaluation(Saved),
    /// Copy the curves as a picture.
    CopyCurves,
    /// Copy the table of runs.
    CopyTable,
    /// Open a model file.
    OpenModel,
    /// Open a folder with a dataset.
    OpenData,
    /// Open a file with a dataset.
    OpenDataFile,
    /// Write the dataset for other programs.
    ExportData(DataFormat),
    /// Return to MNIST.
    UseMnist,
    /// Put an image file on the canvas.
    OpenImage,
    /// Make examples of a new class of the pictures in a folder.
    OpenExamples,
    /// Export runs for other programs.
    Export(Format),
    /// Open another folder for runs.
    OpenWorkspace,
}

impl CommandKind for FileCommand {
    fn text(&self) -> (&'static str, &'static str) {
        match self {
            FileCommand::SaveModel => (
                "Save model…",
                "Saves the model that classifies the drawing to a file.",
            ),
            FileCommand::ExportModel(format) => export_model_text(*format),
            FileCommand::SaveDiagram => (
                "Save drawing…",
                "Saves a drawing of the network in the settings as SVG or PNG.",
            ),
            FileCommand::SaveCurves => (
                "Save curves…",
                "Saves the curves that are shown as SVG or PNG, with axes and a legend.",
            ),
            FileCommand::SaveEvaluation(saved) => saved_text(*saved),
            FileCommand::CopyTable => (
                "Copy table",
                "Copies the table of runs as text for a spreadsheet: the runs that match the filter.",
            ),
            FileCommand::CopyCurves => (
                "Copy curves as a picture",
                "Copies the curves that are shown to the clipboard, with axes and a legend.",
            ),
            FileCommand::OpenModel => (
                "Open model…",
                "Opens a model file and uses it to classify the drawing.",
            ),
            FileCommand::OpenData => (
                "Open dataset folder…",
                "Opens a folder of images, IDX files, CIFAR batches or arrays, and shows what an \
                 import gives. Dropping it on the window does the same.",
            ),
            FileCommand::OpenDataFile => (
                "Open dataset file…",
                "Opens an archive of images, a table or arrays (ZIP, tar, CSV, npz, Parquet), and shows what \
                 an import gives. Dropping it on the window does the same.",
            ),
            FileCommand::ExportData(format) => export_data_text(*format),
            FileCommand::UseMnist => (
                "Use MNIST",
                "Returns to the handwritten digits that come with the program.",
            ),
            FileCommand::OpenImage => ("Open image…", "Puts an image file on the canvas."),
            FileCommand::OpenExamples => (
                "Open examples…",
                "Makes the pictures in a folder examples of the chosen new class. Dropping pictures \
                 on the window does the same while Teach a class is shown.",
            ),
            FileCommand::Export(format) => export_text(*format),
            FileCommand::OpenWorkspace => (
                "Open workspace…",
                "Shows the runs of another folder and saves new ones there, also in later sessions.",
            ),
        }
    }

    fn effect(&self, studio: &Studio) -> Option<CommandEffect> {
        let (is_possible, purpose) = match self {
            FileCommand::SaveModel => (studio.classifier().is_some(), Purpose::SaveModel),
            FileCommand::ExportModel(format) => {
                (studio.classifier().is_some(), Purpose::ExportModel(*format))
            }
            FileCommand::SaveDiagram => (true, Purpose::SaveDiagram),
            FileCommand::SaveCurves => (has_curves(studio), Purpose::SaveCurves),
            FileCommand::SaveEvaluation(saved) => (
                studio.evaluator().newest().is_some(),
                Purpose::SaveEvaluation(*saved),
            ),
            FileCommand::CopyCurves => {
                return has_curves(studio).then_some(CommandEffect::CopyCurves);
            }
            FileCommand::CopyTable => {
                let has_runs = studio.filtered_runs().next().is_some();
                return has_runs.then_some(CommandEffect::CopyTable);
            }
            FileCommand::OpenModel => (true, Purpose::OpenModel),
            FileCommand::OpenData => (true, Purpose::OpenData),
            FileCommand::OpenDataFile => (true, Purpose::OpenDataFile),
            FileCommand::ExportData(format) => {
                (studio.dataset().is_some(), Purpose::ExportData(*format))
            }
            FileCommand::UseMnist => return act(FileAction::UseMnist),
            FileCommand::OpenImage => (true, Purpose::OpenImage),
            FileCommand::OpenExamples => (studio.teach().chosen().is_some(), Purpose::OpenExamples),
            FileCommand::Export(format) => (
                studio.filtered_runs().next().is_some(),
                Purpose::Export(*format),
            ),
            FileCommand::OpenWorkspace => (
                studio.live_run().is_none() && !studio.sweeps().is_live(),
                Purpose::OpenWorkspace,
            ),
        };
        is_possible.then_some(CommandEffect::AskPath(purpose))
    }
}

fn saved_text(saved: Saved) -> (&'static str, &'static str) {
    match saved {
        Saved::Predictions => (
            "Save predictions…",
            "One row per evaluated image with its label, answer, loss and probabilities, as CSV or JSON \
             lines.",
        ),
        Saved::Confusion => (
            "Save confusion matrix…",
            "Saves the confusion matrix as SVG or PNG.",
        ),
        Saved::Reliability => (
            "Save reliability diagram…",
            "Saves the reliability diagram as SVG or PNG.",
        ),
        Saved::ClassCurves => (
            "Save ROC and PR curves…",
            "Saves the ROC and precision–recall curves of all classes as SVG or PNG.",
        ),
        Saved::Report { with_images: true } => (
            "Save report…",
            "One HTML page about the model: numbers, curves, confusion matrix, calibration, worst \
             images, settings. It opens without a network, and prints.",
        ),
        Saved::Report { with_images: false } => (
            "Save report without images…",
            "The same page without images of the dataset, to pass on where these must not.",
        ),
    }
}

fn export_model_text(format: ModelFormat) -> (&'static str, &'static str) {
    match format {
        ModelFormat::Onnx => (
            "Export model as ONNX…",
            "One file for onnxruntime and everything else that reads ONNX.",
        ),
        ModelFormat::Int8 => (
            "Export model as int8 ONNX…",
            "The ONNX file with 8-bit weights: a quarter of the size.",
        ),
        ModelFormat::Bundle => (
            "Export model as ONNX bundle…",
            "A folder with the ONNX file, its labels, test data and a Python script.",
        ),
        ModelFormat::Page => (
            "Export model as web page…",
            "A page to draw on, with the model inside; it needs no network.",
        ),
        ModelFormat::Code(Language::Pytorch) => (
            "Export model as PyTorch program…",
            "A folder with Python source that builds the network, loads its weights and trains on.",
        ),
        ModelFormat::Code(Language::Keras) => (
            "Export model as Keras program…",
            "A folder with Python source that builds the network with Keras, loads its weights and trains on.",
        ),
        ModelFormat::Code(Language::Rust) => (
            "Export model as Rust program…",
            "A Cargo package with candle that builds the network, loads its weights and trains on.",
        ),
        ModelFormat::Card => (
            "Export model card…",
            "Markdown about the model, as model hubs read it.",
        ),
        ModelFormat::Engine(engine) => (engine_title(engine), engine.about()),
    }
}

fn engine_title(engine: Engine) -> &'static str {
    match engine {
        Engine::Triton => "Export model for Triton…",
        Engine::Kserve => "Export model for KServe…",
        Engine::Docker => "Export model for Docker and Kubernetes…",
        Engine::Ray => "Export model for Ray Serve…",
        Engine::Mlserver => "Export model for MLServer…",
        Engine::Systemd => "Export model for systemd…",
    }
}

fn export_data_text(format: DataFormat) -> (&'static str, &'static str) {
    match format {
        DataFormat::Folder => (
            "Export dataset as image folders…",
            "A new folder of PNG files, one folder per class, in train and test.",
        ),
        DataFormat::Npz => (
            "Export dataset as NumPy arrays…",
            "One .npz file with x_train, y_train, x_test and y_test, as in Keras.",
        ),
        DataFormat::Csv => (
            "Export dataset as CSV…",
            "A new folder with train.csv and test.csv: a label and pixels in each row.",
        ),
        #[cfg(feature = "parquet")]
        DataFormat::Parquet => (
            "Export dataset as Parquet…",
            "A new folder with Parquet files that Hugging Face's datasets reads.",
        ),
        DataFormat::Idx => (
            "Export dataset as IDX…",
            "A new folder with four files named like MNIST's; gray images only.",
        ),
    }
}

fn has_curves(studio: &Studio) -> bool {
    studio.runs().iter().any(|run| run.is_visible)
}

fn export_text(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Csv => (
            "Export runs as a table (CSV)…",
            "One row per run with settings and metrics, for spreadsheets.",
        ),
        Format::Jsonl => (
            "Export runs as JSON lines…",
            "One line per run with settings, metrics and every epoch, for scripts.",
        ),
        Format::Tensorboard => (
            "Export runs for TensorBoard…",
            "A folder with every point of each run and its settings, in TensorBoard's format.",
        ),
    }
}
