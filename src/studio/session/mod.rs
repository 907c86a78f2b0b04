//! What one session leaves for the next: settings, curves, model, sketch. Collecting it copies
//! little; [`Session::to_json`] does the work and can run on another thread.

mod collect;
mod json;
mod restore;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pad::Sheet;
use super::recent::Recent;
#[cfg(feature = "mlflow")]
use super::tracking::TrackForm;
use crate::data::Recipe;
use crate::model::Classifier;
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
    /// The snapshot that `model` names, for a file of its own: most are in memory only.
    snapshot: Option<Arc<Classifier>>,
    /// The folder with that file.
    folder: Option<PathBuf>,
    sheet: Option<Sheet>,
    brush: Option<f32>,
    /// How pictures become inputs, if not as the model was trained.
    recipe: Option<Recipe>,
    /// Memory limit of the states in memory, in bytes.
    state_memory: Option<usize>,
    recent: Recent,
    /// Where runs are sent.
    #[cfg(feature = "mlflow")]
    tracked: TrackForm,
    /// What could not be read of a stored session, to be reported.
    lost: Vec<String>,
}

impl Session {
    /// The snapshot on the canvas, to be stored under this name in the folder of the session.
    pub fn snapshot(&self) -> Option<(String, &Arc<Classifier>)> {
        Some((self.snapshot_file()?, self.snapshot.as_ref()?))
    }

    /// The name of the file with the snapshot on the canvas, if it is one.
    pub fn snapshot_file(&self) -> Option<String> {
        self.model.as_ref()?.snapshot_file()
    }

    /// Looks for the stored snapshot in `folder`.
    #[must_use]
    pub fn in_folder(self, folder: Option<&Path>) -> Session {
        Session {
            folder: folder.map(Path::to_owned),
            ..self
        }
    }
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

impl SavedModel {
    /// The name of a snapshot's file.
    fn snapshot_file(&self) -> Option<String> {
        match self {
            SavedModel::Snapshot(id, step) => Some(format!("snapshot-{id}-{step}.safetensors")),
            SavedModel::Run(_) | SavedModel::File(_) => None,
        }
    }
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
