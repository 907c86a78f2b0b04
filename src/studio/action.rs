//! Everything that can be done with the studio.

use std::path::PathBuf;

use super::compare::{Analysis, Format};
use super::pad::Stroke;
use super::sweeps::SweepAction;
use crate::data::DecodedImage;
use crate::picture::CurvesView;
use crate::runs::{Notes, RunId};
use crate::train::{Recovery, TrainConfig};

/// An action. Menu, button, shortcut and test share one variant.
#[derive(Clone, Debug)]
pub enum Action {
    /// Replace the settings. Those that can change while training do so at the next batch; the rest
    /// takes effect with a new run.
    SetDraft(Box<TrainConfig>),
    /// Undo the last edit of the settings.
    UndoEdit,
    /// Redo it.
    RedoEdit,
    /// Copy a preset's layers and weight initialization into the settings.
    ChoosePreset(&'static str),
    /// Draw a new seed.
    NewSeed,
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
    /// Show the timeline of this run of the workspace, which has ended, from its saved states.
    OpenTimeline(RunId),
    /// Return to the timeline of the newest run.
    CloseTimeline,
    /// Turn layer statistics during training on or off.
    WatchLayers(bool),
    /// Inspect the next batch of the paused run.
    Inspect,
    /// Close the inspection.
    CloseInspection,
    /// Find a learning rate for the settings with a short trial run.
    FindLr,
    /// Copy a learning rate into the settings.
    UseLr(f64),
    /// Close the LR finder.
    CloseLrFinder,
    /// Classify the drawing with the snapshot after this many updates of the newest run; `None` for
    /// the newest weights.
    ShowStep(Option<u64>),
    /// Show the next snapshot; after the last one, the newest weights.
    ShowNextSnapshot,
    /// Show the previous snapshot.
    ShowPreviousSnapshot,
    /// Set the memory limit for the snapshots of a run, in bytes.
    SetTimelineBudget(usize),
    /// Show or hide the curves of this run.
    ShowRun(RunId, bool),
    /// Copy the settings of this run to the panel.
    UseSettings(RunId),
    /// Filter the runs, in every view.
    SetFilter(String),
    /// Select exactly these runs, in every view.
    Select(Vec<RunId>),
    /// Start an analysis of several runs.
    Ask(Analysis),
    /// Queue these runs; they train one after the other, once no other run is live.
    QueueRuns(Vec<TrainConfig>),
    /// Clear the queue.
    ClearQueue,
    /// Export the selected runs, or without a selection those that match the filter, for other
    /// programs.
    ExportRuns(Format, PathBuf),
    /// Put the test image at this index on the canvas, with its label.
    TestImage(usize),
    /// Set the baseline that runs are compared with in the table and the curves, or clear it.
    SetBaseline(Option<RunId>),
    /// Set a run's name, tags, note, star and archive flag.
    SetNotes(RunId, Box<Notes>),
    /// Move runs to the trash.
    DeleteRuns(Vec<RunId>),
    /// Move runs out of the trash.
    RestoreRuns(Vec<RunId>),
    /// Permanently delete everything in the trash.
    EmptyTrash,
    /// Update the list of runs in the trash.
    RefreshTrash,
    /// Save runs in this folder, and show the runs that are there.
    OpenWorkspace(PathBuf),
    /// Open a folder with the four IDX files.
    OpenData(PathBuf),
    /// Return to the MNIST that ships with the program.
    UseMnist,
    /// Save the model that classifies the drawing to a file.
    SaveModel(PathBuf),
    /// Save a drawing of the settings' network as SVG or PNG.
    SaveDiagram(PathBuf),
    /// Save the curves of all visible runs in this view as SVG or PNG.
    SaveCurves(PathBuf, Box<CurvesView>),
    /// Open a model and classify the drawing with it.
    OpenModel(PathBuf),
    /// Classify the drawing with the network in training, or the last one trained.
    UseTrainedModel,
    /// Begin a stroke on the canvas.
    BeginStroke(Stroke),
    /// Extend the stroke to these points, in canvas coordinates from 0 to 1.
    ExtendStroke(Vec<[f32; 2]>),
    /// End the stroke.
    EndStroke,
    /// Undo the last stroke, image or clearing.
    UndoStroke,
    /// Redo it.
    RedoStroke,
    /// Clear the canvas.
    ClearCanvas,
    /// Set the width of the pen, as a share of the canvas' side.
    SetBrush(f32),
    /// Put an image on the canvas, such as one from the clipboard.
    PasteImage(DecodedImage),
    /// Put a PNG or JPEG file on the canvas.
    OpenImage(PathBuf),
    /// Put the bytes of a PNG or JPEG file on the canvas; the text names their origin.
    OpenImageBytes(Vec<u8>, String),
    /// Put a random test image on the canvas, with its label.
    RandomTestImage,
    /// An action on sweeps.
    Sweep(SweepAction),
    /// Remove the notice at this index.
    DismissNotice(usize),
}

impl Action {
    /// Whether it applies the contents of a form.
    pub fn is_edit(&self) -> bool {
        matches!(
            self,
            Action::SetDraft(_) | Action::Sweep(SweepAction::SetDraft(_))
        )
    }

    /// Whether it makes an undoable change to the canvas, or undoes or redoes one.
    pub(super) fn is_canvas_edit(&self) -> bool {
        matches!(
            self,
            Action::BeginStroke(_)
                | Action::UndoStroke
                | Action::RedoStroke
                | Action::ClearCanvas
                | Action::PasteImage(_)
        )
    }
}

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// At the next batch of the run that is training.
    Now,
    /// With the next run.
    NextRun,
}

impl Effect {
    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Effect::Now => "takes effect at the next batch",
            Effect::NextRun => "takes effect with a new run",
        }
    }
}
