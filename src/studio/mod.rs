//! The app without a window.
//!
//! Data flows one way: a front end reads [`Studio`], and hands it [`Action`]s; threads of the
//! studio answer through channels that [`Studio::pump`] empties.

mod action;
mod again;
mod background;
mod compare;
mod handle;
mod history;
mod library;
mod live;
mod look;
mod pad;
mod rates;
mod shelf;
mod steer;
mod sweeps;
mod timeline;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use action::{Action, Effect};
pub use again::continue_word;
pub use compare::{Compared, Format, Opinion, Parted, Question};
pub use library::{Filter, Run};
pub use pad::{Pad, Stroke};
pub use rates::RateFinder;
pub use sweeps::{ShownSweep, SweepAction, SweepPhase, Sweeps};
pub use timeline::Timeline;

use crate::data::Dataset;
use crate::model::{Classifier, Layer, PRESETS};
use crate::predict::{Prediction, Request};
use crate::runs::{RunId, RunState, Status, Watch, WatchNews};
use crate::train::{
    Checkpoint, Event, Field, FieldError, Finish, Inspection, Setting, TrainConfig,
};
use background::{Background, Message};
use history::History;
use library::Library;
use sweeps::Surroundings;

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
    /// The network as it was after an earlier update of the newest run.
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
pub enum Touched {
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
    touched: Touched,
    errors: Vec<FieldError>,
    library: Library,
    sweeps: Sweeps,
    model: Model,
    /// The newest weights of the last run, whether or not the canvas asks them.
    trained: Option<Arc<Classifier>>,
    timeline: Timeline,
    rate_finder: RateFinder,
    inspection: Option<Inspection>,
    /// Whether the layers are measured while training.
    watches_layers: bool,
    pad: Pad,
    prediction: Option<Prediction>,
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
            touched: Touched::default(),
            errors: Vec::new(),
            library: Library::default(),
            sweeps: Sweeps::default(),
            model: Model::None,
            trained: None,
            timeline: Timeline::default(),
            rate_finder: RateFinder::default(),
            inspection: None,
            watches_layers: false,
            pad: Pad::default(),
            prediction: None,
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

    /// Shows `runs` as if they had happened here, and lets the canvas ask `model`: for pictures of
    /// the window that are the same every time.
    #[must_use]
    pub fn with_history(mut self, runs: Vec<RunState>, model: Classifier) -> Studio {
        for state in runs {
            let color = self.library.next_color();
            self.library.begin(RunId::new(&state.name), color, state);
        }
        let model = Arc::new(model);
        self.trained = Some(model.clone());
        self.model = Model::Trained(model);
        self
    }

    /// Puts `states` on the timeline: for pictures of the window, too.
    #[must_use]
    pub fn with_timeline(mut self, states: &[Arc<Checkpoint>]) -> Studio {
        let timeline = self.background.timeline();
        states.iter().for_each(|state| timeline.push(state));
        timeline.read_into(&mut self.timeline);
        self
    }

    /// Takes in what the threads have told, for at most `budget`.
    pub fn pump(&mut self, budget: Duration) {
        let start = Instant::now();
        while start.elapsed() < budget {
            if let Some(message) = self.background.message() {
                self.hear(message);
            } else if let Some(event) = self.background.event() {
                self.library.happen(&event);
                self.follow_run(&event);
                if matches!(event, Event::Finished { .. }) {
                    self.tell_end();
                }
            } else if let Some(news) = self.watch.as_ref().and_then(Watch::news) {
                self.hear_of_runs(news);
            } else {
                break;
            }
        }
        if let Some(text) = self.sweeps.pump() {
            self.complain(text);
        }
        while let Some(text) = self.background.trouble() {
            self.complain(text);
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

    /// The images to learn from.
    pub fn data(&self) -> &DataState {
        &self.data
    }

    /// The data, once it is there.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        match &self.data {
            DataState::Ready(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// The settings as they stand in the panel; they may be wrong.
    pub fn draft(&self) -> &TrainConfig {
        &self.draft
    }

    /// What was changed last.
    pub fn touched(&self) -> Touched {
        self.touched
    }

    /// Whether an edit of the settings can be taken back.
    pub fn can_undo_edit(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether an edit of the settings can be put back.
    pub fn can_redo_edit(&self) -> bool {
        self.history.can_redo()
    }

    /// Everything that is wrong with the settings. Empty means that a run can start.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What there is to say about `field`.
    pub fn error_at(&self, field: Field) -> Option<&FieldError> {
        self.errors.iter().find(|e| e.field == field)
    }

    /// Whether a run can start: the data is there, the settings are right, and none is live.
    pub fn can_train(&self) -> bool {
        self.dataset().is_some() && self.errors.is_empty() && self.live_run().is_none()
    }

    /// When a change of `field` would take effect.
    pub fn effect_of(&self, field: Field) -> Effect {
        let is_live_setting = match field {
            Field::LearningRate
            | Field::WeightDecay
            | Field::BatchSize
            | Field::Epochs
            | Field::Schedule
            | Field::WarmUp
            | Field::L1
            | Field::Augment(_) => true,
            // A rate belongs to its layer; the other layers are another network.
            Field::Layer(idx) => {
                matches!(
                    self.draft.model.layers.get(idx),
                    Some(Layer::Dropout { .. })
                ) && self
                    .live_run()
                    .is_some_and(|r| Setting::Dropout.can_change(&r.config, &self.draft))
            }
            // Momentum means different things to different optimisers.
            Field::Momentum | Field::Beta1 => self
                .live_run()
                .is_some_and(|r| r.config.optimizer.name() == self.draft.optimizer.name()),
            _ => false,
        };
        if is_live_setting && self.live_run().is_some() && !self.is_from_queue {
            Effect::Now
        } else {
            Effect::NextRun
        }
    }

    /// The runs in the workspace, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.library.runs
    }

    /// The run this studio trains, or trained last.
    pub fn own_run(&self) -> Option<&Run> {
        self.library.own()
    }

    /// The run known by `id`.
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.library.get(id)
    }

    /// Which runs are looked for, in every view of them.
    pub fn filter(&self) -> &Filter {
        self.library.filter()
    }

    /// The runs that are looked for, oldest first.
    pub fn filtered_runs(&self) -> impl Iterator<Item = &Run> {
        self.library.filtered()
    }

    /// Another number whenever something about the runs, or about which are looked for, has
    /// changed: what was made of them has to be made again.
    pub fn runs_version(&self) -> u64 {
        self.library.version
    }

    /// Whether the runs of the workspace are still being read for the first time.
    pub fn is_reading_runs(&self) -> bool {
        self.watch.is_some() && !self.library.is_listed
    }

    /// Folder in which runs are kept; `None` keeps none.
    pub fn workspace(&self) -> Option<&Path> {
        self.workspace.as_deref()
    }

    /// The run that others are compared with, if one was chosen.
    pub fn baseline(&self) -> Option<&Run> {
        self.library.get(self.library.baseline.as_ref()?)
    }

    /// Whether the run is picked, in every view of runs.
    pub fn is_selected(&self, id: &RunId) -> bool {
        self.library.selection.contains(id)
    }

    /// The runs that are picked, by what they are known by.
    pub fn selection(&self) -> &BTreeSet<RunId> {
        &self.library.selection
    }

    /// The runs that are picked, oldest first, whether or not the filter lets them through.
    pub fn selected_runs(&self) -> impl Iterator<Item = &Run> {
        self.runs().iter().filter(|run| self.is_selected(&run.id))
    }

    /// The run that is training or waiting, if there is one.
    pub fn live_run(&self) -> Option<&RunState> {
        let own = self.library.own().map(|run| &run.state);
        own.filter(|state| state.is_live())
    }

    /// The sweeps.
    pub fn sweeps(&self) -> &Sweeps {
        &self.sweeps
    }

    /// Shows `sweep` as if it had happened here: for pictures that are the same every time.
    #[must_use]
    pub fn with_sweep(mut self, sweep: ShownSweep) -> Studio {
        self.sweeps.show(sweep);
        self
    }

    /// What that run is known by.
    pub fn live_run_id(&self) -> Option<&RunId> {
        let own = self.library.own().filter(|run| run.state.is_live());
        own.map(|run| &run.id)
    }

    /// What the canvas asks.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The network the canvas asks, from wherever it came.
    pub fn classifier(&self) -> Option<&Arc<Classifier>> {
        match &self.model {
            Model::None => None,
            Model::Trained(classifier)
            | Model::Snapshot { classifier, .. }
            | Model::Opened { classifier, .. } => Some(classifier),
        }
    }

    /// Whether there is a trained network to go back to from an opened one.
    pub fn has_trained_model(&self) -> bool {
        self.trained.is_some()
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

    /// What is going on elsewhere, such as `saving digits.safetensors`; for the status line.
    pub fn activities(&self) -> &[String] {
        &self.background.activities
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Data(Ok(dataset)) => self.use_data(Arc::new(dataset)),
            Message::Data(Err(text)) => {
                self.complain(text);
                self.data = match std::mem::replace(&mut self.data, DataState::None) {
                    DataState::Loading {
                        before: Some(dataset),
                        ..
                    } => DataState::Ready(dataset),
                    other => other,
                };
            }
            Message::Opened(path, Ok(classifier)) => {
                self.inform(format!("opened {}", path.display()));
                let classifier = Arc::new(classifier);
                self.model = Model::Opened { path, classifier };
                self.ask();
            }
            Message::Rates(found) => self.hear_rates(found),
            Message::Inspected(Ok(inspection)) => self.inspection = Some(*inspection),
            Message::Reopened(Ok(reopened)) => self.go_on_with(*reopened),
            Message::Inspected(Err(text))
            | Message::Reopened(Err(text))
            | Message::Opened(_, Err(text))
            | Message::Saved(_, Err(text))
            | Message::Picture(Err(text)) => {
                self.complain(text);
            }
            Message::Sweeps(kept, problems) => {
                self.sweeps.add_kept(kept);
                problems.into_iter().for_each(|text| self.complain(text));
            }
            Message::Saved(path, Ok(())) => self.inform(format!("saved {}", path.display())),
            Message::Tidied(result) => self.hear_tidied(result),
            Message::Trash(changed, trash) => self.hear_trash(changed, trash),
            Message::Picture(Ok(image)) => {
                self.touched = Touched::Canvas;
                self.pad.paste(image, None);
                self.ask();
            }
        }
    }

    /// Says how the run of this studio ended, where that is not plain from the curves.
    fn tell_end(&mut self) {
        let own = self.library.own().map(|run| &run.state.status);
        let Some(Status::Finished(finish)) = own else {
            return;
        };
        match finish.clone() {
            Finish::Completed | Finish::EarlyStopped | Finish::Stopped => {}
            Finish::Diverged { step } => self.complain(format!(
                "training diverged at step {step}: the loss is no longer a number. The last finite \
                 weights are kept; try a smaller learning rate"
            )),
            Finish::Failed { message } => self.complain(message),
        }
    }

    fn hear_of_runs(&mut self, news: WatchNews) {
        if let Some(watch) = &self.watch
            && let Some(trouble) = self.library.hear(news, watch)
        {
            self.complain(trouble);
        }
    }

    fn read_sweeps(&mut self) {
        let Some(workspace) = self.workspace.clone() else {
            return;
        };
        self.background
            .run("reading earlier sweeps".to_owned(), move || {
                let (kept, problems) = sweeps::read_kept(&workspace);
                Message::Sweeps(kept, problems)
            });
    }

    /// What the sweeps may see of everything else, beside the sweeps.
    fn with_sweeps<R>(&mut self, work: impl FnOnce(&mut Sweeps, &Surroundings<'_>) -> R) -> R {
        let around = Surroundings {
            base: &self.draft,
            dataset: match &self.data {
                DataState::Ready(dataset) => Some(dataset),
                _ => None,
            },
            workspace: self.workspace.as_deref(),
            wake: self.background.wake(),
        };
        work(&mut self.sweeps, &around)
    }

    fn handle_sweep(&mut self, action: SweepAction) {
        let done = self.with_sweeps(|sweeps, around| sweeps.handle(action, around));
        if let Err(text) = done {
            self.complain(text);
        }
    }

    fn use_data(&mut self, dataset: Arc<Dataset>) {
        let model = &self.draft.model;
        if model.input != dataset.image_shape() || model.classes != dataset.n_classes() {
            let preset = crate::model::preset(&self.draft.preset).unwrap_or(&PRESETS[0]);
            self.draft.model = preset.spec(dataset.image_shape(), dataset.n_classes());
            self.draft.rename_preset();
            // Settings for other images are nothing to go back to.
            self.history = History::default();
        }
        if self.draft.n_validation >= dataset.train.len() {
            self.draft.n_validation = TrainConfig::usual_validation(dataset.train.len());
        }
        self.data = DataState::Ready(dataset);
        self.check_draft();
    }

    fn check_draft(&mut self) {
        let (input, classes, n_images) = match &self.data {
            DataState::Ready(d) => (d.image_shape(), d.n_classes(), d.train.len()),
            // Judged by itself until the data is there.
            _ => (
                self.draft.model.input,
                self.draft.model.classes,
                MNIST_IMAGES,
            ),
        };
        self.errors = self.draft.check(input, classes, n_images);
        self.with_sweeps(|sweeps, around| sweeps.check(around));
    }

    /// Asks the model about the canvas; an empty canvas or no model has no answer.
    fn ask(&mut self) {
        self.ask_opinions();
        let Some(classifier) = self.classifier().cloned() else {
            return;
        };
        if self.pad.is_empty() {
            self.prediction = None;
            return;
        }
        if let Some(predictor) = &self.background.predictor {
            predictor.ask(Request {
                version: self.pad.version(),
                sketch: self.pad.image().clone(),
                classifier,
            });
        }
    }

    fn take_answer(&mut self) {
        let answer = self
            .background
            .predictor
            .as_ref()
            .and_then(|p| p.take_answer());
        match answer.map(|a| a.prediction) {
            // An answer to an older sketch is still the newest there is, unless the canvas was
            // emptied meanwhile.
            Some(Ok(prediction)) if !self.pad.is_empty() => self.prediction = prediction,
            Some(Err(text)) => self.complain(text),
            _ => {}
        }
    }

    fn inform(&mut self, text: String) {
        self.notices.push(Notice {
            is_error: false,
            text,
        });
    }

    /// Tells a person of something that went wrong outside.
    pub fn warn(&mut self, text: String) {
        self.complain(text);
    }

    fn complain(&mut self, text: String) {
        self.notices.push(Notice {
            is_error: true,
            text,
        });
    }
}
