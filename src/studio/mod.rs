//! The app without a window.
//!
//! Data flows one way: a front end reads [`Studio`], and hands it [`Action`]s; threads of the
//! studio answer through channels that [`Studio::pump`] empties.

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

pub use action::{Action, Effect};
pub use compare::{Analysis, Compared, Disagreements, Format, ModelPrediction};
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

/// The images to learn from.
#[derive(Clone, Debug)]
pub enum DataState {
    /// None, because none could be read.
    None,
    /// Being read in the background.
    Loading {
        /// What is being read.
        name: String,
        /// What was there before, to go back to when this cannot be read.
        before: Option<Arc<Dataset>>,
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
    /// The network as it was after an earlier update of the run whose timeline is shown.
    Snapshot {
        /// That update.
        step: u64,
        /// The network.
        classifier: Arc<Classifier>,
    },
    /// A network from a file.
    Opened {
        /// Where it came from.
        path: PathBuf,
        /// The network.
        classifier: Arc<Classifier>,
    },
}

/// What was changed last, and so what an undo without further words means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastEdited {
    /// The canvas.
    #[default]
    Canvas,
    /// The settings.
    Settings,
}

/// The whole state of the app, to be read by a front end.
pub struct Studio {
    data: DataState,
    draft: TrainConfig,
    history: History,
    last_edited: LastEdited,
    errors: Vec<FieldError>,
    library: Library,
    sweeps: Sweeps,
    model: Model,
    /// The newest weights of the last run, whether or not the canvas asks them.
    trained: Option<Arc<Classifier>>,
    timeline: Timeline,
    /// A run whose timeline is looked at instead.
    earlier: Option<Earlier>,
    /// The timelines of earlier runs of this session.
    past: Vec<(RunId, Timeline)>,
    lr_finder: LrFinder,
    inspection: Option<Inspection>,
    /// Whether the layers are measured while training.
    watches_layers: bool,
    pad: Pad,
    /// The newest answer to what is on the canvas, or why there is none.
    answer: Option<Result<Prediction, String>>,
    notices: Vec<Notice>,
    /// Folder in which runs are kept; `None` keeps none.
    workspace: Option<PathBuf>,
    /// Looks at the runs there.
    watch: Option<Watch>,
    /// The runs in the trash, as of the last look.
    trash: Vec<RunId>,
    /// Counts the random choices of the window, so that each is another one.
    n_picks: u64,
    /// Configurations that wait to be trained.
    queue: VecDeque<TrainConfig>,
    /// Whether the run that trains, or trained last, came from the queue.
    is_from_queue: bool,
    compared: Compared,
    background: Background,
}

/// Number of images in MNIST's training set, assumed until the data is read.
const MNIST_IMAGES: usize = 60_000;

impl Studio {
    /// A studio that is loading MNIST and the runs kept in `workspace`; without one, it keeps no
    /// runs. `wake` is called from other threads.
    ///
    /// # Errors
    /// When the system gives no threads.
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
        studio.handle(Action::UseMnist);
        studio.read_sweeps();
        Ok(studio)
    }

    /// Takes in what the threads have told, for at most `budget`.
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
        });
    }

    /// Adds a notice about something that went wrong.
    pub fn notify_error(&mut self, text: String) {
        self.notices.push(Notice {
            is_error: true,
            text,
        });
    }
}
