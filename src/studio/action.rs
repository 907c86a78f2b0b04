//! Everything that can be done with the studio, by area. Menu, button, shortcut and test share one
//! variant.

use std::path::PathBuf;

use super::compare::Analysis;
use super::datasets::DataAction;
use super::deploy::DeployAction;
use super::evaluation::EvaluateAction;
use super::explanation::ExplainAction;
use super::export::Format;
use super::pad::Stroke;
use super::sketches::SketchAction;
use super::sweeps::SweepAction;
use super::teach::TeachAction;
#[cfg(feature = "mlflow")]
use super::tracking::TrackForm;
use crate::data::Recipe;
use crate::picture::CurvesView;
use crate::runs::{Notes, RunId};
use crate::train::{Recovery, TrainConfig};

/// An action. Each area converts into it, so that [`super::Studio::handle`] takes an area's action
/// as it is.
#[derive(Clone, Debug)]
pub enum Action {
    /// An action on the settings.
    Draft(DraftAction),
    /// An action on the run in training, and the start of runs.
    Run(RunAction),
    /// An action on the LR finder.
    LrFinder(LrFinderAction),
    /// An action on the timeline.
    Timeline(TimelineAction),
    /// An action on the runs of the workspace.
    Library(LibraryAction),
    /// Start an analysis of several runs.
    Compare(Analysis),
    /// An action on the evaluation of the model.
    Evaluate(EvaluateAction),
    /// An action on the explanation of what is on the canvas.
    Explain(ExplainAction),
    /// An action on the labeled sketches.
    Sketch(SketchAction),
    /// An action on the examples of new classes.
    Teach(TeachAction),
    /// An action on sweeps.
    Sweep(SweepAction),
    /// An action on datasets.
    Data(DataAction),
    /// An action that takes the model on the canvas out of the studio.
    Deploy(DeployAction),
    /// Reading or writing a dataset, a model or a drawing.
    File(FileAction),
    /// An action on the canvas.
    Canvas(CanvasAction),
    /// Remove the notice at this index.
    DismissNotice(usize),
}

/// An action on the settings of the panel.
#[derive(Clone, Debug)]
pub enum DraftAction {
    /// Replace the settings. Those that can change while training do so at the next batch; the rest
    /// takes effect with a new run.
    Set(Box<TrainConfig>),
    /// Undo the last edit.
    Undo,
    /// Redo it.
    Redo,
    /// Copy a preset's layers and weight initialization.
    ChoosePreset(&'static str),
    /// Draw a new seed.
    NewSeed,
    /// Return to the default settings for the dataset.
    Reset,
    /// Copy the settings of this run.
    UseSettings(RunId),
    /// Train on from the model on the canvas: its layers and weights, with a last layer for the
    /// classes of the dataset.
    FineTune,
}

/// An action on the run in training, and the start of runs.
#[derive(Clone, Debug)]
pub enum RunAction {
    /// Start a run with the settings.
    Train,
    /// Pause training.
    Pause,
    /// Resume training.
    Resume,
    /// Train exactly one batch, then pause. Starts a run if there is none.
    Step,
    /// Stop the run.
    Stop,
    /// Recover from the anomaly that training is paused for.
    Recover(Recovery),
    /// Resume this run of the workspace, which has ended, for this many epochs more than it was
    /// planned for.
    Continue(RunId, usize),
    /// Start a run from the snapshot that the timeline shows, with the settings of the panel.
    Branch,
    /// Queue these runs; they train one after the other, once no other run is live.
    Queue(Vec<TrainConfig>),
    /// Clear the queue.
    ClearQueue,
    /// Turn layer statistics during training on or off.
    WatchLayers(bool),
    /// Inspect the next batch of the paused run.
    Inspect,
    /// Close the inspection.
    CloseInspection,
}

/// An action on the LR finder.
#[derive(Clone, Debug)]
pub enum LrFinderAction {
    /// Find a learning rate for the settings with a short trial run.
    Start,
    /// Copy a learning rate into the settings.
    UseLr(f64),
    /// Close the LR finder.
    Close,
}

/// An action on the timeline.
#[derive(Clone, Debug)]
pub enum TimelineAction {
    /// Show the timeline of this run of the workspace, which has ended, from its saved states.
    Open(RunId),
    /// Return to the timeline of the newest run.
    Close,
    /// Classify the drawing with the snapshot after this many updates of the newest run; `None` for
    /// the newest weights.
    ShowStep(Option<u64>),
    /// Show the next snapshot; after the last one, the newest weights.
    ShowNext,
    /// Show the previous snapshot.
    ShowPrevious,
    /// Set the memory limit of all snapshots and of the states to roll back to, in bytes.
    SetStateMemory(usize),
}

/// An action on the runs of the workspace.
#[derive(Clone, Debug)]
pub enum LibraryAction {
    /// Show or hide the curves of this run.
    ShowRun(RunId, bool),
    /// Filter the runs, in every view.
    SetFilter(String),
    /// Select exactly these runs, in every view.
    Select(Vec<RunId>),
    /// Set the baseline that runs are compared with in the table and the curves, or clear it.
    SetBaseline(Option<RunId>),
    /// Set a run's name, tags, note, star and archive flag.
    SetNotes(RunId, Box<Notes>),
    /// Move runs to the trash.
    Delete(Vec<RunId>),
    /// Move runs out of the trash.
    Restore(Vec<RunId>),
    /// Permanently delete everything in the trash.
    EmptyTrash,
    /// Update the list of runs in the trash.
    RefreshTrash,
    /// Save runs in this folder, and show the runs that are there.
    OpenWorkspace(PathBuf),
    /// Send the runs that train here to an MLflow server, or no more.
    #[cfg(feature = "mlflow")]
    Track(TrackForm),
    /// Export the selected runs, or without a selection those that match the filter, for other
    /// programs.
    Export(Format, PathBuf),
}

/// Reading or writing a dataset, a model or a drawing.
#[derive(Clone, Debug)]
pub enum FileAction {
    /// Open a dataset as it is, by default settings if it has to be imported.
    OpenData(PathBuf),
    /// Return to the MNIST that ships with the program.
    UseMnist,
    /// Open a model and classify the drawing with it.
    OpenModel(PathBuf),
    /// Save the model that classifies the drawing to a file.
    SaveModel(PathBuf),
    /// Save a drawing of the settings' network as SVG or PNG.
    SaveDiagram(PathBuf),
    /// Save the curves of all visible runs in this view as SVG or PNG.
    SaveCurves(PathBuf, Box<CurvesView>),
    /// Draw the same picture for the clipboard; see
    /// [`Studio::take_copied`](super::Studio::take_copied).
    CopyCurves(Box<CurvesView>),
}

/// An action on the canvas, or on the model that classifies what is drawn.
#[derive(Clone, Debug)]
pub enum CanvasAction {
    /// Begin a stroke.
    BeginStroke(Stroke),
    /// Extend the stroke to these points, in canvas coordinates from 0 to 1.
    ExtendStroke(Vec<[f32; 2]>),
    /// End the stroke.
    EndStroke,
    /// Undo the last stroke, image, clearing or label.
    Undo,
    /// Redo it.
    Redo,
    /// Clear the canvas.
    Clear,
    /// Set the width of the pen, as a share of the canvas' side.
    SetBrush(f32),
    /// Put an image file on the canvas.
    OpenImage(PathBuf),
    /// Classify these image files, all of them, beside the canvas.
    Classify(Vec<PathBuf>),
    /// Classify each object of the picture on the canvas alone.
    ClassifyEach,
    /// Put this one of the classified images on the canvas, and close their window.
    OpenClassified(usize),
    /// Close the window with the classified images.
    CloseClassified,
    /// Make inputs of pictures by this recipe, or as the model was trained.
    SetRecipe(Option<Recipe>),
    /// Put the bytes of an image file on the canvas; the text names their origin.
    OpenImageBytes(Vec<u8>, String),
    /// Put the test image at this index on the canvas, with its label.
    TestImage(usize),
    /// Put a random test image on the canvas, with its label.
    RandomTestImage,
    /// Classify the drawing with the network in training, or the last one trained.
    UseTrainedModel,
}

impl Action {
    /// Whether it applies the contents of a form.
    pub fn is_edit(&self) -> bool {
        matches!(
            self,
            Action::Draft(DraftAction::Set(_)) | Action::Sweep(SweepAction::SetDraft(_))
        )
    }
}

/// Lets the action of an area be sent as it is.
macro_rules! areas {
    ($($area:ident($action:ty)),+) => {
        $(impl From<$action> for Action {
            fn from(action: $action) -> Action {
                Action::$area(action)
            }
        })+
    };
}

areas!(
    Draft(DraftAction),
    Run(RunAction),
    LrFinder(LrFinderAction),
    Timeline(TimelineAction),
    Library(LibraryAction),
    Compare(Analysis),
    Evaluate(EvaluateAction),
    Explain(ExplainAction),
    Sketch(SketchAction),
    Teach(TeachAction),
    Sweep(SweepAction),
    Data(DataAction),
    Deploy(DeployAction),
    File(FileAction),
    Canvas(CanvasAction)
);
