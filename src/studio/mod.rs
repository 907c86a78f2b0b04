//! The app without a window.
//!
//! Data flows one way: a front end reads [`Studio`], and hands it [`Action`]s; threads of the
//! studio answer through channels that [`Studio::pump`] empties.

mod action;
mod background;
mod pad;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use action::{Action, Effect};
pub use pad::{Pad, Stroke};

use crate::data::Dataset;
use crate::model::Classifier;
use crate::predict::Prediction;
use crate::runs::RunState;
use crate::train::{Field, FieldError, TrainConfig};

/// Called from other threads when there is something to [`Studio::pump`].
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The images to learn from.
#[derive(Clone, Debug)]
pub enum DataState {
    /// Being read in the background.
    Loading {
        /// What is being read.
        name: String,
    },
    /// There.
    Ready(Arc<Dataset>),
}

/// Something a person should read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether something went wrong.
    pub is_error: bool,
    /// One sentence.
    pub text: String,
}

/// What the canvas asks.
#[derive(Clone, Debug)]
pub enum Model {
    /// No network yet: train one or open one.
    None,
    /// The network that is training now, as of a moment ago, or the last one trained.
    Trained(Arc<Classifier>),
    /// A network from a file.
    Opened {
        /// Where it came from.
        path: PathBuf,
        /// The network.
        classifier: Arc<Classifier>,
    },
}

/// The whole state of the app, to be read by a front end.
pub struct Studio {
    data: DataState,
    draft: TrainConfig,
    errors: Vec<FieldError>,
    runs: Vec<Run>,
    model: Model,
    pad: Pad,
    prediction: Option<Prediction>,
    notices: Vec<Notice>,
    background: background::Background,
}

/// A run of this session.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened in it.
    pub state: RunState,
    /// Whether its curves are shown.
    pub is_visible: bool,
}

impl Studio {
    /// A studio that is loading MNIST. `wake` is called from other threads.
    pub fn new(wake: Wake) -> Studio {
        todo!()
    }

    /// Does what a person wants, or adds a notice that says why not. Never blocks on files,
    /// training or prediction: those happen elsewhere.
    pub fn handle(&mut self, action: Action) {
        todo!()
    }

    /// Takes in what the threads have told, for at most `budget`.
    pub fn pump(&mut self, budget: Duration) {
        todo!()
    }

    /// The images to learn from.
    pub fn data(&self) -> &DataState {
        &self.data
    }

    /// The settings as they stand in the panel; they may be wrong.
    pub fn draft(&self) -> &TrainConfig {
        &self.draft
    }

    /// Everything that is wrong with the settings. Empty means that a run can start.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Whether there is something to say about `field`.
    pub fn error_at(&self, field: Field) -> Option<&FieldError> {
        self.errors.iter().find(|e| e.field == field)
    }

    /// When a change of `field` would take effect.
    pub fn effect_of(&self, field: Field) -> Effect {
        todo!()
    }

    /// The runs of this session, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run that is training or waiting, if there is one.
    pub fn live_run(&self) -> Option<&RunState> {
        self.runs.last().map(|r| &r.state).filter(|s| s.is_live())
    }

    /// What the canvas asks.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The canvas.
    pub fn pad(&self) -> &Pad {
        &self.pad
    }

    /// The newest answer to what is on the canvas; `None` while the canvas is empty, there is no
    /// model, or the first answer is on its way.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.prediction.as_ref()
    }

    /// What a person should read, oldest first.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What is going on elsewhere, such as "saving digits.safetensors"; for the status line.
    pub fn activities(&self) -> Vec<String> {
        todo!()
    }
}
