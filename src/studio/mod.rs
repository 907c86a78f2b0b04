//! The application without a window.
//!
//! Data flows one way: a front end reads [`Studio`] and sends it [`Action`]s; the studio's threads
//! report through channels that [`Studio::pump`] empties.

mod action;
mod canvas;
mod change;
mod classified;
mod compare;
mod data;
mod datasets;
mod deploy;
mod draft;
mod evaluation;
mod explanation;
mod export;
mod file_thread;
mod fixtures;
mod handle;
mod launch;
mod library;
mod live;
mod lr_finder;
mod message;
mod notices;
mod opened_timeline;
mod pad;
mod queue;
mod receive;
mod recent;
mod reopened;
mod session;
mod sketches;
mod sweeps;
mod teach;
mod thread;
mod timeline;
mod timelines;
#[cfg(feature = "mlflow")]
mod tracking;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use action::{
    Action, CanvasAction, DraftAction, FileAction, LibraryAction, LrFinderAction, RunAction,
    TimelineAction,
};
pub use canvas::Model;
pub use classified::{Classified, ClassifiedSource};
pub use compare::{Analysis, Compared, Disagreements, ModelPrediction};
pub use data::DataState;
pub use datasets::{
    ActiveLoop, ActivePoint, Cleaner, DataAction, DatasetLook, Datasets, EditsVerdict, ImportForm,
    LabelIssues, N_FOLDS, NearImages, OddImages, PER_ROUND, Retrainer, SourceAbout, Space,
};
pub use deploy::DeployAction;
#[cfg(feature = "serve")]
pub use deploy::{Offer, Second, ServiceForm, ServiceState, Services, TRAFFIC_SECONDS, Traffic};
pub use draft::Effect;
pub use evaluation::{
    BesideModel, EvaluateAction, Evaluation, Evaluator, Historian, MAX_BESIDE, RunHistory, Saved,
};
pub use explanation::{
    EmbeddingMap, EmbeddingMapper, ExplainAction, ExplainSettings, ExplainView, Explainer,
    Explanation, Follower, FoundImage, InkHint, InkOutcome, InkSearch, LayerMaps, MapMethod,
    MapSettings, MappedImages, NearImage, Neighbors, RobustnessMap, Taught, Teacher, TeacherSearch,
    UnitQuery, UnitSearch,
};
pub use export::Format;
pub use library::{Filter, Run};
pub use lr_finder::LrFinder;
pub use notices::Notice;
pub use pad::{Pad, Stroke};
pub use recent::Recent;
pub use reopened::continue_word;
pub use session::Session;
pub use sketches::{SketchAction, SketchScore, Sketches};
pub use sweeps::{ShownSweep, SweepAction, SweepPhase, Sweeps};
pub use teach::{Lesson, Teach, TeachAction};
pub use thread::Wake;
pub use timeline::Timeline;
#[cfg(feature = "mlflow")]
pub use tracking::{RunTracker, TrackForm, TrackState};

use crate::picture::Pixels;
use crate::train::{Event, Inspection};
use canvas::Canvas;
use draft::Draft;
use file_thread::FileThread;
use library::Library;
use live::LiveRun;
use notices::Notices;
use queue::Queue;
use session::Restoring;
use timelines::Timelines;

/// What was edited last, and is therefore undone next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastEdited {
    /// The canvas.
    #[default]
    Canvas,
    /// The settings.
    Settings,
    /// The labels of the dataset.
    Labels,
    /// The examples of new classes.
    Examples,
}

/// The whole state of the application, read by a front end. Each part changes itself; what concerns
/// several of them is here and in `handle`.
pub struct Studio {
    wake: Wake,
    data: DataState,
    datasets: Datasets,
    #[cfg(feature = "serve")]
    services: deploy::Services,
    #[cfg(feature = "mlflow")]
    tracker: RunTracker,
    draft: Draft,
    last_edited: LastEdited,
    library: Library,
    queue: Queue,
    live: LiveRun,
    timelines: Timelines,
    canvas: Canvas,
    /// Image files with the answer to each.
    classified: Arc<[Classified]>,
    /// A picture for the clipboard, until the front end takes it.
    copied: Option<Pixels>,
    compared: Compared,
    sketches: Sketches,
    teach: Teach,
    sweeps: Sweeps,
    evaluator: Evaluator,
    explainer: Explainer,
    lr_finder: LrFinder,
    inspection: Option<Inspection>,
    notices: Notices,
    files: FileThread,
    recent: Recent,
    restoring: Restoring,
    /// Counts the window's random choices, so that each is different.
    n_picks: u64,
}

impl Studio {
    /// Creates a studio that loads MNIST and the runs in `workspace`; `None` saves no runs. `wake`
    /// is called from other threads.
    ///
    /// # Errors
    /// If the system cannot start threads.
    pub fn new(workspace: Option<PathBuf>, wake: Wake) -> std::io::Result<Studio> {
        Studio::restored(workspace, Session::default(), wake)
    }

    /// Like [`Studio::new`], with the state of an earlier session. What cannot be restored is
    /// reported in a notice.
    ///
    /// # Errors
    /// If the system cannot start threads.
    pub fn restored(
        workspace: Option<PathBuf>,
        session: Session,
        wake: Wake,
    ) -> std::io::Result<Studio> {
        let mut studio = Studio {
            data: DataState::None,
            datasets: Datasets::new(wake.clone())?,
            #[cfg(feature = "serve")]
            services: deploy::Services::new(wake.clone()),
            #[cfg(feature = "mlflow")]
            tracker: RunTracker::new(wake.clone()),
            draft: Draft::default(),
            last_edited: LastEdited::default(),
            library: Library::default(),
            queue: Queue::default(),
            live: LiveRun::new(wake.clone()),
            timelines: Timelines::default(),
            canvas: Canvas::new(wake.clone())?,
            classified: Arc::default(),
            copied: None,
            compared: Compared::default(),
            sketches: Sketches::new(workspace.as_deref(), wake.clone())?,
            teach: Teach::new(workspace.as_deref(), wake.clone())?,
            sweeps: Sweeps::default(),
            evaluator: Evaluator::new(wake.clone())?,
            explainer: Explainer::new(wake.clone())?,
            lr_finder: LrFinder::default(),
            inspection: None,
            notices: Notices::default(),
            files: FileThread::spawn(wake.clone())?,
            recent: Recent::default(),
            restoring: Restoring::default(),
            n_picks: 0,
            wake: wake.clone(),
        };
        if let Some(workspace) = workspace {
            studio.library.open(workspace, wake)?;
        }
        studio.read_sketches();
        studio.read_examples();
        studio.restore(session);
        studio.read_sweeps();
        Ok(studio)
    }

    /// Handles the threads' results, for at most `budget`.
    pub fn pump(&mut self, budget: Duration) {
        let start = Instant::now();
        while start.elapsed() < budget {
            if let Some(message) = self.files.message() {
                self.receive(message);
            } else if let Some(event) = self.live.event() {
                self.library.apply(&event);
                self.follow_run(&event);
                if matches!(event, Event::Finished { .. }) {
                    self.report_end();
                }
            } else if let Some(news) = self.library.workspace.news() {
                self.receive_run_news(news);
            } else {
                break;
            }
        }
        for text in self.sweeps.pump() {
            self.notices.error(text);
        }
        while let Some(text) = self.live.problem() {
            self.notices.error(text);
        }
        if let Some(weights) = self.live.new_weights()
            && self.canvas.update_trained(weights)
        {
            self.ask();
        }
        self.timelines.update(self.live.timeline());
        self.canvas.take_answer();
        self.compared.pump();
        self.pump_datasets();
        #[cfg(feature = "serve")]
        self.exchange_served();
        #[cfg(feature = "mlflow")]
        self.track_run();
        self.pump_sketches();
        self.pump_teach();
        self.pump_evaluator();
        self.pump_explainer();
        self.train_next();
    }

    /// Takes the picture that was drawn for the clipboard.
    pub fn take_copied(&mut self) -> Option<Pixels> {
        self.copied.take()
    }

    /// Adds a notice about something that went wrong.
    pub fn notify_error(&mut self, text: String) {
        self.notices.error(text);
    }
}
