//! What the file thread reports.

use std::path::PathBuf;

use super::classified::Classified;
use super::datasets::{Edited, LogNews};
#[cfg(feature = "serve")]
use super::deploy::Running;
use super::opened_timeline::OpenedTimeline;
use super::reopened::Reopened;
use super::teach::Prepared;
use crate::data::sketches::{FoundSketches, Sketch};
use crate::data::store::Stored;
use crate::data::{Dataset, DecodedImage, GrayImage};
use crate::import::Opened;
use crate::model::Classifier;
use crate::picture::Pixels;
use crate::runs::RunId;
use crate::sweep::{Plan, SweepState};
use crate::train::{Inspection, LrCurve};

/// A result of the file thread. An error is one sentence.
pub(super) enum Message {
    /// A dataset was read, from this folder or else MNIST.
    Data(Option<PathBuf>, Result<Dataset, String>),
    /// The edits of the dataset were read or changed, or could not be.
    Edits(Result<LogNews, String>),
    /// The dataset with its edits was stored, to train on it.
    Edited(Result<Box<Edited>, String>),
    /// The stored datasets were changed, or could not be, and listed.
    Stored(Result<(), String>, Result<[Vec<Stored>; 2], String>),
    /// A service was started, or ended, or could not be started.
    #[cfg(feature = "serve")]
    Service(Result<Option<Running>, String>),
    /// Newer weights were given to the service, or could not be.
    #[cfg(feature = "serve")]
    Exchanged(Result<(), String>),
    /// A model was read.
    Opened(PathBuf, Result<Opened, String>),
    /// The model of the last session was read.
    Restored(PathBuf, Result<Classifier, String>),
    /// The snapshot of the last session and the final model of its run were read.
    RestoredSnapshot(Box<[Result<Classifier, String>; 2]>),
    /// The model of a run was read, to be evaluated beside another one: its name and the model.
    Beside(String, Result<Box<Classifier>, String>),
    /// A file was written, or could not be.
    Saved(PathBuf, Result<(), String>),
    /// The curves were drawn for the clipboard.
    CurvesCopied(Result<Pixels, String>),
    /// A batch was inspected.
    Inspected(Result<Box<Inspection>, String>),
    /// The LR finder has finished.
    Rates(Result<LrCurve, String>),
    /// A run was read to resume it.
    Reopened(Result<Box<Reopened>, String>),
    /// The saved states of a run were read.
    Timeline(Result<Box<OpenedTimeline>, String>),
    /// The workspace was changed, or could not be.
    Tidied(Result<(), String>),
    /// The saved baseline of this workspace was read.
    Baseline(PathBuf, Result<Option<RunId>, String>),
    /// The workspace and its trash were changed, or could not be, and the trash now holds these
    /// runs.
    Trash(Result<Vec<RunId>, String>, Result<Vec<RunId>, String>),
    /// An image was read, from this file or else from the clipboard.
    Picture(Option<PathBuf>, Result<(GrayImage, DecodedImage), String>),
    /// Image files were classified.
    Classified(Vec<Classified>),
    /// A labeled sketch was written, or could not be.
    SketchSaved(Result<(), String>),
    /// The labeled sketches in this folder were read.
    SketchesRead(PathBuf, Result<FoundSketches, String>),
    /// Examples were made of pictures; what could not be is one sentence.
    Examples(Vec<Sketch>, Option<String>),
    /// Examples were written, or could not be.
    ExamplesSaved(Result<(), String>),
    /// The examples in this folder were read.
    ExamplesRead(PathBuf, Result<FoundSketches, String>),
    /// Everything to teach new classes was made.
    Prepared(Result<Box<Prepared>, String>),
    /// The sweeps in the workspace were read, with the errors of some of them.
    Sweeps(Vec<(Plan, SweepState)>, Vec<String>),
}
