//! The application without a window.
//!
//! Data flows one way: a front end reads [`Studio`] and sends it [`Action`]s; the studio's threads
//! report through channels that [`Studio::pump`] empties.

mod action;
mod background;
mod canvas;
mod change;
mod compare;
mod control;
mod draft;
mod file_io;
mod fixtures;
mod handle;
mod history;
mod inspect;
mod launch;
mod library;
mod live;
mod lr_finder;
mod messages;
mod pad;
mod rewind;
mod sweeps;
mod timeline;
mod view;
mod workspace;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use action::{
    Action, CanvasAction, DraftAction, FileAction, LibraryAction, LrFinderAction, RunAction,
    TimelineAction,
};
pub use compare::{Analysis, Compared, Disagreements, Format, ModelPrediction};
pub use draft::Effect;
pub use launch::continue_word;
pub use library::{Filter, Run};
pub use lr_finder::LrFinder;
pub use pad::{Pad, Stroke};
pub use sweeps::{ShownSweep, SweepAction, SweepPhase, Sweeps};
pub use timeline::Timeline;

use crate::data::Dataset;
use crate::model::{Classifier, PRESETS};
use crate::predict::Prediction;
use crate::runs::{RunId, Watch};
use crate::train::{Event, FieldError, Inspection, TrainConfig};
use background::Background;
use history::History;
use library::Library;
use rewind::Earlier;

/// Called from other threads when there is something to [`Studio::pump`].
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The dataset.
#[derive(Clone, Debug)]
pub enum DataState {
    /// Missing, because it could not be read.
    None,
    /// Being read in the background.
    Loading {
        /// The name of what is being read.
        name: String,
        /// The previous dataset, to return to if this cannot be read.
        before: Option<Arc<Dataset>>,
    },
    /// Available.
    Ready(Arc<Dataset>),
}

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is an error.
    pub is_error: bool,
    /// One sentence.
    pub text: String,
    /// The runs that were moved to the trash, if that is what it reports: they can be restored.
    pub deleted: Vec<RunId>,
}

/// The model that classifies the drawing.
#[derive(Clone, Debug)]
pub enum Model {
    /// No model yet: train one or open one.
    None,
    /// The network in training, as of a moment ago, or the last one trained.
    Trained(Arc<Classifier>),
    /// The network after an earlier update of the run whose timeline is shown.
    Snapshot {
        /// The update.
        step: u64,
        /// The network.
        classifier: Arc<Classifier>,
    },
    /// A network from a file.
    Opened {
        /// Its file.
        path: PathBuf,
        /// The network.
        classifier: Arc<Classifier>,
    },
}

/// What was edited last, and is therefore undone next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastEdited {
    /// The canvas.
    #[default]
    Canvas,
    /// The settings.
    Settings,
}

/// The whole state of the application, read by a front end.
pub struct Studio {
    data: DataState,
    draft: TrainConfig,
    history: History,
    last_edited: LastEdited,
    errors: Vec<FieldError>,
    library: Library,
    sweeps: Sweeps,
    model: Model,
    /// The newest weights of the last run, whether or not they classify the drawing.
    trained: Option<Arc<Classifier>>,
    timeline: Timeline,
    /// The run whose timeline is open instead.
    earlier: Option<Earlier>,
    /// The timelines of earlier runs of this session.
    past: Vec<(RunId, Timeline)>,
    lr_finder: LrFinder,
    inspection: Option<Inspection>,
    /// Whether layer statistics are on.
    watches_layers: bool,
    pad: Pad,
    /// The newest prediction for the drawing, or the error.
    answer: Option<Result<Prediction, String>>,
    notices: Vec<Notice>,
    /// Folder in which runs are saved; `None` saves none.
    workspace: Option<PathBuf>,
    /// Watches the runs there.
    watch: Option<Watch>,
    /// The runs in the trash, as of the last update.
    trash: Vec<RunId>,
    /// Counts the window's random choices, so that each is different.
    n_picks: u64,
    /// Queued configurations.
    queue: VecDeque<TrainConfig>,
    /// Whether the run in training, or trained last, came from the queue.
    is_from_queue: bool,
    compared: Compared,
    background: Background,
}

/// Number of images in MNIST's training set, assumed until the dataset is read.
const MNIST_IMAGES: usize = 60_000;

impl Studio {
    /// Creates a studio that loads MNIST and the runs in `workspace`; `None` saves no runs. `wake`
    /// is called from other threads.
    ///
    /// # Errors
    /// If the system cannot start threads.
    pub fn new(workspace: Option<PathBuf>, wake: Wake) -> std::io::Result<Studio> {
        let mut studio = Studio {
            data: DataState::None,
            draft: TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, MNIST_IMAGES),
            history: History::default(),
            last_edited: LastEdited::default(),
            errors: Vec::new(),
            library: Library::default(),
            sweeps: Sweeps::default(),
            model: Model::None,
            trained: None,
            timeline: Timeline::default(),
            earlier: None,
            past: Vec::new(),
            lr_finder: LrFinder::default(),
            inspection: None,
            watches_layers: false,
            pad: Pad::default(),
            answer: None,
            notices: Vec::new(),
            watch: workspace
                .clone()
                .map(|workspace| Watch::spawn(workspace, wake.clone()))
                .transpose()?,
            workspace,
            trash: Vec::new(),
            n_picks: 0,
            queue: VecDeque::new(),
            is_from_queue: false,
            compared: Compared::default(),
            background: Background::new(wake)?,
        };
        studio.handle(FileAction::UseMnist);
        studio.read_sweeps();
        Ok(studio)
    }

    /// Handles the threads' results, for at most `budget`.
    pub fn pump(&mut self, budget: Duration) {
        let start = Instant::now();
        while start.elapsed() < budget {
            if let Some(message) = self.background.message() {
                self.receive(message);
            } else if let Some(event) = self.background.event() {
                self.library.apply(&event);
                self.follow_run(&event);
                if matches!(event, Event::Finished { .. }) {
                    self.tell_end();
                }
            } else if let Some(news) = self.watch.as_ref().and_then(Watch::news) {
                self.receive_run_news(news);
            } else {
                break;
            }
        }
        if let Some(text) = self.sweeps.pump() {
            self.notify_error(text);
        }
        while let Some(text) = self.background.problem() {
            self.notify_error(text);
        }
        if let Some(weights) = self.background.new_weights() {
            self.trained = Some(weights.clone());
            if matches!(self.model, Model::None | Model::Trained(_)) {
                self.model = Model::Trained(weights);
                self.ask();
            }
        }
        self.background.timeline().read_into(&mut self.timeline);
        self.take_answer();
        self.compared.pump();
        self.train_next();
    }

    fn notify(&mut self, text: String) {
        self.notices.push(Notice {
            is_error: false,
            text,
            deleted: Vec::new(),
        });
    }

    /// Adds a notice about something that went wrong.
    pub fn notify_error(&mut self, text: String) {
        self.notices.push(Notice {
            is_error: true,
            text,
            deleted: Vec::new(),
        });
    }
}
