//! From intentions to deeds: the one place where a front end changes the studio.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rand::RngCore;

use super::background::{Message, Origin};
use super::{Action, DataState, Model, RateFinder, Studio, Touched};
use crate::data::{Dataset, GreyImage, read_image_bytes, read_image_file};
use crate::model::{Classifier, preset};
use crate::picture::{self, Curve, CurvesView, Picture, diagram};
use crate::random::{Stream, rng};
use crate::runs::RunId;
use crate::train::{Control, FieldError, Job, TrainConfig, live_changes};

/// Why a run was not started.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is no data yet, or another run is live.
    NotNow,
    /// The configuration does not fit the data.
    Wrong(Vec<FieldError>),
    /// The system gives no thread.
    NoThread(String),
}

/// Width of a saved drawing, in points.
const DIAGRAM_WIDTH: f32 = 440.0;

/// Width and height of saved curves, in points.
const CURVES_SIZE: [f32; 2] = [1000.0, 700.0];

impl Studio {
    /// Does what a person wants, or adds a notice that says why not. Never blocks on files,
    /// training or prediction: those happen elsewhere.
    pub fn handle(&mut self, action: Action) {
        match action {
            Action::SetDraft(draft) => self.set_draft(*draft),
            Action::UndoEdit => self.undo_edit(),
            Action::RedoEdit => self.redo_edit(),
            Action::ChoosePreset(name) => self.choose_preset(name),
            Action::NewSeed => self.new_seed(),
            Action::Train => self.train(Control::default()),
            Action::Pause => self.steer(Control::pause),
            Action::Resume => self.steer(Control::resume),
            Action::Step => self.step(),
            Action::Stop => {
                // Whoever stops does not want the next one to start by itself.
                self.clear_queue();
                self.steer(Control::stop);
            }
            Action::TakeRemedy(remedy) => self.take_remedy(remedy),
            Action::Continue(id, n_more) => self.continue_run(&id, n_more),
            Action::Branch => self.branch(),
            Action::OpenTimeline(id) => self.open_timeline(&id),
            Action::CloseTimeline => self.close_timeline(),
            Action::Inspect => self.inspect(),
            Action::WatchLayers(is_on) => self.watch_layers(is_on),
            Action::CloseInspection => self.inspection = None,
            Action::FindRate => self.find_rate(),
            Action::AdoptRate(rate) => self.adopt_rate(rate),
            Action::CloseRateFinder => self.rate_finder = RateFinder::Closed,
            Action::ShowStep(step) => self.show_step(step),
            Action::ShowNextSnapshot => self.move_along_timeline(true),
            Action::ShowPreviousSnapshot => self.move_along_timeline(false),
            Action::SetTimelineBudget(bytes) => self.background.timeline().set_budget(bytes),
            Action::ShowRun(id, is_visible) => {
                self.library.show(&id, is_visible, self.watch.as_ref());
            }
            Action::SetFilter(text) => self.library.set_filter(text),
            Action::Select(ids) => self.library.select(ids),
            Action::UseSettings(id) => self.use_settings(&id),
            Action::Ask(question) => self.compare(question),
            Action::QueueRuns(configs) => self.enqueue(configs),
            Action::ClearQueue => self.clear_queue(),
            Action::ExportRuns(format, path) => self.export(format, path),
            Action::TestImage(idx) => self.test_image(idx),
            Action::OpenData(dir) => self.open_data(dir),
            Action::UseMnist => self.use_mnist(),
            Action::SaveModel(path) => self.save_model(path),
            Action::SaveDiagram(path) => self.save_diagram(path),
            Action::SaveCurves(path, view) => self.save_curves(path, &view),
            Action::OpenModel(path) => self.open_model(path),
            Action::UseTrainedModel => self.use_trained_model(),
            Action::OpenImage(path) => self.open_picture(path.display().to_string(), move || {
                read_image_file(&path).map_err(|e| e.to_string())
            }),
            Action::OpenImageBytes(bytes, origin) => self.open_picture(origin.clone(), move || {
                read_image_bytes(&bytes, &origin).map_err(|e| e.to_string())
            }),
            Action::RandomTestImage => self.random_test_image(),
            Action::Sweep(action) => self.handle_sweep(action),
            Action::DismissNotice(idx) => {
                if idx < self.notices.len() {
                    self.notices.remove(idx);
                }
            }
            Action::SetBaseline(_)
            | Action::SetNotes(..)
            | Action::DeleteRuns(_)
            | Action::RestoreRuns(_)
            | Action::EmptyTrash
            | Action::LookIntoTrash
            | Action::OpenWorkspace(_) => self.handle_shelf(action),
            canvas => {
                self.handle_canvas(canvas);
                self.ask();
            }
        }
    }

    fn handle_canvas(&mut self, action: Action) {
        if action.is_canvas_edit() {
            self.touched = Touched::Canvas;
        }
        match action {
            Action::BeginStroke(stroke) => self.pad.begin(stroke),
            Action::ExtendStroke(points) => self.pad.extend(&points),
            Action::EndStroke => self.pad.end(),
            Action::UndoStroke => self.pad.undo(),
            Action::RedoStroke => self.pad.redo(),
            Action::ClearCanvas => self.pad.clear(),
            Action::SetBrush(width) => self.pad.set_brush(width),
            Action::PasteImage(image) => self.pad.paste(image, None),
            _ => {}
        }
    }

    pub(super) fn set_draft(&mut self, mut draft: TrainConfig) {
        draft.rename_preset();
        self.history.record(&self.draft, &draft, Instant::now());
        self.replace_draft(draft);
    }

    fn undo_edit(&mut self) {
        if let Some(draft) = self.history.undo(&self.draft) {
            self.replace_draft(draft);
        }
    }

    fn redo_edit(&mut self) {
        if let Some(draft) = self.history.redo(&self.draft) {
            self.replace_draft(draft);
        }
    }

    fn replace_draft(&mut self, draft: TrainConfig) {
        self.draft = draft;
        self.touched = Touched::Settings;
        self.check_draft();
        // A run of the queue is there to be compared: it keeps the settings it was queued with.
        if self.is_from_queue {
            return;
        }
        if let (Some(run), Some(trainer)) = (self.live_run(), self.background.trainer()) {
            // The loop leaves out what would be wrong, and the panel shows why.
            for change in live_changes(&run.config, &self.draft) {
                trainer.control().change(change);
            }
        }
    }

    fn choose_preset(&mut self, name: &'static str) {
        if let Some(preset) = preset(name) {
            let model = &self.draft.model;
            let mut draft = TrainConfig::new(preset, model.input, model.classes, 0);
            // The recipe is the preset's; what makes runs comparable stays.
            draft.seed = self.draft.seed;
            draft.n_validation = self.draft.n_validation;
            self.set_draft(draft);
        }
    }

    fn new_seed(&mut self) {
        let mut draft = self.draft.clone();
        // Short enough to be read out to a neighbour.
        draft.seed = self.pick() % 1_000_000;
        self.set_draft(draft);
    }

    /// Starts a run with the settings of the panel, unless there is no data, something is wrong or
    /// another one is live.
    fn train(&mut self, control: Control) {
        match self.begin(self.draft.clone(), control) {
            Ok(()) => self.is_from_queue = false,
            Err(Refusal::Wrong(errors)) => self.errors = errors,
            Err(Refusal::NotNow) => {}
            Err(Refusal::NoThread(text)) => self.complain(text),
        }
    }

    /// Starts a run with `config`.
    pub(super) fn begin(&mut self, config: TrainConfig, control: Control) -> Result<(), Refusal> {
        let Some(dataset) = self.dataset().cloned() else {
            return Err(Refusal::NotNow);
        };
        if self.live_run().is_some() {
            return Err(Refusal::NotNow);
        }
        let job = Job::new(config.clone(), dataset).map_err(Refusal::Wrong)?;
        self.launch(
            Studio::watched(job),
            config,
            control,
            Origin::default(),
            None,
        )
    }

    fn step(&mut self) {
        if self.live_run().is_some() {
            self.steer(Control::step);
        } else {
            // Told before the run begins, so that it cannot run ahead.
            let control = Control::default();
            control.step();
            self.train(control);
        }
    }

    fn steer(&self, command: fn(&Control)) {
        if let Some(trainer) = self.background.trainer() {
            command(trainer.control());
        }
    }

    fn use_settings(&mut self, id: &RunId) {
        if let Some(run) = self.run(id) {
            self.set_draft(run.state.config.clone());
        }
    }

    fn use_mnist(&mut self) {
        self.load_data("MNIST".to_owned(), || {
            Dataset::mnist().map_err(|e| e.to_string())
        });
    }

    fn open_data(&mut self, dir: PathBuf) {
        let name = dir.display().to_string();
        self.load_data(name, move || {
            Dataset::open_folder(&dir).map_err(|e| e.to_string())
        });
    }

    fn load_data(
        &mut self,
        name: String,
        read: impl FnOnce() -> Result<Dataset, String> + Send + 'static,
    ) {
        let before = match std::mem::replace(&mut self.data, DataState::None) {
            DataState::Ready(dataset) => Some(dataset),
            DataState::Loading { before, .. } => before,
            DataState::None => None,
        };
        let activity = format!("reading {name}");
        self.data = DataState::Loading { name, before };
        self.background.run(activity, || Message::Data(read()));
    }

    fn save_model(&mut self, path: PathBuf) {
        let Some(classifier) = self.classifier().cloned() else {
            self.complain("there is no model to save yet: train one first".to_owned());
            return;
        };
        self.background
            .run(format!("saving {}", path.display()), move || {
                let result = classifier.save(&path).map_err(|e| format!("{e:#}"));
                Message::Saved(path, result)
            });
    }

    fn save_diagram(&mut self, path: PathBuf) {
        // In the colours of paper, which is where it goes.
        let drawn = diagram(&self.draft.model, DIAGRAM_WIDTH, &picture::LIGHT);
        self.save_picture(path, drawn.picture);
    }

    fn save_curves(&mut self, path: PathBuf, view: &CurvesView) {
        let visible = self.runs().iter().filter(|run| run.is_visible);
        let curves: Vec<Curve<'_>> = visible
            .map(|run| Curve {
                record: &run.record,
                run: &run.state,
            })
            .collect();
        let baseline = self.baseline().map(|run| &run.state);
        let baseline = baseline.filter(|state| !state.points.is_empty());
        let drawn = picture::curves(&curves, baseline, view, CURVES_SIZE, &picture::LIGHT);
        self.save_picture(path, drawn);
    }

    fn save_picture(&mut self, path: PathBuf, picture: Picture) {
        self.background
            .run(format!("saving {}", path.display()), move || {
                let result = picture.write(&path).map_err(|e| e.to_string());
                Message::Saved(path, result)
            });
    }

    fn open_model(&mut self, path: PathBuf) {
        self.background
            .run(format!("opening {}", path.display()), move || {
                let result = Classifier::load(&path).map_err(|e| e.to_string());
                Message::Opened(path, result)
            });
    }

    pub(super) fn use_trained_model(&mut self) {
        self.model = self.trained.clone().map_or(Model::None, Model::Trained);
        self.prediction = None;
        self.ask();
    }

    fn open_picture(
        &mut self,
        origin: String,
        read: impl FnOnce() -> Result<GreyImage, String> + Send + 'static,
    ) {
        self.background
            .run(format!("opening {origin}"), || Message::Picture(read()));
    }

    fn random_test_image(&mut self) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let idx = (self.pick() % dataset.test.len() as u64) as usize;
        self.test_image(idx);
    }

    /// Puts a test image on the canvas, with its true label.
    fn test_image(&mut self, idx: usize) {
        let Some(dataset) = self.dataset().map(Arc::clone) else {
            return;
        };
        let test = &dataset.test;
        if idx >= test.len() {
            return;
        }
        let [_, height, width] = test.shape();
        let grey = GreyImage {
            width,
            height,
            pixels: test.grey(idx),
        };
        self.touched = Touched::Canvas;
        self.pad.paste(grey, Some(test.labels()[idx]));
        self.ask();
    }

    /// A number that is another one each time, for choices that are no part of a run.
    fn pick(&mut self) -> u64 {
        self.n_picks += 1;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        rng(now, Stream::Pick, self.n_picks, 0).next_u64()
    }
}
