//! What one session leaves for the next: settings, curves, model, sketch. Collecting it copies
//! little; [`Session::to_json`] does the work and can run on another thread.

mod collect;
mod json;
mod restore;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::pad::Sheet;
use super::recent::Recent;
use crate::data::Recipe;
use crate::runs::RunId;
use crate::train::TrainConfig;

/// The state that the next session begins with. Without anything in it, that is a new one.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The workspace that runs and model belong to.
    workspace: Option<PathBuf>,
    /// The dataset's folder; `None` for MNIST.
    data: Option<PathBuf>,
    draft: Option<TrainConfig>,
    /// Settings to return to with undo, the newest last.
    past: Vec<TrainConfig>,
    /// Settings to return to with redo, the next one last.
    future: Vec<TrainConfig>,
    /// The runs whose curves are shown.
    visible: Vec<RunId>,
    model: Option<SavedModel>,
    sheet: Option<Sheet>,
    brush: Option<f32>,
    /// How pictures become inputs, if not as the model was trained.
    recipe: Option<Recipe>,
    /// Memory limit of the states in memory, in bytes.
    state_memory: Option<usize>,
    recent: Recent,
    /// What could not be read of a stored session, to be reported.
    lost: Vec<String>,
}

/// Where the model that classifies the drawing is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SavedModel {
    /// The model at the end of this run.
    Run(RunId),
    /// A snapshot of this run after this many updates.
    Snapshot(RunId, u64),
    /// A file.
    File(PathBuf),
}

/// What is still to be restored.
#[derive(Default)]
pub(super) struct Restoring {
    /// The dataset's folder, until it is read.
    data: Option<PathBuf>,
    /// The runs to show, until the runs of the workspace are known.
    visible: Option<Vec<RunId>>,
    /// The model, until it is read.
    model: Option<SavedModel>,
    /// What cannot be restored.
    lost: Vec<String>,
}
