//! What a person can want of the studio.

use std::path::PathBuf;

use super::{Analysis, Format, Stroke, SweepAction};
use crate::data::GrayImage;
use crate::picture::CurvesView;
use crate::runs::{Notes, RunId};
use crate::train::{Recovery, TrainConfig};

/// An intention. Menu, button, shortcut and test share one variant.
#[derive(Clone, Debug)]
pub enum Action {
    /// The settings panel now holds this. What can change while training does so at the next
    /// batch; the rest waits for a new run.
    SetDraft(Box<TrainConfig>),
    /// Take back the last edit of the settings.
    UndoEdit,
    /// Put it back.
    RedoEdit,
    /// Put a preset's layers and weight initialization into the settings.
    ChoosePreset(&'static str),
    /// Draw a new seed.
    NewSeed,
    /// Start a run with the settings.
    Train,
    /// Let training wait.
    Pause,
    /// Let training go on.
    Resume,
    /// Train exactly one batch, then wait. Starts a run if there is none.
    Step,
    /// End the run.
    Stop,
    /// Do something about the loss that training waits because of.
    Recover(Recovery),
    /// Go on with this run of the workspace, which is over, for so many epochs more than it was to
    /// have.
    Continue(RunId, usize),
    /// Start a run from the weights that the timeline shows, with the settings of the panel.
    Branch,
    /// Show the timeline of this run of the workspace, which is over, with the full states it keeps.
    OpenTimeline(RunId),
    /// Return to the timeline of the newest run.
    CloseTimeline,
    /// Measure the layers while training, or no longer.
    WatchLayers(bool),
    /// Look into the next batch of the run that waits.
    Inspect,
    /// Put that away.
    CloseInspection,
    /// Look for a learning rate that suits the settings, with a mock run.
    FindLr,
    /// Put a learning rate into the settings.
    UseLr(f64),
    /// Put the learning-rate finder away.
    CloseLrFinder,
    /// Let the canvas ask the weights after this many updates of the newest run; none for the
    /// newest ones.
    ShowStep(Option<u64>),
    /// The snapshot after the one at hand; after the last one comes the present.
    ShowNextSnapshot,
    /// The snapshot before the one at hand.
    ShowPreviousSnapshot,
    /// Memory that the snapshots of a run may take, in bytes.
    SetTimelineBudget(usize),
    /// Show or hide the curves of this run.
    ShowRun(RunId, bool),
    /// Take the settings of this run.
    UseSettings(RunId),
    /// Look for these runs only, in every view of runs.
    SetFilter(String),
    /// Pick exactly these runs, in every view of runs.
    Select(Vec<RunId>),
    /// Ask something about several runs.
    Ask(Analysis),
    /// Train these one after the other, once nothing else is live.
    QueueRuns(Vec<TrainConfig>),
    /// Train none of those that wait.
    ClearQueue,
    /// Write the selected runs, or without a selection those that pass the filter, for other
    /// programs.
    ExportRuns(Format, PathBuf),
    /// Put the test image at this index on the canvas, with its true label.
    TestImage(usize),
    /// Hold runs against this one, in the table and in the curves, or against none.
    SetBaseline(Option<RunId>),
    /// Say this of a run: name, note, tags, star, archive.
    SetNotes(RunId, Box<Notes>),
    /// Move runs to the trash.
    DeleteRuns(Vec<RunId>),
    /// Move runs out of the trash.
    RestoreRuns(Vec<RunId>),
    /// Delete everything in the trash for good.
    EmptyTrash,
    /// See what is in the trash.
    RefreshTrash,
    /// Keep runs in this folder, and show the runs that are there.
    OpenWorkspace(PathBuf),
    /// Read a folder with the four IDX files.
    OpenData(PathBuf),
    /// Go back to the MNIST that ships with the program.
    UseMnist,
    /// Write the model the canvas asks to a file.
    SaveModel(PathBuf),
    /// Write a drawing of the settings' network to an SVG or PNG file.
    SaveDiagram(PathBuf),
    /// Write the curves of all visible runs to an SVG or PNG file, looked at like this.
    SaveCurves(PathBuf, Box<CurvesView>),
    /// Read a model and let the canvas ask it.
    OpenModel(PathBuf),
    /// Let the canvas ask the network that is training, or the last one trained.
    UseTrainedModel,
    /// Begin a stroke on the canvas.
    BeginStroke(Stroke),
    /// The pen moved on to these points, in canvas coordinates from 0 to 1.
    ExtendStroke(Vec<[f32; 2]>),
    /// The pen was lifted.
    EndStroke,
    /// Take back the last stroke, image or clearing.
    UndoStroke,
    /// Put it back.
    RedoStroke,
    /// Empty the canvas.
    ClearCanvas,
    /// Width of the pen, as a share of the canvas' side.
    SetBrush(f32),
    /// Put an image on the canvas, from the clipboard for instance.
    PasteImage(GrayImage),
    /// Put a PNG or JPEG file on the canvas.
    OpenImage(PathBuf),
    /// Put the bytes of a PNG or JPEG file on the canvas; the text says where they came from.
    OpenImageBytes(Vec<u8>, String),
    /// Put a random test image on the canvas, with its true label.
    RandomTestImage,
    /// Something about sweeps.
    Sweep(SweepAction),
    /// The notice at this index has been read.
    DismissNotice(usize),
}

impl Action {
    /// Whether it takes over what a person entered in a form.
    pub fn is_edit(&self) -> bool {
        matches!(
            self,
            Action::SetDraft(_) | Action::Sweep(SweepAction::SetDraft(_))
        )
    }

    /// Whether it changes the canvas by something that can be taken back, or takes it back.
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
    /// The words for it.
    pub fn label(self) -> &'static str {
        match self {
            Effect::Now => "takes effect at the next batch",
            Effect::NextRun => "takes effect with a new run",
        }
    }
}
